"""Reader of CSV and TSV files as people save them: any delimiter, `sep=` line, bad quotes, empty rows."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vong.data.files.source import MAX_LINE_BYTES, DataFile, FileRow, open_text
from vong.errors import InvalidInput

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_CHARS = 262_144
SAMPLE_ROWS = 50
SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(.)"?\s*', re.IGNORECASE)
"""First line by which Excel names the delimiter."""
INVALID_BYTE = re.compile("[\udc80-\udcff]")


class _Dialect(NamedTuple):
    """How cells are separated."""

    delimiter: str
    skips_space: bool = False

    def parse(self, lines: Iterable[str], *, strict: bool) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.skips_space, strict=strict)


def read_csv(file: DataFile) -> Iterator[FileRow]:
    """Stream the rows of a table. Rows without any text are left out.

    Raises:
        InvalidInput: The first line does not name the columns.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    with open_text(file) as text:
        lines = _Lines(text)
        sample = lines.peek()
        dialect, skipped = _detect_dialect(sample, file.kind == "tsv")
        for _ in range(skipped):
            next(lines)
        records = _iter_records(lines, dialect)
        first = next((record for record in records if record.problem or any(map(str.strip, record.cells))), None)
        if first is None:
            return
        if first.problem:
            raise InvalidInput(f"the first line is not CSV: {first.problem}", "fix the quotes of the column names")
        names = _column_names(first.cells)
        for record in records:
            if record.problem or any(cell.strip() for cell in record.cells):
                yield _to_row(record, names)


class _Record(NamedTuple):
    """Cells of one row, which may span several lines, or the problem; `line` is the number of its first line."""

    line: int
    cells: list[str]
    problem: str | None = None


class _Lines(Iterator[str]):
    """Lines of a text that remember those of the current record, so that they can be read again."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self.record: list[str] = []
        self.number = 0

    def peek(self) -> list[str]:
        """Return the first lines without consuming them. The last one may be cut."""
        sample = self._text.read(SAMPLE_CHARS)
        if len(sample) == SAMPLE_CHARS:
            sample += self._text.readline(MAX_LINE_BYTES)
        self._waiting.extend(io.StringIO(sample, newline=""))
        return list(self._waiting)

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._text.readline(MAX_LINE_BYTES)
        if not line:
            raise StopIteration
        self.number += 1
        self.record.append(line)
        return line

    def finish_record(self) -> None:
        """Forget the lines of the current record."""
        self.record.clear()

    def drop_first_line(self) -> None:
        """Give back all lines of the current record but the first."""
        given_back = self.record[1:]
        self._waiting.extendleft(reversed(given_back))
        self.number -= len(given_back)
        self.record.clear()


def _iter_records(lines: _Lines, dialect: _Dialect) -> Iterator[_Record]:
    """Yield the records. A record with a bad quote loses its first line only: reading continues on the next line."""
    lines.finish_record()
    while True:
        reader = dialect.parse(lines, strict=True)
        try:
            for cells in reader:
                yield _Record(lines.number - len(lines.record) + 1, cells)
                lines.finish_record()
            return
        except csv.Error as error:
            line = lines.number - len(lines.record) + 1
            lines.drop_first_line()
            yield _Record(line, [], f"{error} (double the quotes inside a quoted cell)")


def _to_row(record: _Record, names: list[str]) -> FileRow:
    if record.problem:
        return FileRow(record.line, None, f"the row is not CSV: {record.problem}")
    cells = record.cells
    while len(cells) > len(names) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(names):
        return FileRow(record.line, None, f"the row has {len(cells)} cells, the first line {len(names)}")
    for name, cell in zip(names, cells, strict=True):
        if not cell.isascii() and (found := INVALID_BYTE.search(cell)):
            byte = ord(found[0]) - 0xDC00
            return FileRow(record.line, None, f"the column {name!r} contains the byte 0x{byte:02x}, which is not UTF-8")
    return FileRow(record.line, dict(zip(names, cells, strict=True)))


def _column_names(cells: list[str]) -> list[str]:
    """Return the names of the columns, without empty names at the end except one.

    Raises:
        InvalidInput: The names are not unique.
    """
    names = [cell.removeprefix("\ufeff").strip() for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    if len(set(names)) != len(names) or not any(names):
        raise InvalidInput(f"the first line has no unique column names: {names}", "give each column a unique name")
    return names


def _detect_dialect(sample: list[str], prefers_tab: bool) -> tuple[_Dialect, int]:
    """Return the dialect, and the number of lines before the column names.

    Each delimiter parses the first lines, with regard to quotes. The one under which most rows have as many cells as
    the first line wins, then the one with more cells.
    """
    if sample and (separator := SEPARATOR_LINE.fullmatch(sample[0])):
        return _Dialect(separator[1]), 1
    delimiters = ("\t", *(item for item in DELIMITERS if item != "\t")) if prefers_tab else DELIMITERS
    dialects = [_Dialect(delimiter, skips) for skips in (False, True) for delimiter in delimiters]
    best, best_score = dialects[0], (0.0, 0)
    for dialect in dialects:
        score = _score_dialect(sample, dialect)
        if prefers_tab and dialect == dialects[0] and score[1] > 1:
            return dialect, 0
        if score > best_score:
            best, best_score = dialect, score
    return best, 0


def _score_dialect(sample: list[str], dialect: _Dialect) -> tuple[float, int]:
    """Return the share of rows with as many cells as the first line, and that number of cells."""
    rows: list[list[str]] = []
    try:
        for cells in dialect.parse(sample, strict=False):
            if any(cell.strip() for cell in cells):
                rows.append(cells)
            if len(rows) > SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    width = len(rows[0])
    others = rows[1:]
    alike = sum(len(cells) == width for cells in others) / len(others) if others else 1.0
    return round(alike, 1), width
