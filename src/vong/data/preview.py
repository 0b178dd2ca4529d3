"""Preview of a file before import: detected format and reason, columns, and the first rows as Examples."""

import zlib
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from vong.data import formats
from vong.data.files import DataFile, read_rows
from vong.data.files.source import open_text
from vong.data.importer import Importer, SkippedRow
from vong.data.row_checks import printable
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
    `encoding` names the text encoding, `warnings` what a person should know. `problems` lists rows that cannot be read;
    `error` explains why no row can be read.
    """

    filename: str
    kind: str | None = None
    encoding: str | None = None
    format: str | None = None
    reason: str | None = None
    bytes: int
    estimated_rows: int | None = None
    columns: list[str] = []
    options: list[FormatOption] = []
    rows: list[Example] = []
    problems: list[SkippedRow] = []
    warnings: list[str] = []
    error: str | None = None
    hint: str | None = None


def preview(
    path: Path, name: str, *, format: str | None = None, options: Mapping[str, str] | None = None, limit: int = 20
) -> FilePreview:
    """Return the first rows of a file that can be imported.

    Stores nothing. Problems are returned in the preview, not raised.
    """
    estimated: int | None = None
    importer = Importer([(path, name)], format=format, options=options or {}, on_error="skip")
    rows: list[Example] = []
    first: list[dict[str, Any]] = []
    failure: InvalidInput | None = None
    try:
        rows.extend(islice(importer.iter_examples(), limit))
    except InvalidInput as error:
        failure = error
    file = importer.opened
    try:
        if file is not None:
            first = [row.value for row in islice(read_rows(file), limit) if row.value is not None]
            estimated = None if failure else _estimate_rows(file)
    except InvalidInput as error:
        failure = failure or error
    chosen = importer.formats.get(name)
    reason = _explain_choice(chosen, first, format, options or {}) if chosen else None
    if file is not None and file.kind == "text" and not format:
        reason = "the file is text without columns"
    return FilePreview(
        filename=name,
        kind=file.kind if file else None,
        encoding=importer.encodings.get(name),
        format=chosen,
        reason=reason,
        bytes=path.stat().st_size,
        estimated_rows=estimated,
        columns=[printable(str(column)) for column in first[0]] if first else [],
        options=_list_options(chosen, first) if chosen else [],
        rows=rows,
        problems=importer.skipped,
        warnings=importer.warnings,
        error=failure.message if failure else None,
        hint=failure.hint if failure else None,
    )


def _estimate_rows(file: DataFile) -> int | None:
    """Return the number of rows: exact for Parquet and JSON, otherwise the number of lines.

    A row may span several lines, because a cell may contain line breaks.
    """
    if file.kind == "parquet":
        from pyarrow import parquet

        with parquet.ParquetFile(file.path) as table:
            return int(table.metadata.num_rows)
    if file.kind in {"json", "text"}:
        return _count_readable(read_rows(file))
    with open_text(file) as text:
        lines = _count_readable(text)
    return max(0, lines - (file.kind in {"csv", "tsv"}))


def _count_readable(items: Iterable[Any]) -> int:
    """Return the number of items up to the end, or to the place where the beginning of a file is cut."""
    count = 0
    try:
        for _ in items:
            count += 1
    except (InvalidInput, EOFError, zlib.error, UnicodeDecodeError):
        pass
    return count


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
