"""Editing by hand: single rows changed or taken out, as a new version. All other rows are copied as they are."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import PositiveInt
from sqlalchemy import Connection

from vong.data.versions import read_lines, write
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, Operation, Record
from vong.store.blobs import Blobs


class RowEdit(Record):
    """What becomes of the row with this number: the row that takes its place, or null where it goes."""

    number: PositiveInt
    example: Example | None = None


def edit(connection: Connection, blobs: Blobs, version: DatasetVersion, edits: Sequence[RowEdit]) -> DatasetVersion:
    """The next version of the dataset: that version with these rows changed. Edits that change nothing give the version
    itself. InvalidInput for a row that the version lacks or that is edited twice.
    """
    wanted = {one.number: one.example for one in edits}
    if not edits:
        raise InvalidInput("there is nothing to edit", "name at least one row")
    if len(wanted) < len(edits):
        raise InvalidInput("a row is edited twice", "send one edit a row")
    if max(wanted) > version.rows:
        raise InvalidInput(f"{version.ref} has no row {max(wanted)}", f"its rows are 1 to {version.rows}")
    removed = sum(example is None for example in wanted.values())
    operation = Operation(
        name="edit",
        settings={"rows": sorted(wanted)},
        changes={"edited": len(wanted) - removed, "removed": removed},
    )
    return write(connection, blobs, version.name, _edited(blobs, version, wanted), operation, (version.ref,))


def _edited(blobs: Blobs, version: DatasetVersion, wanted: Mapping[int, Example | None]) -> Iterator[Example | bytes]:
    """The rows in order: the edited ones as they shall be, the others as the bytes that they are kept in."""
    for number, line in enumerate(read_lines(blobs, version), 1):
        row = wanted.get(number, line)
        if row is not None:
            yield row
