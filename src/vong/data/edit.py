"""Editing by hand: single rows changed or taken out, as a new version. All other rows are copied as they are."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import PositiveInt
from sqlalchemy import Connection

from vong.data.clean import CleaningChange
from vong.data.report_store import put_changes
from vong.data.versions import alone, find, read_lines, write
from vong.errors import Conflict, InvalidInput
from vong.records import DatasetVersion, Example, Operation, Record
from vong.store.blobs import BlobStore


class RowEdit(Record):
    """What becomes of the row with this number: the row that takes its place, or null where it goes."""

    number: PositiveInt
    example: Example | None = None


def edit(connection: Connection, blobs: BlobStore, version: DatasetVersion, edits: Sequence[RowEdit]) -> DatasetVersion:
    """The next version of the dataset: that version with these rows changed; each change is listed. Edits that change
    nothing give the version itself. InvalidInput for a row that the version lacks or that is edited twice; Conflict
    where the version is not the newest any more, so that nobody's edit undoes another's.
    """
    wanted = {one.number: one.example for one in edits}
    if not edits:
        raise InvalidInput("there is nothing to edit", "name at least one row")
    if len(wanted) < len(edits):
        raise InvalidInput("a row is edited twice", "send one edit a row")
    if max(wanted) > version.rows:
        raise InvalidInput(f"{version.ref} has no row {max(wanted)}", f"its rows are 1 to {version.rows}")
    alone(connection, version.name)
    newest = find(connection, version.name)
    if newest.hash != version.hash:
        raise Conflict(
            f"{version.ref} (number {version.number}) is not the newest version of {version.name!r} any more: "
            f"that is {newest.ref} (number {newest.number})",
            f"look at what changed, then edit that one: vong data diff {version.ref} {newest.ref}",
        )
    removed = sum(example is None for example in wanted.values())
    changes: list[CleaningChange] = []

    def operation() -> Operation:
        return Operation(
            name="edit",
            settings={"rows": sorted(wanted), "change_list": put_changes(blobs, changes)},
            changes={"edited": len(wanted) - removed, "removed": removed},
        )

    return write(connection, blobs, version.name, _edited(blobs, version, wanted, changes), operation, (version.ref,))


def _edited(
    blobs: BlobStore, version: DatasetVersion, wanted: Mapping[int, Example | None], changes: list[CleaningChange]
) -> Iterator[Example | bytes]:
    """The rows in order: the edited ones as they shall be, the others as the bytes that they are kept in."""
    for number, line in enumerate(read_lines(blobs, version), 1):
        if number not in wanted:
            yield line
            continue
        after = wanted[number]
        changes.append(_change(number, Example.model_validate_json(line), after))
        if after is not None:
            yield after


def _change(number: int, before: Example, after: Example | None) -> CleaningChange:
    identity = before.metadata.get("id")
    return CleaningChange(
        row=number,
        id=None if identity is None else str(identity),
        origin=before.origin.id if before.origin else None,
        what="removed" if after is None else "edited",
        before=before.hash,
        after=after.hash if after else None,
        reason="by hand",
    )
