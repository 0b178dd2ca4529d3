"""Splitting of documents into chunks that are small enough to embed and to quote."""

import re
from typing import NamedTuple

from vong.knowledge.loaders import ParsedDocument

CHUNK_SIZE = 900
"""Maximum characters of a chunk: about 200 tokens, within the 256 that the embedding model reads."""
CHUNK_OVERLAP = 150
SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


class ChunkSpan(NamedTuple):
    """Chunk of a document. `start` and `end` count characters of the full text (sections joined by blank lines)."""

    heading: str
    text: str
    start: int
    end: int


def full_text(document: ParsedDocument) -> str:
    """Return the full text of a document, to which chunk positions refer."""
    return "\n\n".join(section.text for section in document.sections)


def chunk_document(
    document: ParsedDocument, *, size: int = CHUNK_SIZE, overlap: int = CHUNK_OVERLAP
) -> list[ChunkSpan]:
    """Split a document into chunks of at most `size` characters that end with a sentence and cross no heading.

    Adjacent chunks of a section share up to `overlap` characters of whole sentences. A single sentence longer than
    `size` is cut at `size`.
    """
    chunks: list[ChunkSpan] = []
    offset = 0
    for section in document.sections:
        for start, end in _chunk_windows(_sentence_spans(section.text, size), size, overlap):
            chunks.append(ChunkSpan(section.heading, section.text[start:end], offset + start, offset + end))
        offset += len(section.text) + 2
    return chunks


def _sentence_spans(text: str, size: int) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence, split to at most `size` characters."""
    spans: list[tuple[int, int]] = []
    start = 0
    for end, following in [
        *((match.start(), match.end()) for match in SENTENCE_END.finditer(text)),
        (len(text), len(text)),
    ]:
        for cut in range(start, end, size):
            spans.append((cut, min(cut + size, end)))
        start = following
    return spans


def _chunk_windows(sentences: list[tuple[int, int]], size: int, overlap: int) -> list[tuple[int, int]]:
    windows: list[tuple[int, int]] = []
    first = 0
    while first < len(sentences):
        last = first
        while last + 1 < len(sentences) and sentences[last + 1][1] - sentences[first][0] <= size:
            last += 1
        windows.append((sentences[first][0], sentences[last][1]))
        if last + 1 == len(sentences):
            break
        following = last + 1
        while following - 1 > first and sentences[last][1] - sentences[following - 1][0] <= overlap:
            following -= 1
        first = following
    return windows
