"""Rows of a dataset version, and their edits."""

from pydantic import PositiveInt

from vong.records.example import Example
from vong.records.record import Record


class DatasetRow(Record):
    """One row of a version. `number` starts at 1; `hash` is the hash of the Example."""

    number: int
    hash: str
    example: Example


class RowEdit(Record):
    """Edit of one row: the new row, or null to remove it."""

    number: PositiveInt
    example: Example | None = None
