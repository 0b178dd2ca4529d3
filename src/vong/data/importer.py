"""Import of files as Examples.

The format is detected or given, each row is named by its file and line, and invalid rows raise an error or are skipped.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from vong.data import formats
from vong.data.files import FileRow, detect_file_kind, read_rows
from vong.data.formats import Format
from vong.errors import InvalidInput
from vong.records import Example, ExampleOrigin, Record

DETECTION_ROWS = 20
"""Number of rows at the start of a file used to detect its format."""
MAX_LISTED_SKIPS = 100
"""Maximum number of skipped rows listed. The count covers all of them."""


class SkippedRow(Record):
    """Skipped row and the reason."""

    row: str
    reason: str


@dataclass
class Importer:
    """Import of files as Examples. Iterate `iter_examples()` once; the counts are final when the iteration ends.

    `files` are pairs of (path, file name to record in origins). If `format` is None, the format is detected from the
    first rows of each file. `on_error` says whether an invalid row stops the import or is counted, listed (the first
    100) and skipped.
    """

    files: Sequence[tuple[Path, str]]
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    on_error: Literal["stop", "skip"] = "stop"
    progress: Callable[[int], None] | None = None
    formats: dict[str, str] = field(default_factory=dict[str, str])
    counts: Counter[str] = field(default_factory=Counter[str])
    skipped: list[SkippedRow] = field(default_factory=list[SkippedRow])

    def iter_examples(self) -> Iterator[Example]:
        """Iterate over the Examples of all files, in order.

        Raises:
            InvalidInput: A row is invalid. The message names its file and line.
        """
        for path, name in self.files:
            rows = read_rows(path, detect_file_kind(path, name))
            first = list(islice(rows, DETECTION_ROWS))
            format_ = self._choose_format(first, name)
            for row in chain(first, rows):
                example = self._convert_row(format_, row, name)
                if example is not None:
                    yield example

    def _choose_format(self, first: Sequence[FileRow], name: str) -> Format:
        """Return the format of a file and record the choice in `formats`."""
        if not first:
            raise InvalidInput(f"{name} has no rows", "provide a file with at least one row")
        chosen = self.format
        if chosen is None:
            usable = [row.value for row in first if row.value is not None]
            if not usable:
                raise InvalidInput(
                    f"{name} line {first[0].line}: {first[0].problem}",
                    "check that the file name extension matches the content",
                )
            chosen = formats.detect_format(usable) if not self.options else "pairs"
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
            except InvalidInput as error:
                problem, hint = error.message, error.hint
            else:
                self.counts["imported"] += 1
                return example.model_copy(update={"origin": ExampleOrigin(kind="file", id=f"{name}#{row.line}")})
        if self.on_error == "stop":
            next_step = "fix the row, or skip invalid rows with --on-error skip"
            raise InvalidInput(f"{name} line {row.line}: {problem}", f"{hint}; or {next_step}" if hint else next_step)
        self.counts["skipped"] += 1
        if len(self.skipped) < MAX_LISTED_SKIPS:
            self.skipped.append(SkippedRow(row=f"{name}#{row.line}", reason=str(problem)))
        return None
