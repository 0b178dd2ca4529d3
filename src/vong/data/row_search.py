"""Finding rows of a version: by split, text, metadata, label and origin, without reading what cannot fit.

A version is read block by block. What a row must hold to fit (its needles) is looked for in the bytes of a whole block,
then of a line; only lines that hold all of them are read as JSON and judged. So a page late in a version, or a word
that one row in 100,000 has, costs little more than unpacking the version.
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
"""Label values that stand in a JSON answer as they are, whoever wrote it."""
STEADY = re.compile(rb"[0-9b-egmo-ruvxz _:.,-]{2,}")
"""Runs of signs that no letter beyond ASCII folds into (\u00df becomes ss, the Kelvin sign k): lower case is enough."""


class RowFilter(Record):
    """Which rows. `text` stands in question or answer, in any case; `metadata` are `FIELD=VALUE`, `labels` are
    `PATH=VALUE` (`completion.intent=refund`); `origin` says where rows came from (`span`: a correction of an answer).
    """

    split: str | None = None
    text: str | None = None
    metadata: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    origin: OriginKind | None = None

    @property
    def empty(self) -> bool:
        """Whether every row fits."""
        return self == RowFilter()


class CompiledRowFilter:
    """A filter, made ready. InvalidInput for a filter that cannot be read."""

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
        """The rows that fit, behind that number: each number and its canonical JSON."""
        number = 0
        for block in read_blocks(blobs, version):
            count = block.count(b"\n")
            if number + count > after:
                for place, line in self._lines(block):
                    if number + place > after and self._fits(line):
                        yield number + place, line
            number += count

    def _lines(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """The lines that hold all needles, counted from 1 within the block."""
        lines = block[:-1].split(b"\n")
        if not self.needles:
            yield from enumerate(lines, 1)
            return
        low = block.lower()  # a tenth of the cost of folding, which accented text needs
        if not all(run in low for run in self.steady):
            return
        folded = low if block.isascii() else _folded(block)
        if not all(needle in folded for needle in self.needles):
            return
        for place, (line, low) in enumerate(zip(lines, folded[:-1].split(b"\n"), strict=True), 1):
            if all(needle in low for needle in self.needles):
                yield place, line

    def _needles(self) -> Iterator[bytes]:
        wanted = self.wanted
        if wanted.split is not None:
            yield _folded(b'"split":' + canonical_json(wanted.split))
        if wanted.origin is not None:
            yield b'"kind":"%s"' % wanted.origin.encode()
        if self.text and "\n" not in self.text:  # a line break may lie between two messages
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
        said = answer and Message.model_construct(role="assistant", content=answer.get("content"))
        example = Example.model_construct(messages=(), completion=said, metadata=row.get("metadata") or {})
        return all((at(example, path) or "").casefold() == value.casefold() for path, value in self.labels.items())


def count(blobs: BlobStore, version: DatasetVersion, wanted: RowFilter) -> int:
    """How many rows fit. Those of a split alone are known; anything else is counted."""
    if wanted == RowFilter(split=wanted.split):
        return version.rows if wanted.split is None else version.splits.get(wanted.split, 0)
    return sum(1 for _ in CompiledRowFilter(wanted).numbers(blobs, version))


def _folded(text: bytes) -> bytes:
    return text.lower() if text.isascii() else text.decode().casefold().encode()


def _pairs(words: tuple[str, ...], what: str, form: str) -> dict[str, str]:
    """`NAME=VALUE` words as a dict. InvalidInput for any other."""
    pairs = [word.partition("=") for word in words]
    if wrong := [word for word, (name, equals, _) in zip(words, pairs, strict=True) if not equals or not name.strip()]:
        raise InvalidInput(f"{wrong[0]!r} names no {what.removeprefix('a ')}", f"write {form}")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _says(metadata: Mapping[str, Any], name: str, value: str) -> bool:
    """Whether a field has that value, as a person writes it: `true`, `3` and `email` without quotes."""
    held = metadata.get(name)
    written = held if isinstance(held, str) else json.dumps(held, sort_keys=True, separators=(",", ":"))
    return name in metadata and written.casefold() == value.casefold()


def _said(row: Mapping[str, Any]) -> str:
    """The text of what is asked and answered: `Example.prompt_text` and `Example.answer`, read off the JSON."""
    asked = [_content(message) for message in row["messages"] if message["role"] == "user"]
    return "\n".join([*asked, _content(row.get("completion") or {})])


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content or () if part.get("type") in {"text", "input_text"})
