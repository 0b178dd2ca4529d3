"""Deletion of pipelines that are no longer used."""

from sqlalchemy import Connection

from vong.pipelines import versions


def delete_pipeline(connection: Connection, name: str) -> None:
    """Delete a pipeline with all versions and labels. Its runs are kept.

    Raises: NotFound if there is no such pipeline.
    """
    versions.delete_pipeline(connection, name)
