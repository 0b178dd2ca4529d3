"""Check of GGUF files: the header, and that all tensors are inside the file."""

import math
import struct
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from vong.embedding_models import EmbeddingTask
from vong.errors import InvalidInput

MAGIC = b"GGUF"
VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32

MAX_TEXT_BYTES = 64_000_000
MAX_ITEMS = 10_000_000
"""Largest numbers of tensors, fields and elements of a list. A larger one is a sign of a damaged file."""

MAX_AXES = 8

RANK_POOLING = 4
"""Pooling of a reranker. Others but 0 are those of embedding models."""
EMBEDDING_ARCHITECTURES = {
    *("bert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "modern-bert", "neo-bert", "nomic-bert"),
    *("nomic-bert-moe", "eurobert", "t5encoder"),
}
"""Architectures that generate no text."""

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Formats of the values of fields by the number of their type."""
TEXT_TYPE, LIST_TYPE = 8, 9

BLOCKS = {
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)},
    **{16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82)},
    **{23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2)},
    **{34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18)},
}
"""Values and bytes of a block by the number of the tensor's type. Tensors of other types have an unknown size."""


class GgufHeader(NamedTuple):
    """Fields of a GGUF file that are no lists, and the size that its tensors need at least."""

    fields: dict[str, Any]
    bytes: int


def is_gguf(path: Path) -> bool:
    """Return True if a path is a file that begins as GGUF. Its name does not matter."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == MAGIC


def check_gguf(file: Path) -> EmbeddingTask | None:
    """Check that a file is a complete GGUF file with a language model.

    Returns what the model computes if it generates no text.

    Raises:
        InvalidInput: It is not, with the reason.
    """
    header = read_gguf_header(file)
    size = file.stat().st_size
    if size < header.bytes:
        raise InvalidInput(
            f"{file.name} has {size} bytes, but its tensors need {header.bytes}: it is cut off",
            "copy or download it again",
        )
    if int(header.fields.get("split.count") or 0) > 1:
        raise InvalidInput(
            f"{file.name} is one of {header.fields['split.count']} parts of a model",
            "merge them with: llama-gguf-split --merge FIRST_PART OUTPUT",
        )
    kind = header.fields.get("general.type", "model")
    architecture = header.fields.get("general.architecture")
    if kind != "model" or not architecture or architecture == "clip":
        raise InvalidInput(
            f"{file.name} is not a language model (type {kind!r}, architecture {architecture!r})",
            "choose the .gguf file of the model itself",
        )
    _check_architecture(file, str(architecture))
    return find_task(header.fields)


def find_task(fields: dict[str, Any]) -> EmbeddingTask | None:
    """Return what a model computes by the fields of its header, or None if it generates text."""
    architecture = str(fields.get("general.architecture"))
    pooling = fields.get(f"{architecture}.pooling_type")
    if pooling == RANK_POOLING:
        return "rerank"
    return "embedding" if pooling or architecture in EMBEDDING_ARCHITECTURES else None


def _check_architecture(file: Path, architecture: str) -> None:
    """Check that the installed package of llama.cpp's formats knows an architecture. Without it nothing is checked."""
    try:
        from gguf.constants import MODEL_ARCH_NAMES
    except ImportError:
        return
    known = set(MODEL_ARCH_NAMES.values())
    if architecture in known:
        return
    close = get_close_matches(architecture, known, n=1)
    suggestion = f"did you mean {close[0]!r}? " if close else ""
    raise InvalidInput(
        f"{file.name} has the architecture {architecture!r}, which llama.cpp does not know",
        f"{suggestion}update the packages gguf and xllamacpp, or use another model",
    )


def read_gguf_header(file: Path) -> GgufHeader:
    """Return the header of a GGUF file.

    Raises:
        InvalidInput: The file is not GGUF, or its header is damaged.
    """
    with file.open("rb") as stream:
        start = stream.read(8)
        if start[:4] != MAGIC:
            reason = "a pointer of Git LFS" if start == b"version " else "not a GGUF file: it does not start with GGUF"
            raise InvalidInput(f"{file.name} is {reason}", "choose a .gguf file, or download it again")
        version = struct.unpack("<I", start[4:])[0] if len(start) == 8 else 0
        if version not in VERSIONS:
            raise InvalidInput(
                f"{file.name} has the GGUF version {version}, but only 2 and 3 (little-endian) are supported",
                "convert the model again with a current llama.cpp",
            )
        try:
            return _read_header(stream)
        except (EOFError, ValueError, KeyError, OverflowError, RecursionError) as error:
            raise InvalidInput(
                f"the header of {file.name} is damaged or cut off: {error}", "copy or download it again"
            ) from error


def _read_header(stream: BinaryIO) -> GgufHeader:
    tensors, count = _read(stream, "Q"), _read(stream, "Q")
    if not tensors:
        raise ValueError("it has no tensors")
    if max(tensors, count) > MAX_ITEMS:
        raise ValueError(f"it announces {tensors} tensors and {count} fields")
    fields: dict[str, Any] = {}
    for _ in range(count):
        name = _read_text(stream)
        value = _read_value(stream, _read(stream, "I"))
        if value is not None:
            fields[name] = value
    end = 0
    for _ in range(tensors):
        _read_text(stream)
        axes = _read(stream, "I")
        if axes > MAX_AXES:
            raise ValueError(f"a tensor has {axes} axes")
        dimensions = [_read(stream, "Q") for _ in range(axes)]
        kind, offset = _read(stream, "I"), _read(stream, "Q")
        values, size = BLOCKS.get(kind, (1, 0))
        end = max(end, offset + math.prod(dimensions) // values * size)
    alignment = int(fields.get("general.alignment") or DEFAULT_ALIGNMENT)
    start = -(-stream.tell() // alignment) * alignment
    return GgufHeader(fields, start + end)


def _read_value(stream: BinaryIO, kind: int) -> Any:
    """Return a value, or None for a list, which is skipped."""
    if kind == TEXT_TYPE:
        return _read_text(stream)
    if kind != LIST_TYPE:
        return _read(stream, SCALARS[kind])
    element, length = _read(stream, "I"), _read(stream, "Q")
    if length > MAX_ITEMS:
        raise ValueError(f"a list has {length} elements")
    if element in SCALARS:
        _read_bytes(stream, length * struct.calcsize("<" + SCALARS[element]))
    else:
        for _ in range(length):
            _read_value(stream, element)
    return None


def _read_text(stream: BinaryIO) -> str:
    length = _read(stream, "Q")
    if length > MAX_TEXT_BYTES:
        raise ValueError(f"a text has {length} bytes")
    return _read_bytes(stream, length).decode("utf-8", errors="replace")


def _read(stream: BinaryIO, format_: str) -> Any:
    return struct.unpack("<" + format_, _read_bytes(stream, struct.calcsize("<" + format_)))[0]


def _read_bytes(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError("the file ends inside its header")
    return data
