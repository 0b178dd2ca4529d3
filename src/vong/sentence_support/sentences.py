"""Sentences of a text with their offsets."""

import re
from typing import NamedTuple

CITATION_MARKER = re.compile(r"\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]")
"""Citation in an answer: `[1]` or `[1, 2]`."""
ABBREVIATIONS = (
    "mr|mrs|ms|dr|prof|st|no|vs|etc|e\\.g|i\\.e|approx|fig|inc|ltd|co|corp|jr|sr|dept|art|vol|pp|tp|ts|ths|gs|bs|q"
)
BOUNDARY = re.compile(r"[.!?…。！？]+[\"'”’)]*(?=\s|\[|$)|[。！？]|\n+")
"""End of a sentence: a full stop before a space, or a line break."""
ABBREVIATION_END = re.compile(rf"(?:^|[\s(])(?:{ABBREVIATIONS}|[A-Za-zĐđ])\.$", re.IGNORECASE)
"""Text before a full stop that does not end a sentence: an abbreviation or an initial."""
TRAILING_MARKERS = re.compile(rf"(?:[ \t]*{CITATION_MARKER.pattern})+[ \t]*[.!?…]?")
"""Citations after the end of a sentence, which belong to it."""
LIST_NUMBER = re.compile(r"^\s*\d{1,3}[.)]$")


class Sentence(NamedTuple):
    """Sentence of a text: `text[start:end]`, and the passages that it cites by number."""

    text: str
    start: int
    end: int
    cited: tuple[int, ...] = ()

    @property
    def plain(self) -> str:
        """Return the sentence without its citations."""
        return " ".join(CITATION_MARKER.sub(" ", self.text).split()).replace(" .", ".")


def split_sentences(text: str) -> list[Sentence]:
    """Return the sentences of a text in order, without surrounding spaces. Citations belong to the sentence before."""
    found: list[Sentence] = []
    start = 0
    for boundary in BOUNDARY.finditer(text):
        end = boundary.end()
        if end <= start or _is_abbreviation(text[start:end], boundary.group()):
            continue
        markers = TRAILING_MARKERS.match(text, end)
        end = markers.end() if markers else end
        _append(found, text, start, end)
        start = end
    _append(found, text, start, len(text))
    return found


def find_cited_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers that a text cites, each once, in order."""
    numbers = [int(number) for marker in CITATION_MARKER.findall(text) for number in marker.split(",")]
    return tuple(dict.fromkeys(numbers))


def _is_abbreviation(text: str, boundary: str) -> bool:
    return boundary == "." and (ABBREVIATION_END.search(text) is not None or LIST_NUMBER.match(text) is not None)


def _append(found: list[Sentence], text: str, start: int, end: int) -> None:
    part = text[start:end]
    stripped = part.strip()
    if not stripped:
        return
    start += len(part) - len(part.lstrip())
    found.append(Sentence(stripped, start, start + len(stripped), find_cited_numbers(stripped)))
