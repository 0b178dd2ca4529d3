"""Reader of plain text and Markdown: one row per document, or per part of a long document."""

import re
from collections.abc import Iterator

from vong.data.files.source import BLOCK_BYTES, DataFile, FileRow, open_text

MAX_PART_CHARS = 100_000
"""Maximum length of a row. A longer document becomes several rows, cut at the end of a paragraph, line or word."""
DOCUMENT_END = "<|endoftext|>"
"""Mark between documents in text files of corpora. It never occurs in ordinary text."""
MIN_REST_CHARS = 64
"""Minimum length of the rest after a cut. A mark between documents is never cut."""
BREAKS = ("\n\n", "\n", " ")
"""Places for a cut, in order of preference."""
LINE_END = re.compile(r"\r\n?")


def read_text(file: DataFile) -> Iterator[FileRow]:
    """Stream the documents of a file, without empty ones. The parts of a document, joined, are its text.

    A row has the `text`, the `document` (the file name, with a number from the second document on) and, from the second
    part on, the number of the `part`.
    """
    line, document, part = 1, 0, 1
    for text, is_end in _iter_pieces(file):
        if text.strip():
            document += part == 1
            name = f"{file.name}#{document}" if document > 1 else file.name
            yield FileRow(line, {"text": text, "document": name} | ({"part": part} if part > 1 else {}))
            part += 1
        line += text.count("\n")
        part = 1 if is_end else part


def _iter_pieces(file: DataFile) -> Iterator[tuple[str, bool]]:
    """Yield pieces of text, and if a document ends after the piece."""
    pending = ""
    for block in _iter_blocks(file):
        *ended, pending = (pending + block).split(DOCUMENT_END)
        for text in ended:
            *pieces, last = _cut(text)
            yield from ((piece, False) for piece in pieces)
            yield last, True
        *pieces, pending = _cut(pending)
        yield from ((piece, False) for piece in pieces)
    yield pending, True


def _cut(text: str) -> list[str]:
    """Return the parts of a text; the last one is at most slightly longer than `MAX_PART_CHARS`."""
    parts: list[str] = []
    start = 0
    while len(text) - start > MAX_PART_CHARS + MIN_REST_CHARS:
        end = start + MAX_PART_CHARS
        found = (text.rfind(mark, start + MAX_PART_CHARS // 2, end) + len(mark) for mark in BREAKS)
        cut = next((place for place in found if place > start + MAX_PART_CHARS // 2), end)
        parts.append(text[start:cut])
        start = cut
    return [*parts, text[start:]]


def _iter_blocks(file: DataFile) -> Iterator[str]:
    """Yield the text in blocks, with line feeds as line ends."""
    with open_text(file) as stream:
        pending = ""
        while block := stream.read(BLOCK_BYTES):
            text = pending + block
            pending = "\r" if text.endswith("\r") else ""
            yield LINE_END.sub("\n", text[: len(text) - len(pending)])
        yield LINE_END.sub("\n", pending)
