"""Import of files as Examples.

The format is detected or given, each row is named by its file and line, and invalid rows raise an error or are skipped.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from vong.data import formats
from vong.data.files import DataFile, FileRow, inspect_file, read_rows
from vong.data.files.inspection import may_be_document
from vong.data.formats import Format
from vong.data.row_checks import check_example, printable
from vong.errors import InvalidInput
from vong.records import Example, ExampleOrigin, Record

DETECTION_ROWS = 20
"""Number of rows at the start of a file used to detect its format."""
MAX_LISTED_SKIPS = 100
"""Maximum number of skipped rows listed. The count covers all of them."""
RATING_COLUMNS = {"rating", "score", "quality", "stars", "reward"}
"""Columns that may say how good a completion is, by a number that no one can interpret without knowing its scale."""


class SkippedRow(Record):
    """Skipped row and the reason."""

    row: str
    reason: str


@dataclass
class Importer:
    """Import of files as Examples. Iterate `iter_examples()` once; the counts are final when the iteration ends.

    `files` are pairs of (path, file name to record in origins). If `format` is None, the format is detected from the
    first rows of each file. `opened` is the file that is read. `on_error` says whether an invalid row stops the import
    or is counted, listed (the first 100) and skipped. `formats` and `encodings` are the results by file name,
    `warnings` what a person should know.
    """

    files: Sequence[tuple[Path, str]]
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    on_error: Literal["stop", "skip"] = "stop"
    progress: Callable[[int], None] | None = None
    formats: dict[str, str] = field(default_factory=dict[str, str])
    encodings: dict[str, str] = field(default_factory=dict[str, str])
    counts: Counter[str] = field(default_factory=Counter[str])
    skipped: list[SkippedRow] = field(default_factory=list[SkippedRow])
    warnings: list[str] = field(default_factory=list[str])
    opened: DataFile | None = None
    _seen: Counter[str] = field(default_factory=Counter[str])

    def iter_examples(self) -> Iterator[Example]:
        """Iterate over the Examples of all files, in order.

        Raises:
            InvalidInput: A row is invalid, or no row has a weight above 0. The message names file and line.
        """
        for path, name in self.files:
            opened = self._open(path, name)
            if opened is None:
                continue
            format_, rows = opened
            for row in self._name_errors(rows, name):
                example = self._convert_row(format_, row, name)
                if example is not None:
                    yield example
        self._finish()

    def _open(self, path: Path, name: str) -> tuple[Format, Iterator[FileRow]] | None:
        """Return the format and the rows of a file, or None if it is an empty document among several files."""
        try:
            file = inspect_file(path, name, as_text=self.format == "text")
        except InvalidInput as error:
            raise InvalidInput(printable(f"{name}: {error.message}"), printable(error.hint)) from error
        self._note_encoding(file)
        try:
            return self._open_rows(file)
        except InvalidInput:
            if self.format or self.options or not may_be_document(file):
                raise
        return self._open_rows(file._replace(kind="text"))

    def _open_rows(self, file: DataFile) -> tuple[Format, Iterator[FileRow]] | None:
        self.opened = file
        rows = read_rows(file)
        try:
            first = list(islice(rows, DETECTION_ROWS))
        except InvalidInput as error:
            raise InvalidInput(printable(f"{file.name}: {error.message}"), printable(error.hint)) from error
        if not first and file.kind == "text" and len(self.files) > 1:
            self.warnings.append(f"{file.name} is empty and is left out")
            return None
        if file.kind == "text" and self.format is None and not self.options:
            self.formats[file.name] = "text"
            format_ = formats.create_format("text")
            if not first:
                raise InvalidInput(f"{file.name} has no rows", "provide a file with at least one row")
            return format_, chain(first, rows)
        return self._choose_format(first, file.name), chain(first, rows)

    def _name_errors(self, rows: Iterator[FileRow], name: str) -> Iterator[FileRow]:
        """Yield rows; an error of the file names the file."""
        try:
            yield from rows
        except InvalidInput as error:
            raise InvalidInput(printable(f"{name}: {error.message}"), printable(error.hint)) from error

    def _note_encoding(self, file: DataFile) -> None:
        if file.kind == "parquet":
            return
        self.encodings[file.name] = f"{file.encoding}, gzip" if file.compressed else file.encoding
        if file.assumed:
            self.warnings.append(
                f"{file.name} is not UTF-8; it was read as {file.encoding}. If texts look wrong, save it as UTF-8"
            )

    def _choose_format(self, first: Sequence[FileRow], name: str) -> Format:
        """Return the format of a file and record the choice in `formats`."""
        if not first:
            raise InvalidInput(f"{name} has no rows", "provide a file with at least one row")
        chosen = self.format
        if chosen is None:
            usable = [row.value for row in first if row.value is not None]
            if not usable:
                raise InvalidInput(
                    printable(f"{name} line {first[0].line}: {first[0].problem}"),
                    "write rows with named columns, and check that the file name extension matches the content",
                )
            chosen = "pairs"
            if not self.options:
                try:
                    chosen = formats.detect_format(usable)
                except InvalidInput as error:
                    raise InvalidInput(printable(f"{name}: {error.message}"), printable(error.hint)) from error
        self.formats[name] = chosen
        return formats.create_format(chosen, self.options)

    def _convert_row(self, format_: Format, row: FileRow, name: str) -> Example | None:
        self.counts["read"] += 1
        if self.progress is not None and self.counts["read"] % 1000 == 0:
            self.progress(self.counts["read"])
        problem, hint = row.problem, ""
        if row.value is not None:
            try:
                example = format_.to_example(row.value)
                check_example(example)
            except InvalidInput as error:
                problem, hint = error.message, error.hint
            except RecursionError:
                problem = "the row is nested too deeply"
            else:
                self._count(example, row.value)
                return example.model_copy(update={"origin": ExampleOrigin(kind="file", id=f"{name}#{row.line}")})
        problem = printable(str(problem))
        if self.on_error == "stop":
            next_step = "fix the row, or skip invalid rows with --on-error skip"
            raise InvalidInput(
                f"{name} line {row.line}: {problem}", printable(f"{hint}; or {next_step}" if hint else next_step)
            )
        self.counts["skipped"] += 1
        if len(self.skipped) < MAX_LISTED_SKIPS:
            self.skipped.append(SkippedRow(row=f"{name}#{row.line}", reason=problem))
        return None

    def _count(self, example: Example, row: Mapping[str, Any]) -> None:
        self.counts["imported"] += 1
        self._seen["weighted"] += example.weight > 0
        self._seen["bad"] += example.completion is None and example.rejected is not None
        self._seen["weight is text"] += "weight" in example.metadata
        self._seen["invalid characters"] += example.text is not None and "\ufffd" in example.text
        for column in RATING_COLUMNS & row.keys():
            if isinstance(row[column], int | float):
                self._seen[f"column {column}"] += 1

    def _finish(self) -> None:
        """Add the warnings about all rows.

        Raises:
            InvalidInput: No row has a weight above 0.
        """
        imported = self.counts["imported"]
        if imported and not self._seen["weighted"]:
            raise InvalidInput(
                f"all {imported} rows have the weight 0: nothing can be learned from them",
                "set a weight above 0, or remove the column 'weight'",
            )
        if bad := self._seen["bad"]:
            self.warnings.append(
                f"{bad} of {imported} rows are marked as bad: their answers are kept as rejected answers"
            )
        if unread := self._seen["weight is text"]:
            self.warnings.append(
                f"{unread} rows have a 'weight' that is not a number: it is metadata, and they count as weight 1"
            )
        if damaged := self._seen["invalid characters"]:
            self.warnings.append(
                f"{damaged} documents have bytes or characters that are invalid; each is replaced by U+FFFD"
            )
        for name, count in self._seen.items():
            if name.startswith("column "):
                column = name.removeprefix("column ")
                self.warnings.append(
                    f"{count} rows have a number in {column!r}: it is metadata, and does not change training"
                )
