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

from vong.data.labels import at
from vong.data.versions import read_blocks
from vong.errors import InvalidInput
from vong.records import DatasetVersion, Example, Message, Record
from vong.records.record import canonical_json
from vong.store.blobs import BlobStore

OriginKind = Literal["span", "row", "file", "document", "annotator"]
PLAIN = re.compile(r"[A-Za-z0-9 _.-]+")
"""Label values that need no JSON escape, so that every writer encodes them the same way."""
STEADY = re.compile(rb"[0-9b-egmo-ruvxz _:.,-]{2,}")
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
    def empty(self) -> bool:
        """Return True if the filter matches every row."""
        return self == RowFilter()


class CompiledRowFilter:
    """Filter prepared for searching.

    Raises:
        InvalidInput: The filter cannot be parsed.
    """

    def __init__(self, wanted: RowFilter) -> None:
        self.wanted = wanted
        self.text = wanted.text.casefold() if wanted.text else None
        self.metadata = _pairs(wanted.metadata, "metadata", "FIELD=VALUE, for example channel=email")
        self.labels = _pairs(wanted.labels, "a label", "PATH=VALUE, for example completion.intent=refund")
        for path in self.labels:
            at(Example(messages=()), path)
        self.needles = [needle for needle in self._needles() if needle]
        self.steady = [run for needle in self.needles for run in STEADY.findall(needle)]

    def numbers(self, blobs: BlobStore, version: DatasetVersion, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield the number and canonical JSON of each matching row after row number `after`."""
        number = 0
        for block in read_blocks(blobs, version):
            count = block.count(b"\n")
            if number + count > after:
                for position, line in self._lines(block):
                    if number + position > after and self._fits(line):
                        yield number + position, line
            number += count

    def _lines(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that contain all needles, numbered from 1 within the block."""
        lines = block[:-1].split(b"\n")
        if not self.needles:
            yield from enumerate(lines, 1)
            return
        low = block.lower()  # a tenth of the cost of case folding, which only non-ASCII text needs
        if not all(run in low for run in self.steady):
            return
        folded = low if block.isascii() else _folded(block)
        if not all(needle in folded for needle in self.needles):
            return
        for position, (line, low) in enumerate(zip(lines, folded[:-1].split(b"\n"), strict=True), 1):
            if all(needle in low for needle in self.needles):
                yield position, line

    def _needles(self) -> Iterator[bytes]:
        row_filter = self.wanted
        if row_filter.split is not None:
            yield _folded(b'"split":' + canonical_json(row_filter.split))
        if row_filter.origin is not None:
            yield b'"kind":"%s"' % row_filter.origin.encode()
        if self.text and "\n" not in self.text:  # a line break may also separate two messages
            yield _folded(canonical_json(self.text)[1:-1])
        for name, value in self.metadata.items():
            yield _folded(canonical_json(name))
            yield _folded(canonical_json(value)[1:-1])
        for path, value in self.labels.items():
            yield _folded(canonical_json(value)[1:-1]) if path == "completion" or PLAIN.fullmatch(value) else b""

    def _fits(self, line: bytes) -> bool:
        if self.wanted.empty:
            return True
        row = msgspec.json.decode(line)
        metadata = row.get("metadata") or {}
        origin = row.get("origin") or {}
        return (
            (self.wanted.split is None or metadata.get("split") == self.wanted.split)
            and (self.wanted.origin is None or origin.get("kind") == self.wanted.origin)
            and all(_says(metadata, name, value) for name, value in self.metadata.items())
            and (self.text is None or self.text in _said(row).casefold())
            and (not self.labels or self._labelled(row))
        )

    def _labelled(self, row: Mapping[str, Any]) -> bool:
        answer = row.get("completion")
        completion = answer and Message.model_construct(role="assistant", content=answer.get("content"))
        example = Example.model_construct(messages=(), completion=completion, metadata=row.get("metadata") or {})
        return all((at(example, path) or "").casefold() == value.casefold() for path, value in self.labels.items())


def count(blobs: BlobStore, version: DatasetVersion, wanted: RowFilter) -> int:
    """Return the number of matching rows. Counts per split are stored; any other filter scans the version."""
    if wanted == RowFilter(split=wanted.split):
        return version.rows if wanted.split is None else version.splits.get(wanted.split, 0)
    return sum(1 for _ in CompiledRowFilter(wanted).numbers(blobs, version))


def _folded(text: bytes) -> bytes:
    return text.lower() if text.isascii() else text.decode().casefold().encode()


def _pairs(words: tuple[str, ...], what: str, form: str) -> dict[str, str]:
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


def _says(metadata: Mapping[str, Any], name: str, value: str) -> bool:
    """Return True if a field has the value as a user types it: `true`, `3` and `email` without quotes."""
    actual = metadata.get(name)
    text = actual if isinstance(actual, str) else json.dumps(actual, sort_keys=True, separators=(",", ":"))
    return name in metadata and text.casefold() == value.casefold()


def _said(row: Mapping[str, Any]) -> str:
    """Return the text of input and completion: `Example.prompt_text` and `Example.answer`, read from the JSON."""
    parts = [_content(message) for message in row["messages"] if message["role"] == "user"]
    return "\n".join([*parts, _content(row.get("completion") or {})])


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content or () if part.get("type") in {"text", "input_text"})
