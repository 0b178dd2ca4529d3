"""Parser of the Markdown subset of the handbook sources; all output formats share its blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NUMBERED = re.compile(r"\d+\. ")
_SPANS = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|\*(?P<italic>[^*]+)\*|`(?P<code>[^`]+)`|(?P<plain>[^*`]+)")


@dataclass(frozen=True)
class Block:
    """Heading (level 1 or 2), paragraph, list or table: `items` holds the lines of a list, `rows` those of a table."""

    kind: str
    text: str = ""
    items: list[str] = field(default_factory=list[str])
    rows: list[list[str]] = field(default_factory=list[list[str]])


def read(source: str) -> list[Block]:
    """Return the blocks of one source; blank lines separate blocks."""
    return [_block(part.strip().splitlines()) for part in re.split(r"\n\s*\n", source.strip())]


def _block(lines: list[str]) -> Block:
    first = lines[0]
    if first.startswith("# "):
        return Block("title", first[2:])
    if first.startswith("## "):
        return Block("heading", first[3:])
    if first.startswith("- "):
        return Block("bullets", items=[line[2:] for line in lines])
    if _NUMBERED.match(first):
        return Block("numbers", items=[_NUMBERED.sub("", line, count=1) for line in lines])
    if first.startswith("| "):
        cells = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
        return Block("table", rows=[cells[0], *cells[2:]])
    return Block("paragraph", " ".join(lines))


def spans(text: str) -> list[tuple[str, str]]:
    """Return the runs of a line as (style, text); styles are plain, bold, italic and code."""
    return [(str(match.lastgroup), match[0].strip("*`")) for match in _SPANS.finditer(text)]


def plain(text: str) -> str:
    """Return a line without its Markdown marks."""
    return "".join(words for _, words in spans(text))
