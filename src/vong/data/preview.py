"""A look at a file before it is imported: its format, its columns, and its first rows as Examples."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from vong.data.files import kind_of, read_rows
from vong.data.importing import Import, SkippedRow
from vong.errors import InvalidInput
from vong.records import Example, Record


class FilePreview(Record):
    """What the start of a file would give. `problems` are rows that cannot be read; `error` says why none can."""

    filename: str
    kind: str | None = None
    format: str | None = None
    columns: list[str] = []
    rows: list[Example] = []
    problems: list[SkippedRow] = []
    error: str | None = None
    hint: str | None = None


def preview(
    path: Path, name: str, *, format: str | None = None, options: Mapping[str, str] | None = None, limit: int = 20
) -> FilePreview:
    """The first rows of a file that can be imported. Nothing is kept; what is wrong is said, not raised."""
    kind: str | None = None
    columns: list[str] = []
    looked = Import([(path, name)], format=format, options=options or {}, on_error="skip")
    rows: list[Example] = []
    problem: InvalidInput | None = None
    try:
        kind = found = kind_of(path, name)
        first = next((row.value for row in islice(read_rows(path, found), limit) if row.value is not None), None)
        columns = list(first or {})
        rows.extend(islice(looked.examples(), limit))
    except InvalidInput as error:
        problem = error
    return FilePreview(
        filename=name,
        kind=kind,
        format=looked.formats.get(name),
        columns=columns,
        rows=rows,
        problems=looked.skipped,
        error=problem.message if problem else None,
        hint=problem.hint if problem else None,
    )
