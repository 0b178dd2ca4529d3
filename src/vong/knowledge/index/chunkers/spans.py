"""Splitting of text into sentences and windows that are measured in tokens of the embedding model."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import regex

CountTokens = Callable[[Sequence[str]], list[int]]

SENTENCE_END = regex.compile(r"(?<=[.!?…][\"')\]»”’]*)\s+|(?<=[。！？｡][」』”’）]*)\s*|\n+|(?<=[។။।])\s*")
"""Boundaries after the end of a sentence; also those of Chinese and Japanese (。！？), Khmer, Burmese and Hindi."""
LINE_END = regex.compile(r"\n+")
CLAUSE_END = regex.compile(r"(?<=[;:,])\s+|(?<=[；：，、])")
WORD = regex.compile(r"\S+\s*")


class TextSpan(NamedTuple):
    """Part of a text with its number of tokens."""

    start: int
    end: int
    tokens: int


def split_lines(text: str, max_tokens: int, count_tokens: CountTokens) -> list[TextSpan]:
    """Return the lines of a text, as the rows of a table. A line longer than `max_tokens` is split as a sentence."""
    return _split_at(text, LINE_END, max_tokens, count_tokens)


def split_sentences(text: str, max_tokens: int, count_tokens: CountTokens) -> list[TextSpan]:
    """Return the sentences of a text. A longer one than `max_tokens` is split at clauses, then between words.

    A single word longer than `max_tokens`, as in a text without spaces or encoded data, is split between characters.
    """
    return _split_at(text, SENTENCE_END, max_tokens, count_tokens)


def _split_at(text: str, boundary: "regex.Pattern[str]", max_tokens: int, count_tokens: CountTokens) -> list[TextSpan]:
    spans = _split(text, 0, len(text), boundary)
    counts = count_tokens([text[start:end] for start, end in spans])
    found: list[TextSpan] = []
    for (start, end), tokens in zip(spans, counts, strict=True):
        if tokens <= max_tokens:
            found.append(TextSpan(start, end, tokens))
        else:
            found += _split_long(text, start, end, max_tokens, count_tokens)
    return found


def pack(spans: Sequence[TextSpan], max_tokens: int, overlap: int) -> list[tuple[int, int]]:
    """Return windows (first, last) of adjacent spans with at most `max_tokens` tokens.

    Adjacent windows share whole spans of at most `overlap` tokens.
    """
    windows: list[tuple[int, int]] = []
    first = 0
    while first < len(spans):
        last, total = first, spans[first].tokens
        while last + 1 < len(spans) and total + spans[last + 1].tokens <= max_tokens:
            last += 1
            total += spans[last].tokens
        windows.append((first, last))
        if last + 1 == len(spans):
            break
        following, shared = last + 1, 0
        while following - 1 > first and shared + spans[following - 1].tokens <= overlap:
            following -= 1
            shared += spans[following].tokens
        if following <= last and shared + spans[last + 1].tokens > max_tokens:
            following = last + 1
        first = following
    return windows


def _split(text: str, start: int, end: int, boundary: "regex.Pattern[str]") -> list[tuple[int, int]]:
    """Return the parts of a text between boundaries, without the space around them and empty parts."""
    parts: list[tuple[int, int]] = []
    at = start
    for match in boundary.finditer(text, start, end):
        parts.append((at, match.start()))
        at = match.end()
    parts.append((at, end))
    return [trimmed for part in parts if (trimmed := _trim(text, *part))[0] < trimmed[1]]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _split_long(text: str, start: int, end: int, max_tokens: int, count_tokens: CountTokens) -> list[TextSpan]:
    """Split a sentence that is too long at clauses, a clause at words, and a word at characters."""
    for boundary in (CLAUSE_END, WORD):
        parts = _split(text, start, end, boundary) if boundary is CLAUSE_END else _words(text, start, end)
        if len(parts) > 1:
            counts = count_tokens([text[part[0] : part[1]] for part in parts])
            pieces = [TextSpan(*part, tokens) for part, tokens in zip(parts, counts, strict=True)]
            if boundary is CLAUSE_END and max(counts) > max_tokens:
                continue
            found: list[TextSpan] = []
            for first, last in pack(pieces, max_tokens, 0):
                if first == last and pieces[first].tokens > max_tokens:
                    found += _split_characters(text, pieces[first], max_tokens, count_tokens)
                else:
                    tokens = sum(piece.tokens for piece in pieces[first : last + 1])
                    found.append(TextSpan(pieces[first].start, pieces[last].end, tokens))
            return found
    return _split_characters(text, TextSpan(start, end, 0), max_tokens, count_tokens)


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [_trim(text, match.start(), match.end()) for match in WORD.finditer(text, start, end)]


def _split_characters(text: str, span: TextSpan, max_tokens: int, count_tokens: CountTokens) -> list[TextSpan]:
    """Split a word of many tokens. A combining mark stays with its character."""
    found: list[TextSpan] = []
    start = span.start
    while start < span.end:
        size = min(span.end - start, max_tokens)
        (tokens,) = count_tokens([text[start : start + size]])
        while tokens > max_tokens and size > 1:
            size = max(1, size * max_tokens // tokens - 1)
            (tokens,) = count_tokens([text[start : start + size]])
        while start + size < span.end and regex.match(r"\p{M}", text[start + size]):
            size += 1
        found.append(TextSpan(start, start + size, tokens))
        start += size
    return found
