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
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import IO

from vong.records import new_id

log = logging.getLogger(__name__)

SEGMENT = 16 << 20
"""Bytes after which a new file is started."""
_head = Struct(">II")


@dataclass
class Segment:
    """File of records, read up to the byte `offset`. `lock_file` is the lock file of its folder."""

    path: Path
    holder: "IO[str]"
    size: int
    records: int
    place: int = 0
    taken: int = 0
    own: bool = True


@dataclass(eq=False)
class SegmentLog:
    """Files of one process, at most `max_bytes` bytes, and the files that it took over. Not thread-safe."""

    folder: Path
    bound: int
    count: int = 0
    """Records that are not removed yet."""
    size: int = 0
    """Total bytes of all files."""
    _segments: deque[Segment] = field(default_factory=deque[Segment])
    _holder: "IO[str] | None" = None
    _home: Path | None = None
    _file: "IO[bytes] | None" = None
    _number: int = 0

    @property
    def full(self) -> bool:
        """Return true if the size limit is reached."""
        return self.size >= self.bound

    def append(self, records: Sequence[bytes]) -> None:
        """Append records durably. Raises OSError, with no record stored, if the disk is full or fails."""
        segment, file = self._open()
        data = b"".join([_head.pack(len(one), zlib.crc32(one)) + one for one in records])
        try:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.ftruncate(file.fileno(), segment.size)
            self._close()
            raise
        segment.size += len(data)
        segment.records += len(records)
        self.size += len(data)
        self.count += len(records)
        if segment.size >= SEGMENT:
            self._close()

    def peek(self, most: int) -> tuple[list[bytes], bool]:
        """Return the oldest records, at most `limit` from one file, and whether this process wrote them.

        The records stay until `remove` is called.
        """
        segment = self._segments[0]
        oldest: list[bytes] = []
        with segment.path.open("rb") as file:
            file.seek(segment.place)
            for one in _read(file):
                oldest.append(one)
                if len(oldest) == most:
                    break
        return oldest, segment.own

    def done(self, records: Sequence[bytes]) -> None:
        """Remove records returned by `peek` after they are written elsewhere."""
        segment = self._segments[0]
        segment.place += sum(_head.size + len(one) for one in records)
        segment.taken += len(records)
        self.count -= len(records)
        if segment.taken >= segment.records:
            self._segments.popleft()
            self.size -= segment.size
            if segment.own and self._file is not None and not self._segments:
                self._close()
            segment.path.unlink(missing_ok=True)
            if not segment.own and not any(other.holder is segment.holder for other in self._segments):
                shutil.rmtree(segment.path.parent, ignore_errors=True)
                segment.holder.close()

    def adopt(self) -> int:
        """Take over the files of ended processes. Return the number of records."""
        count = 0
        for home in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if home != self._home and not home.name.startswith(".") and (holder := _lock(home)) is not None:
                count += self._take_over(home, holder)
        if count:
            log.warning("recovered %d spans from disk, writing them now", count)
        return count

    def close(self) -> None:
        """Close all files. Unread files stay for the next process."""
        self._close()
        if self._home is not None and not any(segment.own for segment in self._segments):
            shutil.rmtree(self._home, ignore_errors=True)
        for holder in {id(one): one for one in (self._holder, *(s.holder for s in self._segments)) if one}.values():
            holder.close()
        self._segments.clear()

    def _open(self) -> "tuple[Segment, IO[bytes]]":
        if self._file is not None:
            return self._segments[-1], self._file
        if self._home is None or self._holder is None:
            self._home, self._holder = _made(self.folder)
        self._number += 1
        path = self._home / f"{self._number:08}"
        self._file = path.open("ab")
        _settle(self._home)
        self._segments.append(Segment(path, self._holder, 0, 0))
        return self._segments[-1], self._file

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _take_over(self, home: Path, holder: "IO[str]") -> int:
        count = 0
        for path in sorted(home.glob("[0-9]*"), reverse=True):
            number, size = len(records(path)), path.stat().st_size
            if number:
                self._segments.appendleft(Segment(path, holder, size, number, own=False))
                self.size += size
                count += number
        if not count:
            shutil.rmtree(home, ignore_errors=True)
            holder.close()
        self.count += count
        return count


def records(path: Path) -> list[bytes]:
    """Return all complete records of a file."""
    with path.open("rb") as file:
        return list(_read(file))


def _read(file: "IO[bytes]") -> Iterator[bytes]:
    """Yield the records up to the end of the file or up to the first incomplete record."""
    while len(head := file.read(_head.size)) == _head.size:
        length, crc = _head.unpack(head)
        record = file.read(length)
        if len(record) < length or zlib.crc32(record) != crc:
            return
        yield record


def _made(folder: Path) -> "tuple[Path, IO[str]]":
    """Create the folder of this process, locked before other processes can see it."""
    name = new_id().hex
    hidden, home = folder / f".{name}", folder / name
    hidden.mkdir(parents=True, mode=0o700)
    holder = (hidden / "lock").open("w")
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    hidden.rename(home)
    return home, holder


def _settle(folder: Path) -> None:
    """Flush the directory entries of a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(home: Path) -> "IO[str] | None":
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
