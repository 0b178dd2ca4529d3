"""A look at a file before it is imported: its format and why, its columns, and its first rows as Examples."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from vong.data import formats
from vong.data.files import Kind, kind_of, read_rows
from vong.data.importer import Importer, SkippedRow
from vong.errors import InvalidInput
from vong.records import Example, Record


class FormatOption(Record):
    """An option of a format: what it means, and the value that holds where none is given (null: none)."""

    name: str
    description: str
    default: str | None = None


class FilePreview(Record):
    """What the start of a file would give. `reason` says why this format was taken, `options` what it can be told.
    `estimated_rows` are those of the bytes that were looked at, `bytes`: a page that sends the beginning of a file can
    tell how many the whole has. `problems` are rows that cannot be read; `error` says why none can.
    """

    filename: str
    kind: str | None = None
    format: str | None = None
    reason: str | None = None
    bytes: int
    estimated_rows: int | None = None
    columns: list[str] = []
    options: list[FormatOption] = []
    rows: list[Example] = []
    problems: list[SkippedRow] = []
    error: str | None = None
    hint: str | None = None


def preview(
    path: Path, name: str, *, format: str | None = None, options: Mapping[str, str] | None = None, limit: int = 20
) -> FilePreview:
    """The first rows of a file that can be imported. Nothing is kept; what is wrong is said, not raised."""
    kind: Kind | None = None
    estimated: int | None = None
    looked = Importer([(path, name)], format=format, options=options or {}, on_error="skip")
    rows: list[Example] = []
    first: list[dict[str, Any]] = []
    problem: InvalidInput | None = None
    try:
        kind = kind_of(path, name)
        first = [row.value for row in islice(read_rows(path, kind), limit) if row.value is not None]
        estimated = _estimate(path, kind)
        rows.extend(islice(looked.examples(), limit))
    except InvalidInput as error:
        problem = error
    chosen = looked.formats.get(name)
    return FilePreview(
        filename=name,
        kind=kind,
        format=chosen,
        reason=_reason(chosen, first, format, options or {}) if chosen else None,
        bytes=path.stat().st_size,
        estimated_rows=estimated,
        columns=list(first[0]) if first else [],
        options=_options(chosen, first) if chosen else [],
        rows=rows,
        problems=looked.skipped,
        error=problem.message if problem else None,
        hint=problem.hint if problem else None,
    )


def _estimate(path: Path, kind: Kind) -> int | None:
    """How many rows the file has: exactly for Parquet and JSON, by its lines otherwise (a cell may hold several)."""
    if kind == "parquet":
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            return int(file.metadata.num_rows)
    if kind == "json":
        return sum(1 for _ in read_rows(path, kind))
    last, lines = b"\n", 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
    lines += last != b"\n"
    return max(0, lines - (kind in {"csv", "tsv"}))


def _reason(chosen: str, first: list[dict[str, Any]], given: str | None, options: Mapping[str, str]) -> str:
    if given:
        return "it was named"
    if options:
        return "options were given, which this format alone takes"
    fits = [one for one in formats.confidences(first) if one.confidence > 0]
    others = ", ".join(f"{one.name} {one.confidence:.0%}" for one in fits if one.name != chosen)
    own = next(one.confidence for one in fits if one.name == chosen)
    beside = f"; the next are: {others}" if others else "; no other fits"
    return f"the columns of the first {len(first)} rows fit it by {own:.0%}{beside}"


def _options(chosen: str, first: list[dict[str, Any]]) -> list[FormatOption]:
    """The options of a format; their defaults are what it guesses from the first row."""
    made = formats.make(chosen)
    for row in first[:1]:
        try:
            made.to_example(row)
        except InvalidInput:
            continue
    known: Mapping[str, str] = getattr(made, "OPTIONS", {})
    return [
        FormatOption(name=name, description=description, default=getattr(made, name, None))
        for name, description in known.items()
    ]
