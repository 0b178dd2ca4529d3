"""ZIP archive of stored files, written while it is sent, so that it needs no disk and little memory."""

import io
import stat
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, cast

from vong.store.blobs import BlobStore

BLOCK_BYTES = 1 << 20
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of all entries, so that equal files make equal archives."""


class _Sink(io.RawIOBase):
    """Write-only file that keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: object) -> int:
        """Keep the bytes."""
        part = bytes(cast(bytes, data))
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """Return and forget the bytes written so far."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def iter_zip(store: BlobStore, files: Mapping[str, str]) -> Iterator[bytes]:
    """Yield a ZIP archive of blobs (name -> sha256). Weights do not compress, so the entries are stored as they are."""
    sink = _Sink()
    with (
        tempfile.TemporaryDirectory(prefix="vong-zip-") as folder,
        zipfile.ZipFile(cast(IO[bytes], sink), "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        for number, (name, hash_) in enumerate(sorted(files.items())):
            path = store.fetch(hash_, Path(folder) / str(number))
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = (stat.S_IFREG | (0o755 if name.endswith(".sh") else 0o644)) << 16
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while block := source.read(BLOCK_BYTES):
                    target.write(block)
                    yield sink.take()
            path.unlink()
    yield sink.take()
