"""Parts of a model's bundle that other stages store: the settings of its run and the hash of its dataset."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong import data, experiments
from vong.errors import NotFound, VongError
from vong.records import DatasetVersion
from vong.registry.bundle import BundleSources


def find_sources(connection: Connection, run: UUID | None, dataset: str | None) -> BundleSources:
    """Return the settings of a run and the hash of a dataset, as far as they exist."""
    found = find_dataset(connection, dataset)
    settings: dict[str, Any] | None = None
    if run:
        try:
            settings = experiments.get_run(connection, run).settings
        except NotFound:
            settings = None
    return {"settings": settings, "dataset_hash": found.hash if found else None}


def find_dataset(connection: Connection, ref: str | None) -> DatasetVersion | None:
    """Return a dataset version, or None if there is none."""
    try:
        return data.find(connection, ref) if ref else None
    except VongError:
        return None
