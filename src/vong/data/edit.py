"""Manual edits: change or remove single rows as a new version. All other rows are copied unchanged."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection

from vong.data.clean import CleaningChange
from vong.data.report_store import save_changes
from vong.data.row_checks import check_row
from vong.data.versions import find, lock_dataset, read_lines, write
from vong.errors import Conflict, InvalidInput
from vong.records import DatasetVersion, Example, Operation
from vong.records.dataset_row import RowEdit
from vong.store.blobs import BlobStore


def edit(connection: Connection, blobs: BlobStore, version: DatasetVersion, edits: Sequence[RowEdit]) -> DatasetVersion:
    """Apply row edits to the newest version of a dataset and return the new version, which lists every change.

    If the edits change nothing, the version itself is returned.

    Raises:
        InvalidInput: The version lacks a row, a row is edited twice, or a new row is invalid.
        Conflict: The version is not the newest one. This prevents one edit from undoing another.
    """
    for row_edit in edits:
        if row_edit.example is not None:
            check_row(row_edit.example, row_edit.number)
    example_by_row = {row_edit.number: row_edit.example for row_edit in edits}
    if not edits:
        raise InvalidInput("there are no edits", "send at least one edit")
    if len(example_by_row) < len(edits):
        raise InvalidInput("a row is edited twice", "send one edit per row")
    if max(example_by_row) > version.rows:
        raise InvalidInput(f"{version.ref} has no row {max(example_by_row)}", f"choose rows from 1 to {version.rows}")
    lock_dataset(connection, version.name)
    newest = find(connection, version.name)
    if newest.hash != version.hash:
        raise Conflict(
            f"{version.ref} (number {version.number}) is no longer the newest version of {version.name!r}: "
            f"the newest is {newest.ref} (number {newest.number})",
            f"compare the two, then edit the newest: vong data diff {version.ref} {newest.ref}",
        )
    removed = sum(example is None for example in example_by_row.values())
    changes: list[CleaningChange] = []

    def operation() -> Operation:
        return Operation(
            name="edit",
            settings={"rows": sorted(example_by_row), "change_list": save_changes(blobs, changes)},
            changes={"edited": len(example_by_row) - removed, "removed": removed},
        )

    return write(
        connection,
        blobs,
        version.name,
        _apply_edits(blobs, version, example_by_row, changes),
        operation,
        (version.ref,),
    )


def _apply_edits(
    blobs: BlobStore,
    version: DatasetVersion,
    example_by_row: Mapping[int, Example | None],
    changes: list[CleaningChange],
) -> Iterator[Example | bytes]:
    """Yield the rows in order: edited rows as Examples, all others as their stored bytes."""
    for number, line in enumerate(read_lines(blobs, version), 1):
        if number not in example_by_row:
            yield line
            continue
        after = example_by_row[number]
        changes.append(_build_change(number, Example.model_validate_json(line), after))
        if after is not None:
            yield after


def _build_change(number: int, before: Example, after: Example | None) -> CleaningChange:
    identity = before.metadata.get("id")
    return CleaningChange(
        row=number,
        id=None if identity is None else str(identity),
        origin=before.origin.id if before.origin else None,
        what="removed" if after is None else "edited",
        before=before.hash,
        after=after.hash if after else None,
        reason="manual edit",
    )
