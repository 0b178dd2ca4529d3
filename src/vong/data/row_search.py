"""Search for rows of a version by split, text, metadata, label and origin.

A version is read block by block. The byte strings that a matching row must contain (needles) are searched in a whole
block, then in each line; only lines that contain all needles are decoded and checked. Reading a late page, or finding a
word that occurs in one of 100,000 rows, therefore costs little more than decompressing the version.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from vong.data.labels import value_at
from vong.data.versions import read_blocks
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, Message, Record
from vong.records.record import canonical_json
from vong.store.blobs import BlobStore

OriginKind = Literal["span", "row", "file", "document", "annotator"]
UNESCAPED_VALUE = re.compile(r"[A-Za-z0-9 _.-]+")
"""Label values that need no JSON escape, so that every writer encodes them the same way."""
CASE_STABLE_RUN = re.compile(rb"[0-9b-egmo-ruvxz _:.,-]{2,}")
"""Byte runs for which lower case equals case folding.

Excludes letters that non-ASCII characters fold into (the German sharp s becomes ss, the Kelvin sign becomes k).
"""


class RowFilter(Record):
    """Filter of rows. All conditions must match.

    `text` occurs in the input or completion, ignoring case. `metadata` entries are `FIELD=VALUE`, `labels` entries are
    `PATH=VALUE` (`completion.intent=refund`). `origin` is the kind of origin (`span`: a corrected model output).
    """

    split: str | None = None
    text: str | None = None
    metadata: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    origin: OriginKind | None = None

    @property
    def is_empty(self) -> bool:
        """Return True if the filter matches every row."""
        return self == RowFilter()


class CompiledRowFilter:
    """Filter prepared for searching.

    Raises:
        InvalidInput: The filter cannot be parsed.
    """

    def __init__(self, row_filter: RowFilter) -> None:
        self.row_filter = row_filter
        self.text = row_filter.text.casefold() if row_filter.text else None
        self.metadata = _parse_pairs(row_filter.metadata, "metadata", "FIELD=VALUE, for example channel=email")
        self.labels = _parse_pairs(row_filter.labels, "a label", "PATH=VALUE, for example completion.intent=refund")
        for path in self.labels:
            value_at(Example(messages=()), path)
        self.needles = [needle for needle in self._build_needles() if needle]
        self.case_stable_runs = [run for needle in self.needles for run in CASE_STABLE_RUN.findall(needle)]

    def iter_matches(self, blobs: BlobStore, version: DatasetVersion, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield the number and canonical JSON of each matching row after row number `after`."""
        number = 0
        for block in read_blocks(blobs, version):
            count = block.count(b"\n")
            if number + count > after:
                for position, line in self._candidate_lines(block):
                    if number + position > after and self._matches(line):
                        yield number + position, line
            number += count

    def _candidate_lines(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that contain all needles, numbered from 1 within the block."""
        lines = block[:-1].split(b"\n")
        if not self.needles:
            yield from enumerate(lines, 1)
            return
        low = block.lower()  # a tenth of the cost of case folding, which only non-ASCII text needs
        if not all(run in low for run in self.case_stable_runs):
            return
        folded = low if block.isascii() else _casefold(block)
        if not all(needle in folded for needle in self.needles):
            return
        for position, (line, low) in enumerate(zip(lines, folded[:-1].split(b"\n"), strict=True), 1):
            if all(needle in low for needle in self.needles):
                yield position, line

    def _build_needles(self) -> Iterator[bytes]:
        row_filter = self.row_filter
        if row_filter.split is not None:
            yield _casefold(b'"split":' + canonical_json(row_filter.split))
        if row_filter.origin is not None:
            yield b'"kind":"%s"' % row_filter.origin.encode()
        if self.text and "\n" not in self.text:  # a line break may also separate two messages
            yield _casefold(canonical_json(self.text)[1:-1])
        for name, value in self.metadata.items():
            yield _casefold(canonical_json(name))
            yield _casefold(canonical_json(value)[1:-1])
        for path, value in self.labels.items():
            yield (
                _casefold(canonical_json(value)[1:-1])
                if path == "completion" or UNESCAPED_VALUE.fullmatch(value)
                else b""
            )

    def _matches(self, line: bytes) -> bool:
        if self.row_filter.is_empty:
            return True
        row = msgspec.json.decode(line)
        metadata = row.get("metadata") or {}
        origin = row.get("origin") or {}
        return (
            (self.row_filter.split is None or metadata.get("split") == self.row_filter.split)
            and (self.row_filter.origin is None or origin.get("kind") == self.row_filter.origin)
            and all(_field_equals(metadata, name, value) for name, value in self.metadata.items())
            and (self.text is None or self.text in _searchable_text(row).casefold())
            and (not self.labels or self._labels_match(row))
        )

    def _labels_match(self, row: Mapping[str, Any]) -> bool:
        answer = row.get("completion")
        completion = answer and Message.model_construct(role="assistant", content=answer.get("content"))
        example = Example.model_construct(messages=(), completion=completion, metadata=row.get("metadata") or {})
        return all(
            (value_at(example, path) or "").casefold() == value.casefold() for path, value in self.labels.items()
        )


def count_matches(blobs: BlobStore, version: DatasetVersion, row_filter: RowFilter) -> int:
    """Return the number of matching rows. Counts per split are stored; any other filter scans the version."""
    if row_filter == RowFilter(split=row_filter.split):
        return version.rows if row_filter.split is None else version.splits.get(row_filter.split, 0)
    return sum(1 for _ in CompiledRowFilter(row_filter).iter_matches(blobs, version))


def _casefold(text: bytes) -> bytes:
    return text.lower() if text.isascii() else text.decode().casefold().encode()


def _parse_pairs(words: tuple[str, ...], what: str, form: str) -> dict[str, str]:
    """Parse `NAME=VALUE` strings into a dict.

    Raises:
        InvalidInput: A string has another form.
    """
    pairs = [word.partition("=") for word in words]
    if invalid := [
        word for word, (name, equals, _) in zip(words, pairs, strict=True) if not equals or not name.strip()
    ]:
        raise InvalidInput(f"invalid {what.removeprefix('a ')} filter {invalid[0]!r}", f"write {form}")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _field_equals(metadata: Mapping[str, Any], name: str, value: str) -> bool:
    """Return True if a field has the value as a user types it: `true`, `3` and `email` without quotes."""
    actual = metadata.get(name)
    text = actual if isinstance(actual, str) else json.dumps(actual, sort_keys=True, separators=(",", ":"))
    return name in metadata and text.casefold() == value.casefold()


def _searchable_text(row: Mapping[str, Any]) -> str:
    """Return the text of input and completion: `Example.prompt_text` and `Example.answer`, read from the JSON."""
    if isinstance(row.get("text"), str):
        return row["text"]
    parts = [_message_text(message) for message in row["messages"] if message["role"] == "user"]
    return "\n".join([*parts, _message_text(row.get("completion") or {})])


def _message_text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content or () if part.get("type") in {"text", "input_text"})
