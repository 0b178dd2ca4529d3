"""Crash log: memory-mapped files from which spans are recovered after a kill of the process.

A call is acknowledged before its span is committed. Until then a record of the span is in one of two files in the
folder of the process. The kernel keeps the pages of a killed process, so that no call waits for the disk. A crash of
the machine may lose the records of the last seconds.
"""

import logging
import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from struct import Struct
from typing import Protocol
from uuid import UUID

log = logging.getLogger(__name__)

FILE_BYTES = 16 << 20
"""Size of a file: ten times the records of a batch at full load. The file is sparse."""
FILE_NAMES = ("recent-0", "recent-1")
UNRECORDED = -1
"""Generation of a span that has no record."""
_record_header = Struct("<II")  # epoch of the file, length of the record


class RecordedSpan(Protocol):
    """Span with the generation of its record."""

    @property
    def generation(self) -> int:
        """Return the index of the file that holds the record, or UNRECORDED."""
        ...


class CrashLogFile:
    """One file. Records of an earlier epoch are not read: the file is emptied by a new epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("w+b") as file:
            file.truncate(FILE_BYTES)
            self._memory = mmap.mmap(file.fileno(), FILE_BYTES)
        self._epoch = int.from_bytes(os.urandom(3), "little") + 1
        self.position = 0
        self.pending = 0
        """Number of recorded spans that are not stored elsewhere yet."""

    def append(self, record: bytes) -> bool:
        """Append a record. Returns False if the file is full."""
        start = self.position + _record_header.size
        end = start + len(record)
        if end + _record_header.size > FILE_BYTES:
            return False
        self._memory[start:end] = record
        # The header makes the record valid, so it is written last.
        _record_header.pack_into(self._memory, self.position, self._epoch, len(record))
        self.position = end
        return True

    def clear(self) -> None:
        """Remove all records."""
        if self.position:
            self._epoch = (self._epoch + 1) & 0xFFFFFFFF or 1
            _record_header.pack_into(self._memory, 0, self._epoch, 0)
            self.position = 0

    def close(self) -> None:
        """Close and delete the file."""
        self._memory.close()
        self.path.unlink(missing_ok=True)


class CrashLog:
    """Records of the spans of this process, disabled if `create_folder` is None.

    Spans are recorded in one file while the other one waits until its spans are stored elsewhere. Callers of `append`
    and `release` must hold `lock`.
    """

    def __init__(self, create_folder: Callable[[], Path] | None, lock: AbstractContextManager[object]) -> None:
        self._create_folder = create_folder
        self._lock = lock
        self._files: list[CrashLogFile] = []
        self._active = 0
        self._started: dict[UUID, bytes] = {}
        """Records of calls that are still running."""

    def append(self, record: bytes | None) -> int:
        """Record a span and return the generation of the record."""
        if record is None or not self._open():
            return UNRECORDED
        file = self._files[self._active]
        if not file.append(record):
            return UNRECORDED
        file.pending += 1
        return self._active

    def start(self, span_id: UUID, record: bytes) -> None:
        """Record a call that is still running."""
        with self._lock:
            if self._open():
                self._started[span_id] = record
                self._files[self._active].append(record)

    def finish(self, span_id: UUID) -> None:
        """Forget the record of a call that has ended."""
        if span_id in self._started:
            with self._lock:
                self._started.pop(span_id, None)

    def release(self, spans: Iterable[RecordedSpan]) -> None:
        """Count spans that are committed, on disk or rejected."""
        for span in spans:
            if span.generation != UNRECORDED:
                self._files[span.generation].pending -= 1

    def rotate(self) -> None:
        """Change to the other file if all its spans are stored elsewhere."""
        with self._lock:
            if not self._files or not self._files[self._active].position:
                return
            other = self._files[1 - self._active]
            if not other.pending:
                other.clear()
                self._active = 1 - self._active
                for record in self._started.values():
                    other.append(record)

    def close(self) -> None:
        """Delete the files if no record is needed any longer."""
        if not any(file.pending for file in self._files):
            for file in self._files:
                file.close()
            self._files.clear()

    def _open(self) -> bool:
        if not self._files and self._create_folder is not None:
            try:
                folder = self._create_folder()
                self._files = [CrashLogFile(folder / name) for name in FILE_NAMES]
            except OSError as error:
                log.error("spans cannot be recorded for the case of a crash: %s", error)
                self._create_folder = None
        return bool(self._files)


def read_records(folder: Path) -> list[bytes]:
    """Return the records of a process that has ended. Spans that were stored elsewhere may be among them."""
    paths = [path for name in FILE_NAMES if (path := folder / name).exists()]
    return [record for path in paths for record in _iter_records(path.read_bytes())]


def recover_records(folder: Path, restore: Callable[[Sequence[bytes]], object]) -> None:
    """Pass the records of a process that has ended to `restore`, and delete its files."""
    if records := read_records(folder):
        restore(records)
    for name in FILE_NAMES:
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)


def _iter_records(data: bytes) -> Iterator[bytes]:
    position, first_epoch = 0, None
    while position + _record_header.size <= len(data):
        epoch, length = _record_header.unpack_from(data, position)
        first_epoch = epoch if first_epoch is None else first_epoch
        start = position + _record_header.size
        if not length or epoch != first_epoch or start + length > len(data):
            return
        yield data[start : start + length]
        position = start + length
