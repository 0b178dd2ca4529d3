"""Loader for tables of text: CSV, TSV and other separators."""

import csv
import io
import sys

from vong.knowledge.loading.document import ParsedDocument
from vong.knowledge.loading.encoding import decode_text
from vong.knowledge.loading.sections import SectionBuilder

SAMPLE_CHARS = 64_000
SEPARATORS = ",;\t|"
MAX_FIELD_CHARS = 10_000_000


def load_csv(content: bytes, path: str) -> ParsedDocument:
    """Load a table. Cells of a row are separated by ` | `, and the separator of the file is detected.

    Raises: InvalidInput if the bytes are not text.
    """
    text, note = decode_text(content, path)
    builder = SectionBuilder()
    builder.notes += [note] if note else []
    csv.field_size_limit(min(MAX_FIELD_CHARS, sys.maxsize))
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\0", " "), newline=""), _find_dialect(text)))
    except csv.Error as error:
        builder.notes.append(f"read as plain text, because it is not a table: {error}")
        builder.add_text(text)
        return builder.build(path)
    builder.add_text("\n".join(format_row(row) for row in rows if any(cell.strip() for cell in row)), "table")
    return builder.build(path)


def format_row(cells: list[str]) -> str:
    """Return the cells of a row in one line, without empty ones at the end."""
    cleaned = [" ".join(cell.split()) for cell in cells]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    return " | ".join(cleaned)


def _find_dialect(text: str) -> type[csv.Dialect]:
    lines = text[:SAMPLE_CHARS].splitlines()[:50]
    counts = {sign: [line.count(sign) for line in lines if line.strip()] for sign in SEPARATORS}
    # The separator occurs in most lines, and about equally often.
    best = max(SEPARATORS, key=lambda sign: (sum(count > 0 for count in counts[sign]), sum(counts[sign])))

    class Dialect(csv.excel):
        delimiter = best

    return Dialect
