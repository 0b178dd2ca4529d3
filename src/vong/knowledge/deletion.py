"""Deletion of a knowledge base with everything that belongs to it."""

from sqlalchemy import Connection, delete

from vong.knowledge.documents import check_base_exists
from vong.knowledge.tables import bases
from vong.store.schema import metadata


def delete_base(connection: Connection, name: str) -> None:
    """Delete a base with its documents, indexes, sources, questions, evaluations and vector store.

    The uploaded bytes stay in the blob store. Traces keep the answers that were given from the base.

    Raises: NotFound if the project has no base of that name.
    """
    check_base_exists(connection, name)
    for table in reversed(metadata.sorted_tables):
        if table.name.startswith("knowledge_") and "base" in table.c:
            connection.execute(delete(table).where(table.c.base == name))
    connection.execute(delete(bases).where(bases.c.name == name))
