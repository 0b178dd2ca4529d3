"""Citations in the answer of a model: markers such as 【1】 or [1], which become annotations of the text."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from vong.gateway.endpoints.file_search import FileHit

MARKER_PATTERN = re.compile(
    r"(?P<space>[ \t]?)(?:【(?:\d{1,3}:(?P<source>\d{1,3})|(?P<wide>\d{1,3}))[^】]{0,60}】|"
    r"\[(?P<plain>\d{1,3}(?:\s*,\s*\d{1,3})*)\])"
)
"""Markers. A number in brackets directly after a word is an index in code, such as `items[1]`, and no marker."""
PARTIAL_PATTERN = re.compile(r"[^\]】]?[ \t]?(?:【[^】]{0,64}|\[[\d,\s]{0,24})$|[^\]】][ \t]?$", re.DOTALL)
"""End of a text that may belong to a marker: its beginning, or the characters before it."""
NO_MARKER_AFTER = re.compile(r"[\w\])}]$")
SENTENCE_PATTERN = re.compile(r"[^.!?…。！？\n]+[.!?…。！？]*")
WORD_PATTERN = re.compile(r"[^\W_]{3,}")
MIN_SENTENCE_WORDS = 3
MIN_OVERLAP = 0.6
"""Share of the words of a sentence that a passage must contain to be cited for it."""


class CitationReader:
    """Reader of one text as it arrives: removes the markers and collects annotations."""

    def __init__(self, hits: Sequence[FileHit]) -> None:
        self._hits = hits
        self._pending = ""
        self.text = ""
        """Text without markers up to now."""
        self._ends_with_marker = False
        self.annotations: list[dict[str, Any]] = []

    def feed(self, delta: str) -> tuple[str, list[dict[str, Any]]]:
        """Return the text and the annotations that are complete after this part."""
        self._pending += delta
        partial = PARTIAL_PATTERN.search(self._pending)
        cut = partial.start() if partial else len(self._pending)
        ready, self._pending = self._pending[:cut], self._pending[cut:]
        return self._read(ready)

    def finish(self) -> tuple[str, list[dict[str, Any]]]:
        """Return the rest of the text. A text without markers is cited by its words."""
        text, annotations = self._read(self._pending)
        self._pending = ""
        if not self.annotations:
            annotations = list(self._cite_by_words())
            self.annotations += annotations
        return text, annotations

    def _read(self, text: str) -> tuple[str, list[dict[str, Any]]]:
        before, start, added = len(self.text), 0, list[dict[str, Any]]()
        while (match := MARKER_PATTERN.search(text, start)) is not None:
            self._append(text[start : match.start()])
            numbers = [int(number) for number in re.findall(r"\d+", match["wide"] or match["plain"] or "")]
            if match["source"] is not None:  # 【4:0†source】, as OpenAI's models count from zero
                numbers = [int(match["source"]) + 1]
            start = match.end()
            if self._is_marker(match, numbers):
                added += [self._annotate(number, len(self.text)) for number in dict.fromkeys(numbers)]
                self._ends_with_marker = True
            else:
                self._append(match[0])
        self._append(text[start:])
        self.annotations += added
        return self.text[before:], added

    def _append(self, text: str) -> None:
        if text:
            self.text += text
            self._ends_with_marker = False

    def _is_marker(self, match: re.Match[str], numbers: Sequence[int]) -> bool:
        """Return True if all numbers are those of results, and a bracket does not follow a word."""
        follows_word = match["plain"] is not None and not match["space"] and NO_MARKER_AFTER.search(self.text)
        return self._are_known(numbers) and (self._ends_with_marker or not follows_word)

    def _are_known(self, numbers: Sequence[int]) -> bool:
        return all(1 <= number <= len(self._hits) for number in numbers)

    def _annotate(self, number: int, position: int) -> dict[str, Any]:
        hit = self._hits[number - 1]
        return {"type": "file_citation", "index": position, "file_id": hit.file_id, "filename": hit.filename}

    def _cite_by_words(self) -> Iterator[dict[str, Any]]:
        """Yield an annotation for each sentence whose words are those of a passage, once per file."""
        passages = [_words(hit.text) for hit in self._hits]
        cited = set[str]()
        for sentence in SENTENCE_PATTERN.finditer(self.text):
            words = _words(sentence[0])
            if len(words) < MIN_SENTENCE_WORDS or not passages:
                continue
            overlaps = [len(words & passage) / len(words) for passage in passages]
            best = max(range(len(overlaps)), key=overlaps.__getitem__)
            if overlaps[best] >= MIN_OVERLAP and self._hits[best].file_id not in cited:
                cited.add(self._hits[best].file_id)
                yield self._annotate(best + 1, sentence.end())


def _words(text: str) -> set[str]:
    return {word.casefold() for word in WORD_PATTERN.findall(text)}
