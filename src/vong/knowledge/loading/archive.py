"""Loader for ZIP archives, and the limits of all files that are ZIP archives inside."""

import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from vong.errors import InvalidInput
from vong.knowledge.loading.document import HEADING_SEPARATOR, ParsedDocument, Section
from vong.knowledge.loading.encoding import title_from_path

LoadDocument = Callable[[bytes, str, int], ParsedDocument]

MAX_UNPACKED_BYTES = 1 << 30
"""Maximum size of the files in an archive."""
MAX_RATIO = 200
"""Maximum ratio of size and compressed size of a file above `MIN_CHECKED_BYTES`."""
MIN_CHECKED_BYTES = 20 << 20
MAX_ENTRIES = 10_000
MAX_DEPTH = 2
"""Archives in archives that are read."""


def check_archive(content: bytes, path: str) -> None:
    """Check that unpacking needs a bounded amount of memory.

    Raises: InvalidInput if the archive is damaged, encrypted or too large.
    """
    try:
        entries = ZipFile(BytesIO(content)).infolist()
    except (BadZipFile, ValueError, OSError) as error:
        raise InvalidInput(f"{path!r} is damaged or cut off: {error}", "upload the whole file again") from error
    if len(entries) > MAX_ENTRIES:
        raise InvalidInput(
            f"the archive {path!r} has {len(entries)} files, and at most {MAX_ENTRIES} are read", "unpack it first"
        )
    size = sum(entry.file_size for entry in entries)
    if size > MAX_UNPACKED_BYTES:
        raise InvalidInput(
            f"{path!r} has {size >> 20} MB when unpacked, and at most {MAX_UNPACKED_BYTES >> 20} MB are read",
            "split it into smaller files",
        )
    for entry in entries:
        if entry.file_size > MIN_CHECKED_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise InvalidInput(
                f"{path!r} is compressed too strongly: {entry.filename!r} grows from {entry.compress_size} to "
                f"{entry.file_size} bytes",
                "unpack it first",
            )
        if entry.flag_bits & 1:
            raise InvalidInput(f"{path!r} is protected by a password", "save it without a password")


def load_archive(content: bytes, path: str, load: LoadDocument, depth: int = 0) -> ParsedDocument:
    """Load the files of a ZIP archive, each under its name. Files that cannot be read are named in the notes.

    `load` loads one file, with the number of archives around it.

    Raises: InvalidInput if the archive is damaged, encrypted or too large, or no file in it can be read.
    """
    check_archive(content, path)
    if depth >= MAX_DEPTH:
        raise InvalidInput(f"{path!r} is an archive at depth {depth + 1}, and {MAX_DEPTH} are read", "unpack it first")
    archive = ZipFile(BytesIO(content))
    sections: list[Section] = []
    notes: list[str] = []
    for entry in archive.infolist():
        if entry.is_dir() or _is_hidden(entry):
            continue
        try:
            loaded = load(_unpack(archive, entry), entry.filename, depth + 1)
        except InvalidInput as error:
            notes.append(error.message)
            continue
        sections += [
            section._replace(heading=HEADING_SEPARATOR.join(filter(None, [entry.filename, section.heading])))
            for section in loaded.sections
        ]
        notes += loaded.notes
    if not sections:
        reasons = "; ".join(notes[:3]) or "it is empty"
        raise InvalidInput(f"no file in the archive {path!r} could be read: {reasons}", "unpack it first")
    return ParsedDocument(title_from_path(path), tuple(sections), notes=tuple(notes))


def _unpack(archive: ZipFile, entry: ZipInfo) -> bytes:
    try:
        return archive.read(entry)
    except (BadZipFile, RuntimeError, EOFError, OSError, ValueError, zlib.error) as error:
        raise InvalidInput(f"{entry.filename!r} could not be unpacked: {error}", "unpack it first") from error


def _is_hidden(entry: ZipInfo) -> bool:
    parts = entry.filename.split("/")
    return any(part != ".." and part.startswith((".", "__MACOSX")) for part in parts)
