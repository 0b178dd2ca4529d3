"""Data file with its kind, compression and encoding, and the streams over its content."""

import gzip
import io
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from vong.errors import InvalidInput

FileKind = Literal["jsonl", "json", "csv", "tsv", "parquet", "text"]
MAX_UNPACKED_BYTES = 2 << 30
"""Maximum size of the content of a compressed file."""
MAX_LINE_BYTES = 50_000_000
"""Maximum length of a line, also of a cell of a table."""
BLOCK_BYTES = 1 << 20


class DataFile(NamedTuple):
    """File to read: `encoding` is the name of a Python codec, `assumed` says that it was guessed from the text."""

    path: Path
    name: str
    kind: FileKind
    encoding: str = "utf-8"
    compressed: bool = False
    assumed: bool = False


class FileRow(NamedTuple):
    """One row of a file: line number (JSONL, CSV) or position (JSON, Parquet), from 1; its value or a problem."""

    line: int
    value: dict[str, Any] | None
    problem: str | None = None


def name_suffix(name: str) -> str:
    """Return the extension of a file name in lower case, without a trailing `.gz`."""
    lower = name.lower()
    for ending in (".gz", ".gzip"):
        lower = lower.removesuffix(ending)
    return Path(lower).suffix


@contextmanager
def open_binary(path: Path, compressed: bool) -> Generator[io.BufferedReader]:
    """Open the content of a file, unpacked.

    Raises:
        InvalidInput: The compressed content is damaged, or unpacks to more than `MAX_UNPACKED_BYTES`.
    """
    with path.open("rb") as raw:
        if not compressed:
            yield raw
            return
        try:
            with gzip.open(raw, "rb") as packed:
                yield io.BufferedReader(_LimitedStream(packed), BLOCK_BYTES)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InvalidInput(
                f"the gzip file is damaged or incomplete: {error}", "compress it again, or import it uncompressed"
            ) from error


@contextmanager
def open_text(file: DataFile) -> Generator[io.TextIOWrapper]:
    """Open a file as text, with its line ends as they are. Invalid bytes of UTF-8 become lone surrogates."""
    with open_binary(file.path, file.compressed) as content:
        errors = "surrogateescape" if file.encoding.startswith("utf-8") else "strict"
        text = io.TextIOWrapper(content, encoding=file.encoding, errors=errors, newline="")
        try:
            yield text
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"the file cannot be decoded as {file.encoding}: {error.reason} at byte {error.start}",
                "save it with the encoding UTF-8",
            ) from error
        finally:
            text.detach()


class _LimitedStream(io.RawIOBase):
    """Unpacked content that ends with an error at `MAX_UNPACKED_BYTES`."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed
        self._read = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        block = self._packed.read1(min(len(buffer), BLOCK_BYTES))  # keeps what precedes a damaged place
        self._read += len(block)
        if self._read > MAX_UNPACKED_BYTES:
            raise InvalidInput(
                f"the compressed file unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB",
                "unpack it, and import it in parts",
            )
        buffer[: len(block)] = block
        return len(block)
