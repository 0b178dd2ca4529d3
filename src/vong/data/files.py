"""Readers for data files: JSONL, JSON array, CSV (and TSV) and Parquet, streamed if the format allows it."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from vong.errors import InvalidInput

FileKind = Literal["jsonl", "json", "csv", "tsv", "parquet"]
KIND_BY_SUFFIX: dict[str, FileKind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
MAX_CELL_CHARS = 50_000_000
"""Maximum length of a CSV cell in characters."""


class FileRow(NamedTuple):
    """One row of a file: line number (JSONL, CSV) or position (JSON, Parquet), from 1; its value or a problem."""

    line: int
    value: dict[str, Any] | None
    problem: str | None = None


def detect_file_kind(path: Path, name: str | None = None) -> FileKind:
    """Return the kind of a file, derived from its name extension, otherwise from its first bytes."""
    suffix = Path(name or path.name).suffix.lower()
    if suffix in KIND_BY_SUFFIX:
        return KIND_BY_SUFFIX[suffix]
    with path.open("rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"["):
        return "json"
    return "jsonl" if start.startswith(b"{") else "csv"


def read_rows(path: Path, kind: FileKind) -> Iterator[FileRow]:
    """Stream the rows of a file. A row that cannot be read has a `problem` instead of a value.

    Raises:
        InvalidInput: The file cannot be read at all.
    """
    if kind not in get_args(FileKind):
        raise InvalidInput(f"unknown file kind {kind!r}", f"use one of: {', '.join(get_args(FileKind))}")
    readers = {"jsonl": _read_jsonl, "json": _read_json, "csv": _read_csv, "tsv": _read_csv, "parquet": _read_parquet}
    return readers[kind](path)


def _read_jsonl(path: Path) -> Iterator[FileRow]:
    import msgspec

    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            line = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if not line:
                continue
            try:
                value = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                yield FileRow(number, None, f"the row is not JSON: {error}")
                continue
            yield _to_row(number, value)


def _read_json(path: Path) -> Iterator[FileRow]:
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"the file is not JSON: {error}", "fix it, or write one object per line (.jsonl)") from error
    if not isinstance(values, list):
        raise InvalidInput(
            "the file is not a JSON array of objects", "write [{…}, {…}], or one object per line (.jsonl)"
        )
    for number, value in enumerate(values, 1):
        yield _to_row(number, value)


def _read_csv(path: Path) -> Iterator[FileRow]:
    csv.field_size_limit(MAX_CELL_CHARS)
    with path.open("r", encoding="utf-8-sig", newline="") as file:
        try:
            sample = file.read(65_536)
            file.seek(0)
            yield from _parse_csv(file, sample)
        except UnicodeDecodeError as error:
            raise InvalidInput(f"the file is not UTF-8: {error}", "save it with the encoding UTF-8") from error


def _parse_csv(file: io.TextIOBase, sample: str) -> Iterator[FileRow]:
    header = sample.splitlines()[0] if sample.strip() else ""
    delimiter = max((",", ";", "\t", "|"), key=header.count)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    try:
        names = next(reader, [])
        if len(set(names)) != len(names) or not any(names):
            raise InvalidInput(f"the first line has no unique column names: {names}", "give each column a unique name")
        before = reader.line_num
        for cells in reader:
            number, before = before + 1, reader.line_num
            if not cells:
                continue
            if len(cells) != len(names):
                yield FileRow(number, None, f"the row has {len(cells)} cells, the first line {len(names)}")
                continue
            yield FileRow(number, dict(zip(names, cells, strict=True)))
    except csv.Error as error:
        raise InvalidInput(
            f"line {reader.line_num} is not CSV: {error}", "quote cells that contain line breaks"
        ) from error


def _read_parquet(path: Path) -> Iterator[FileRow]:
    import pyarrow  # imported here because it takes 60 MB and only Parquet needs it
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1000):
                for value in batch.to_pylist():
                    number += 1
                    yield FileRow(number, json.loads(json.dumps(value, default=str)))
    except pyarrow.ArrowException as error:
        raise InvalidInput(f"the file is not Parquet: {error}", "export it again, or import it as JSONL") from error


def _to_row(number: int, value: Any) -> FileRow:
    if isinstance(value, dict):
        return FileRow(number, value)
    return FileRow(number, None, f"the row is {type(value).__name__}, not an object with named columns")
