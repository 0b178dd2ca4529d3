"""Segment log: append-only files for spans while PostgreSQL is unavailable or too slow, read back in order.

Each process has its own folder, locked while the process lives: `journal/<id>/00000001`. A record is its length, its
CRC-32 and its bytes. A record that a crash cut off ends the file. Records are written in groups, each followed by
`fdatasync`, so that a group survives a crash of the process and of the machine. No folder is created before the first
record. Files are deleted as a whole after reading, so after a crash records may be read again: the reader must
deduplicate them by id.
"""

import fcntl
import logging
import os
import shutil
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import IO

from vong.records import new_id

log = logging.getLogger(__name__)

SEGMENT_BYTES = 16 << 20
"""Bytes after which a new file is started."""
_record_header = Struct(">II")


@dataclass
class Segment:
    """File of records, read up to the byte `offset`. `lock_file` is the lock file of its folder."""

    path: Path
    lock_file: "IO[str]"
    size: int
    records: int
    offset: int = 0
    removed: int = 0
    own: bool = True


@dataclass(eq=False)
class SegmentLog:
    """Files of one process, at most `max_bytes` bytes, and the files that it took over. Not thread-safe."""

    folder: Path
    max_bytes: int
    count: int = 0
    """Records that are not removed yet."""
    size: int = 0
    """Total bytes of all files."""
    _segments: deque[Segment] = field(default_factory=deque[Segment])
    _lock_file: "IO[str] | None" = None
    _process_folder: Path | None = None
    _file: "IO[bytes] | None" = None
    _segment_number: int = 0

    @property
    def full(self) -> bool:
        """Return true if the size limit is reached."""
        return self.size >= self.max_bytes

    def append(self, records: Sequence[bytes]) -> None:
        """Append records durably. Raises OSError, with no record stored, if the disk is full or fails."""
        segment, file = self._open_segment()
        data = b"".join([_record_header.pack(len(one), zlib.crc32(one)) + one for one in records])
        try:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.ftruncate(file.fileno(), segment.size)
            self._close_segment()
            raise
        segment.size += len(data)
        segment.records += len(records)
        self.size += len(data)
        self.count += len(records)
        if segment.size >= SEGMENT_BYTES:
            self._close_segment()

    def peek(self, limit: int) -> tuple[list[bytes], bool]:
        """Return the oldest records, at most `limit` from one file, and whether this process wrote them.

        The records stay until `remove` is called.
        """
        segment = self._segments[0]
        oldest: list[bytes] = []
        with segment.path.open("rb") as file:
            file.seek(segment.offset)
            for one in _iter_records(file):
                oldest.append(one)
                if len(oldest) == limit:
                    break
        return oldest, segment.own

    def remove(self, records: Sequence[bytes]) -> None:
        """Remove records returned by `peek` after they are written elsewhere."""
        segment = self._segments[0]
        segment.offset += sum(_record_header.size + len(one) for one in records)
        segment.removed += len(records)
        self.count -= len(records)
        if segment.removed >= segment.records:
            self._segments.popleft()
            self.size -= segment.size
            if segment.own and self._file is not None and not self._segments:
                self._close_segment()
            segment.path.unlink(missing_ok=True)
            if not segment.own and not any(other.lock_file is segment.lock_file for other in self._segments):
                shutil.rmtree(segment.path.parent, ignore_errors=True)
                segment.lock_file.close()

    def recover(self, recover_folder: Callable[[Path], None] = lambda _: None) -> int:
        """Take over the files of ended processes. Return the number of records.

        `recover_folder` is called with the folder of each ended process, before it is deleted.
        """
        count = 0
        for home in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if (
                home != self._process_folder
                and not home.name.startswith(".")
                and (holder := _try_lock(home)) is not None
            ):
                recover_folder(home)
                count += self._recover_folder(home, holder)
        if count:
            log.warning("recovered %d spans from disk, writing them now", count)
        return count

    def create_process_folder(self) -> Path:
        """Create the folder of this process if it does not exist, and return it."""
        if self._process_folder is None or self._lock_file is None:
            self._process_folder, self._lock_file = _create_process_folder(self.folder)
        return self._process_folder

    def close(self) -> None:
        """Close all files. Unread files stay for the next process."""
        self._close_segment()
        if self._process_folder is not None and not any(segment.own for segment in self._segments):
            shutil.rmtree(self._process_folder, ignore_errors=True)
        for holder in {
            id(one): one for one in (self._lock_file, *(s.lock_file for s in self._segments)) if one
        }.values():
            holder.close()
        self._segments.clear()

    def _open_segment(self) -> "tuple[Segment, IO[bytes]]":
        if self._file is not None:
            return self._segments[-1], self._file
        folder = self.create_process_folder()
        assert self._lock_file is not None
        self._segment_number += 1
        path = folder / f"{self._segment_number:08}"
        self._file = path.open("ab")
        _sync_folder(folder)
        self._segments.append(Segment(path, self._lock_file, 0, 0))
        return self._segments[-1], self._file

    def _close_segment(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _recover_folder(self, home: Path, holder: "IO[str]") -> int:
        count = 0
        for path in sorted(home.glob("[0-9]*"), reverse=True):
            number, size = len(read_records(path)), path.stat().st_size
            if number:
                self._segments.appendleft(Segment(path, holder, size, number, own=False))
                self.size += size
                count += number
        if not count:
            shutil.rmtree(home, ignore_errors=True)
            holder.close()
        self.count += count
        return count


def read_records(path: Path) -> list[bytes]:
    """Return all complete records of a file."""
    with path.open("rb") as file:
        return list(_iter_records(file))


def _iter_records(file: "IO[bytes]") -> Iterator[bytes]:
    """Yield the records up to the end of the file or up to the first incomplete record."""
    while len(head := file.read(_record_header.size)) == _record_header.size:
        length, crc = _record_header.unpack(head)
        record = file.read(length)
        if len(record) < length or zlib.crc32(record) != crc:
            return
        yield record


def _create_process_folder(folder: Path) -> "tuple[Path, IO[str]]":
    """Create the folder of this process, locked before other processes can see it."""
    name = new_id().hex
    hidden, home = folder / f".{name}", folder / name
    hidden.mkdir(parents=True, mode=0o700)
    holder = (hidden / "lock").open("w")
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    hidden.rename(home)
    return home, holder


def _sync_folder(folder: Path) -> None:
    """Flush the directory entries of a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(home: Path) -> "IO[str] | None":
    """Lock a folder. Returns None if another process holds the lock or the lock file cannot be opened."""
    try:
        holder = (home / "lock").open("r+")
    except OSError:
        return None
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder.close()
        return None
    return holder
