"""Detection of the kind, the compression and the encoding of a file from its first bytes and its name."""

import gzip
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from vong.data.files.encodings import detect_encoding
from vong.data.files.source import BLOCK_BYTES, MAX_LINE_BYTES, DataFile, FileKind, name_suffix, open_binary, open_text
from vong.errors import InvalidInput

KIND_BY_SUFFIX: dict[str, FileKind] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".md": "text",
    ".markdown": "text",
    ".mdx": "text",
    ".rst": "text",
}
PLAIN_TEXT_SUFFIXES = {".txt", ".text"}
"""Suffixes of files that are tables, JSON or documents."""
SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "compressed with gzip twice", "unpack it once"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it and import the files in it"),
    (b"PK\x05\x06", "an empty ZIP archive", "import the files themselves"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard", "unpack it with: unzstd FILE; gzip is read as it is"),
    (b"BZh", "compressed with bzip2", "unpack it with: bunzip2 FILE; gzip is read as it is"),
    (b"\xfd7zXZ\x00", "compressed with XZ", "unpack it with: unxz FILE; gzip is read as it is"),
    (b"\x04\x22\x4d\x18", "compressed with LZ4", "unpack it with: unlz4 FILE; gzip is read as it is"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it and import the files in it"),
    (b"Rar!", "a RAR archive", "unpack it and import the files in it"),
    (b"ARROW1", "an Arrow file", "save it as Parquet or JSONL"),
    (b"FEA1", "a Feather file", "save it as Parquet or JSONL"),
    (b"Obj\x01", "an Avro file", "save it as Parquet or JSONL"),
    (b"ORC", "an ORC file", "save it as Parquet or JSONL"),
    (b"\x89HDF", "an HDF5 file", "save it as Parquet or JSONL"),
    (b"\x93NUMPY", "a NumPy array", "save it as Parquet or JSONL"),
    (b"SQLite format 3", "an SQLite database", "export its table as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", "save the sheet as CSV UTF-8"),
    (b"%PDF", "a PDF document", "add documents to a knowledge base; import rows as JSONL, CSV or Parquet"),
    (b"\x89PNG", "an image", "import rows as JSONL, CSV or Parquet"),
    (b"\xff\xd8\xff", "an image", "import rows as JSONL, CSV or Parquet"),
    (b"version https://git-lfs", "a Git LFS pointer, not the data", "download the data with: git lfs pull"),
    (b"<!doctype html", "a web page", "download the file itself, not the page about it"),
    (b"<html", "a web page", "download the file itself, not the page about it"),
    (b"<rss", "an XML document", "convert it to JSONL or CSV"),
    (b"<?xml", "an XML document", "convert it to JSONL or CSV"),
)
"""First bytes of files that are not rows: what the file is, and what to do."""


def inspect_file(path: Path, name: str | None = None, *, as_text: bool = False) -> DataFile:
    """Detect the kind, the compression and the encoding of a file.

    With `as_text`, a file is a document unless its extension says that it is JSON, a table or Parquet.

    Raises:
        InvalidInput: The file is none that can be read. The message says what it is.
    """
    name = name or path.name
    with path.open("rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    with open_binary(path, compressed) as content:
        head = content.read1(4096)
    if head[:4] == b"PAR1":
        if compressed:
            raise InvalidInput("the file is Parquet, compressed with gzip", "unpack it with: gunzip FILE")
        return DataFile(path, name, "parquet")
    _check_signature(head, path)
    suffix = name_suffix(name)
    kind = KIND_BY_SUFFIX.get(suffix)
    if as_text and kind is None and suffix != ".json":
        kind = "text"
    if kind == "parquet":
        raise InvalidInput(
            "the file is not Parquet: its first bytes are not 'PAR1'",
            "export it again, or name it after its content: .jsonl, .json or .csv",
        )
    with open_binary(path, compressed) as content:
        found = detect_encoding(_iter_blocks(content))
    text = head.decode(found.name, "ignore").lstrip("\ufeff \t\r\n")
    _check_signature(text.encode("utf-8", "replace"), path)
    file = DataFile(path, name, kind or "csv", found.name, compressed, found.assumed)
    return file._replace(kind=_choose_kind(file, kind))


def may_be_document(file: DataFile) -> bool:
    """Return True if a file was taken for a table only because nothing says what it is."""
    return file.kind == "csv" and name_suffix(file.name) in PLAIN_TEXT_SUFFIXES


def _iter_blocks(content: io.BufferedReader) -> Iterator[bytes]:
    """Yield the content up to its end or to the first damaged block. The reader reports the damage."""
    try:
        while block := content.read1(BLOCK_BYTES):
            yield block
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return


def _choose_kind(file: DataFile, kind: FileKind | None) -> FileKind:
    """Return the kind of a text file. JSON is recognized by its content, whatever the name says, except a document."""
    if kind == "text":
        return kind
    with open_text(file) as text:
        lines = _iter_first_lines(text)
        first = next(lines, "").lstrip("\ufeff").lstrip()
        if first.startswith("["):
            return "json" if kind not in {"csv", "tsv"} or re.match(r'\[\s*([{\["\]]|$)', first) else kind
        if not first.startswith("{"):
            return kind or "csv"
        if kind in {"csv", "tsv"} and not re.match(r'\{\s*("|\}|$)', first):
            return kind
        second = next(lines, "").lstrip()
    if _is_complete_json(first):
        return "jsonl" if second else "json"
    return "jsonl" if second.startswith("{") and not first.rstrip().endswith(("[", ",")) else "json"


def _iter_first_lines(text: io.TextIOBase) -> Iterator[str]:
    """Yield the lines that are not empty. A line over the limit ends the search."""
    while line := text.readline(MAX_LINE_BYTES):
        if line.strip():
            yield line


def _is_complete_json(line: str) -> bool:
    """Return False if the line is the beginning of a JSON value that continues on the next line."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return error.pos < len(line.rstrip()) - 1
    except (ValueError, RecursionError):
        return True
    return True


def _check_signature(head: bytes, path: Path) -> None:
    for start, what, hint in SIGNATURES:
        if head[: len(start)].lower() == start.lower():
            if start == b"PK\x03\x04":
                what, hint = _describe_zip(path) or (what, hint)
            raise InvalidInput(f"the file is {what}", hint)
    if head[257:262] == b"ustar":
        raise InvalidInput("the file is a tar archive", "unpack it with: tar -xf FILE, and import the files in it")


def _describe_zip(path: Path) -> tuple[str, str] | None:
    """Return what a ZIP archive is and what to do, if it is the document of an office program."""
    try:
        with zipfile.ZipFile(path) as archive:
            folders = {name.split("/")[0] for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile):
        return None
    if "xl" in folders:
        return "an Excel workbook", "save the sheet as CSV UTF-8"
    if folders & {"word", "ppt"}:
        return "an Office document", "add documents to a knowledge base; import rows as JSONL, CSV or Parquet"
    return None
