"""What the span journal keeps on disk while PostgreSQL is away or too slow: append-only files, read back in order.

A folder for each process, locked while that process lives: `journal/<id>/00000001`. A record is its length, its CRC-32
and its bytes; what a crash has torn off ends a file. Records are written in groups, each followed by `fdatasync`, so a
group survives the process and the machine. Nothing is written, and no folder made, before the first record. What is
read back is deleted by whole files, so after a crash records may come again: who writes them must know them by id.
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
"""Bytes after which a new file is begun."""
_head = Struct(">II")


@dataclass
class Segment:
    """A file of records, read up to `place`. `holder` is the lock of its folder."""

    path: Path
    holder: "IO[str]"
    size: int
    records: int
    place: int = 0
    taken: int = 0
    own: bool = True


@dataclass(eq=False)
class SegmentLog:
    """The files of one process, `bound` bytes at the most, and those that it took over. Not for several threads."""

    folder: Path
    bound: int
    count: int = 0
    """Records that were not taken out yet."""
    size: int = 0
    """Bytes of all files."""
    _segments: deque[Segment] = field(default_factory=deque[Segment])
    _holder: "IO[str] | None" = None
    _home: Path | None = None
    _file: "IO[bytes] | None" = None
    _number: int = 0

    @property
    def full(self) -> bool:
        """Whether the bound is reached."""
        return self.size >= self.bound

    def append(self, records: Sequence[bytes]) -> None:
        """Keep records. OSError where the disk takes no more; then none of them counts."""
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
        """The oldest records, at most so many of one file, and whether they are this process's own; they stay until
        they are `done`.
        """
        segment = self._segments[0]
        found: list[bytes] = []
        with segment.path.open("rb") as file:
            file.seek(segment.place)
            for one in _read(file):
                found.append(one)
                if len(found) == most:
                    break
        return found, segment.own

    def done(self, records: Sequence[bytes]) -> None:
        """These records of `peek` are written elsewhere."""
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
        """Take over what processes that have ended left behind. How many records that are."""
        found = 0
        for home in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if home != self._home and not home.name.startswith(".") and (holder := _lock(home)) is not None:
                found += self._take_over(home, holder)
        if found:
            log.warning("%d spans that were kept on disk will be written now", found)
        return found

    def close(self) -> None:
        """End. Files that are not read yet stay for the next process."""
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
        found = 0
        for path in sorted(home.glob("[0-9]*"), reverse=True):
            held, size = len(records(path)), path.stat().st_size
            if held:
                self._segments.appendleft(Segment(path, holder, size, held, own=False))
                self.size += size
                found += held
        if not found:
            shutil.rmtree(home, ignore_errors=True)
            holder.close()
        self.count += found
        return found


def records(path: Path) -> list[bytes]:
    """All whole records of a file."""
    with path.open("rb") as file:
        return list(_read(file))


def _read(file: "IO[bytes]") -> Iterator[bytes]:
    """Records up to the end, or to the first one that is not whole."""
    while len(head := file.read(_head.size)) == _head.size:
        length, crc = _head.unpack(head)
        record = file.read(length)
        if len(record) < length or zlib.crc32(record) != crc:
            return
        yield record


def _made(folder: Path) -> "tuple[Path, IO[str]]":
    """A folder of this process's own, locked before anybody else can see it."""
    name = new_id().hex
    hidden, home = folder / f".{name}", folder / name
    hidden.mkdir(parents=True, mode=0o700)
    holder = (hidden / "lock").open("w")
    fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    hidden.rename(home)
    return home, holder


def _settle(folder: Path) -> None:
    """Let the names in a folder survive the machine."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _lock(home: Path) -> "IO[str] | None":
    """The lock of a folder, where nobody holds it."""
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
