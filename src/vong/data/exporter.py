"""Export of Examples to JSONL, JSON, CSV, TSV and Parquet files, in any format that can hold all of them."""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, get_args

from vong.data import formats
from vong.data.formats import Format, columns
from vong.data.formats.text import TextFormat
from vong.errors import InvalidInput
from vong.records import Example

ExportKind = Literal["jsonl", "json", "csv", "tsv", "parquet"]
BATCH_ROWS = 1000


class ExportResult(NamedTuple):
    """Number of rows written, and their format."""

    rows: int
    format: str


def export_examples(
    examples: Iterable[Example], target: IO[bytes], kind: ExportKind, format: str | None = None
) -> ExportResult:
    """Write Examples so that an import returns equal ones. Without a format, the one for all of them is chosen.

    The rows are held in a temporary file. In tables, nested values are JSON text.

    Raises:
        InvalidInput: The format cannot represent an Example. The message names its row.
    """
    with tempfile.TemporaryDirectory(prefix="vong-export-") as folder:
        spool = _Spool(Path(folder) / "rows.jsonl")
        spool.write(examples)
        name = format or spool.choose_format()
        rows = _Rows(spool, formats.create_format(name), as_table=kind in {"csv", "tsv", "parquet"})
        writers = {"jsonl": _write_jsonl, "json": _write_json, "parquet": _write_parquet}
        if kind in writers:
            writers[kind](rows, target)
        else:
            _write_csv(rows, target, "\t" if kind == "tsv" else ",")
        return ExportResult(spool.count, name)


def choose_kind(path: Path) -> ExportKind:
    """Return the kind of file that the extension of its name says, JSONL if it says nothing."""
    suffix = path.suffix.lower().lstrip(".")
    kind = {"ndjson": "jsonl", "pq": "parquet", "tab": "tsv"}.get(suffix, suffix)
    return kind if kind in get_args(ExportKind) else "jsonl"  # pyright: ignore[reportReturnType]


class _Spool:
    """Examples in a temporary file, and how many of them have which completions."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.count = self.pairs = self.only_completion = self.only_rejected = self.documents = 0

    def write(self, examples: Iterable[Example]) -> None:
        with self._path.open("w", encoding="utf-8", newline="\n") as file:
            for example in examples:
                file.write(json.dumps(example.model_dump(mode="json", exclude_none=True)) + "\n")
                self.count += 1
                self.documents += example.text is not None
                completed, rejected = example.completion is not None, example.rejected is not None
                self.pairs += completed and rejected
                self.only_completion += completed and not rejected
                self.only_rejected += rejected and not completed

    def choose_format(self) -> str:
        """Return `text` for documents, `preference` for pairs, `kto` if some answers are bad, otherwise `chat`."""
        if self.count and self.documents == self.count:
            return "text"
        if self.count and self.pairs == self.count:
            return "preference"
        if self.only_rejected and self.only_completion + self.only_rejected == self.count:
            return "kto"
        return "chat"

    def __iter__(self) -> Iterator[Example]:
        with self._path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield Example.model_validate_json(line)


class _Rows:
    """Rows of a format, iterable repeatedly."""

    def __init__(self, spool: _Spool, format_: Format, *, as_table: bool) -> None:
        self._spool = spool
        self._is_text = isinstance(format_, TextFormat)
        self._to_row = getattr(format_, "to_table_row", format_.to_row) if as_table else format_.to_row

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number, example in enumerate(self._spool, 1):
            try:
                if example.text is not None and not self._is_text:
                    raise InvalidInput(
                        "the row is a document", "use the format 'text', or export documents and conversations apart"
                    )
                yield self._to_row(example)
            except InvalidInput as error:
                raise InvalidInput(f"row {number}: {error.message}", error.hint) from error

    def find_columns(self) -> dict[str, set[type]]:
        """Return the columns of all rows in order of appearance, with the types of their values."""
        found: dict[str, set[type]] = {}
        for row in self:
            for name, value in row.items():
                found.setdefault(name, set()).add(type(value))
        return found


def _write_jsonl(rows: _Rows, target: IO[bytes]) -> None:
    for row in rows:
        target.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _write_json(rows: _Rows, target: IO[bytes]) -> None:
    separator = b"[\n"
    for row in rows:
        target.write(separator + json.dumps(row, ensure_ascii=False).encode())
        separator = b",\n"
    target.write(b"\n]\n" if separator == b",\n" else b"[]\n")


def _write_csv(rows: _Rows, target: IO[bytes], delimiter: str) -> None:
    names = list(rows.find_columns())
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text, delimiter=delimiter)
        writer.writerow(names)
        for number, row in enumerate(rows, 1):
            cells = [_csv_cell(row.get(name)) for name in names]
            if not any(cell.strip() for cell in cells):
                raise InvalidInput(f"row {number} has no text, and no reader would find it", "use the format 'chat'")
            writer.writerow(cells)
    finally:
        text.detach()


def _csv_cell(value: Any) -> str:
    return "" if value is None else columns.cell_text(value)


def _write_parquet(rows: _Rows, target: IO[bytes]) -> None:
    import pyarrow  # imported here because it takes 60 MB and only Parquet needs it
    from pyarrow import parquet

    types = rows.find_columns()
    fields = {name: _parquet_type(pyarrow, found - {type(None)}) for name, found in types.items()}
    schema = pyarrow.schema(list(fields.items()))
    texts = [name for name, kind in fields.items() if kind == pyarrow.string()]
    iterator = iter(rows)
    with parquet.ParquetWriter(target, schema) as writer:
        while batch := list(islice(iterator, BATCH_ROWS)):
            writer.write_table(pyarrow.Table.from_pylist([_parquet_row(row, texts) for row in batch], schema=schema))


def _parquet_type(pyarrow: Any, found: set[type]) -> Any:
    if found == {bool}:
        return pyarrow.bool_()
    return pyarrow.float64() if found == {float} else pyarrow.string()


def _parquet_row(row: dict[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    """Return a row whose nested values are JSON text."""
    return {
        name: columns.cell_text(value) if name in texts and value is not None else value for name, value in row.items()
    }
