"""Immutable version of a dataset."""

from datetime import datetime
from typing import Any

from vong.records.record import Record


class Operation(Record):
    """Operation that created a dataset version from its parents: name, settings and number of changes by type."""

    name: str
    settings: dict[str, Any] = {}
    changes: dict[str, int] = {}


class DatasetVersion(Record):
    """Named, immutable list of examples. `hash` is the sha256 over the hashes of its rows, in order."""

    name: str
    hash: str
    number: int
    rows: int
    blob: str
    parents: tuple[str, ...] = ()
    operation: Operation
    splits: dict[str, int] = {}
    created_at: datetime

    @property
    def ref(self) -> str:
        """Return the reference of the version: `tickets@1f0c9a27b4de`."""
        return f"{self.name}@{self.hash[:12]}"
