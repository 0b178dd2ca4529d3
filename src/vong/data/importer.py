"""Files into Examples: the format found or given, each row named by its file and line, bad rows told or skipped."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from vong.data import formats
from vong.data.files import FileRow, kind_of, read_rows
from vong.data.formats import Format
from vong.errors import InvalidInput
from vong.records import Example, ExampleOrigin, Record

LOOKED_AT = 20
LISTED = 100


class SkippedRow(Record):
    """A row that was left out, and why."""

    row: str
    reason: str


@dataclass
class Importer:
    """Examples out of files. Iterate `examples()` once; the counts are complete when it has ended.

    `files` are (path, the name that origins carry). `format` None looks at the first rows of each file.
    `on_error` says whether a bad row ends the import or is counted, listed (the first 100) and left out.
    """

    files: Sequence[tuple[Path, str]]
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    on_error: Literal["stop", "skip"] = "stop"
    progress: Callable[[int], None] | None = None
    formats: dict[str, str] = field(default_factory=dict[str, str])
    counts: Counter[str] = field(default_factory=Counter[str])
    skipped: list[SkippedRow] = field(default_factory=list[SkippedRow])

    def examples(self) -> Iterator[Example]:
        """All Examples of all files, in order. InvalidInput names file and line of a bad row."""
        for path, name in self.files:
            rows = read_rows(path, kind_of(path, name))
            first = list(islice(rows, LOOKED_AT))
            found = self._format(first, name)
            for row in chain(first, rows):
                example = self._example(found, row, name)
                if example is not None:
                    yield example

    def _format(self, first: Sequence[FileRow], name: str) -> Format:
        """The format, and its choice noted."""
        if not first:
            raise InvalidInput(f"{name} has no rows", "give a file with at least one row")
        chosen = self.format
        if chosen is None:
            usable = [row.value for row in first if row.value is not None]
            if not usable:
                raise InvalidInput(
                    f"{name} line {first[0].line}: {first[0].problem}", "is the file what its name says?"
                )
            chosen = formats.detect(usable) if not self.options else "pairs"
        self.formats[name] = chosen
        return formats.make(chosen, self.options)

    def _example(self, format_: Format, row: FileRow, name: str) -> Example | None:
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
            next_step = "mend the row, or leave bad rows out with --on-error skip"
            raise InvalidInput(f"{name} line {row.line}: {problem}", f"{hint}; or {next_step}" if hint else next_step)
        self.counts["skipped"] += 1
        if len(self.skipped) < LISTED:
            self.skipped.append(SkippedRow(row=f"{name}#{row.line}", reason=str(problem)))
        return None
