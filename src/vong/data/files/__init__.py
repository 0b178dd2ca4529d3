"""Readers for data files: JSONL, JSON, CSV (and TSV), Parquet and text, in any common encoding, also with gzip.

`inspect_file` detects the kind, the compression and the encoding of a file; `read_rows` streams its rows.
"""

from collections.abc import Iterator

from vong.data.files.csv_rows import read_csv
from vong.data.files.inspection import inspect_file
from vong.data.files.json_rows import read_json, read_jsonl
from vong.data.files.names import clean_file_name
from vong.data.files.parquet_rows import read_parquet
from vong.data.files.source import DataFile, FileKind, FileRow
from vong.data.files.text_documents import read_text

__all__ = ["DataFile", "FileKind", "FileRow", "clean_file_name", "inspect_file", "read_rows"]

READERS = {
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_csv,
    "tsv": read_csv,
    "parquet": read_parquet,
    "text": read_text,
}


def read_rows(file: DataFile) -> Iterator[FileRow]:
    """Stream the rows of a file. A row that cannot be read has a `problem` instead of a value.

    Raises:
        InvalidInput: The file cannot be read at all.
    """
    return READERS[file.kind](file)
