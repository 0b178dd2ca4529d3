"""Preview of a file before import: detected format and reason, columns, and the first rows as Examples."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from vong.data import formats
from vong.data.files import FileKind, detect_file_kind, read_rows
from vong.data.importer import Importer, SkippedRow
from vong.errors import InvalidInput
from vong.records import Example, Record


class FormatOption(Record):
    """Option of a format: name, description and default value (null: no default)."""

    name: str
    description: str
    default: str | None = None


class FilePreview(Record):
    """Result of importing the first rows of a file.

    `reason` explains the choice of the format; `options` lists the options of that format. `estimated_rows` covers only
    the `bytes` that were read, so a page that sends the beginning of a file can extrapolate to the whole file.
    `problems` lists rows that cannot be read; `error` explains why no row can be read.
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
    """Return the first rows of a file that can be imported.

    Stores nothing. Problems are returned in the preview, not raised.
    """
    kind: FileKind | None = None
    estimated: int | None = None
    importer = Importer([(path, name)], format=format, options=options or {}, on_error="skip")
    rows: list[Example] = []
    first: list[dict[str, Any]] = []
    failure: InvalidInput | None = None
    try:
        kind = detect_file_kind(path, name)
        first = [row.value for row in islice(read_rows(path, kind), limit) if row.value is not None]
        estimated = _estimate_rows(path, kind)
        rows.extend(islice(importer.iter_examples(), limit))
    except InvalidInput as error:
        failure = error
    chosen = importer.formats.get(name)
    return FilePreview(
        filename=name,
        kind=kind,
        format=chosen,
        reason=_explain_choice(chosen, first, format, options or {}) if chosen else None,
        bytes=path.stat().st_size,
        estimated_rows=estimated,
        columns=list(first[0]) if first else [],
        options=_list_options(chosen, first) if chosen else [],
        rows=rows,
        problems=importer.skipped,
        error=failure.message if failure else None,
        hint=failure.hint if failure else None,
    )


def _estimate_rows(path: Path, kind: FileKind) -> int | None:
    """Return the number of rows: exact for Parquet and JSON, otherwise the number of lines.

    A row may span several lines, because a cell may contain line breaks.
    """
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


def _explain_choice(
    format_name: str, first: list[dict[str, Any]], requested_format: str | None, options: Mapping[str, str]
) -> str:
    if requested_format:
        return "selected by the caller"
    if options:
        return "only this format accepts options"
    matches = [match for match in formats.rank_formats(first) if match.confidence > 0]
    others = ", ".join(f"{match.name} {match.confidence:.0%}" for match in matches if match.name != format_name)
    own = next(match.confidence for match in matches if match.name == format_name)
    alternatives = f"; next: {others}" if others else "; no other format matches"
    return f"the columns of the first {len(first)} rows match with confidence {own:.0%}{alternatives}"


def _list_options(format_name: str, first: list[dict[str, Any]]) -> list[FormatOption]:
    """Return the options of a format; their defaults are the values that the format infers from the first row."""
    format_ = formats.create_format(format_name)
    for row in first[:1]:
        try:
            format_.to_example(row)
        except InvalidInput:
            continue
    descriptions: Mapping[str, str] = getattr(format_, "OPTIONS", {})
    return [
        FormatOption(name=name, description=description, default=getattr(format_, name, None))
        for name, description in descriptions.items()
    ]
