"""Connector of the kind `notion_export`: the pages, databases and files of a ZIP file that Notion exported."""

import csv
import hashlib
import io
import posixpath
import re
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple

from vong.errors import InvalidInput
from vong.knowledge.sources.connector import FetchedItem, ItemGone, KnownItem, ListedItem
from vong.knowledge.sources.notion.blocks import markdown_table

MAX_ENTRIES = 200_000
MAX_ARCHIVE_BYTES = 10_000_000_000
"""Size of all entries together, uncompressed."""
MAX_ENTRY_BYTES = 200_000_000
MAX_NESTED_DEPTH = 3
BLOCK_BYTES = 1 << 20
MAX_RATIO = 500
"""Compression ratio of an entry of more than 1 MB above which it counts as a bomb."""
MIN_BOMB_BYTES = 1_000_000
MAX_TITLE_CHARS = 150
DOCUMENT_SUFFIXES = frozenset(
    {".md", ".html", ".csv", ".txt", ".pdf", ".docx", ".doc", ".pptx", ".xlsx", ".odt", ".rtf", ".epub"}
)
ID_SUFFIX = re.compile(r"[ _-]*\b([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(_all)?$", re.IGNORECASE)
ZIP_SUFFIX = ".zip"


class ExportEntry(NamedTuple):
    """File of an export: the path of the archives around it, its name in the innermost one, and its clean path."""

    archives: tuple[str, ...]
    name: str
    path: str
    checksum: int


class NotionExportConnector:
    """Connector of an export. A file is read again if its checksum differs from that of the export before.

    `archive` is the open ZIP file. Files are identified by their Notion id, so that a renamed page stays the same.
    """

    max_items = MAX_ENTRIES

    def __init__(self, archive: IO[bytes]) -> None:
        self.incomplete: str | None = None
        self._file = archive
        self._entries: dict[str, ExportEntry] = {}
        self._open: dict[tuple[str, ...], zipfile.ZipFile] = {(): open_zip(archive, "the export")}
        self._size = 0

    def list_items(self) -> Iterable[ListedItem]:
        """Return the pages, databases and files of the export.

        Raises: InvalidInput if the export is damaged, too large, or holds no page.
        """
        self._read_entries()
        if not self._entries:
            raise InvalidInput("the export holds no pages", "export from Notion as Markdown & CSV, or as HTML")
        return [
            ListedItem(key, f"{entry.checksum:08x} {entry.path}", 0, posixpath.basename(entry.path))
            for key, entry in sorted(self._entries.items())
        ]

    def fetch(self, item: KnownItem) -> FetchedItem:
        """Read a file of the export. A database becomes a table in Markdown."""
        self._read_entries()
        entry = self._entries.get(item.key)
        if entry is None:
            raise ItemGone("the file is not in the export")
        content = read_entry(self._open_archive(entry.archives), entry.name)
        raw_hash = hashlib.sha256(content).hexdigest()
        title, suffix = posixpath.splitext(posixpath.basename(entry.path))
        path = entry.path
        if suffix == ".csv":
            content, path = _table_document(content, title), f"{path.removesuffix(suffix)}.md"
        elif suffix == ".md":
            title = _heading(content) or title
        if not content.strip():
            raise InvalidInput("the file is empty", "remove it from the export, or fill the page")
        return FetchedItem(path, content, None, title, raw_hash=raw_hash, revision=item.listed_revision)

    def is_gone(self, key: str) -> bool:
        """Return True: a file that is not in the newest export is gone."""
        return bool(key)

    def close(self) -> None:
        """Close the archive."""
        for archive in self._open.values():
            archive.close()
        self._file.close()

    def _read_entries(self) -> None:
        if self._entries:
            return
        found = list(self._walk((), 0))
        complete = {entry.name.replace("_all.csv", ".csv") for entry in found if entry.name.endswith("_all.csv")}
        for entry in found:
            # "_all" holds all rows of a database; the other file those of its first view.
            if entry.name not in complete:
                self._entries[self._key(entry)] = entry

    def _key(self, entry: ExportEntry) -> str:
        stem, suffix = posixpath.splitext(posixpath.basename(entry.name))
        match = ID_SUFFIX.search(stem)
        key = f"{match[1].replace('-', '').lower()}{suffix.lower()}" if match else entry.path
        # Two files of one id are different formats or copies.
        return key if key not in self._entries else f"{key} {entry.path}"

    def _walk(self, archives: tuple[str, ...], depth: int) -> Iterator[ExportEntry]:
        archive = self._open_archive(archives)
        for info in archive.infolist():
            name = info.filename
            clean = clean_name(info)
            if info.is_dir() or clean is None:
                continue
            self._check_size(info)
            suffix = posixpath.splitext(clean)[1].lower()
            if suffix == ZIP_SUFFIX:
                if depth >= MAX_NESTED_DEPTH:
                    hint = "upload the inner archive"
                    raise InvalidInput(
                        f"the export has archives inside archives more than {MAX_NESTED_DEPTH} deep", hint
                    )
                yield from self._walk((*archives, name), depth + 1)
            elif suffix in DOCUMENT_SUFFIXES and posixpath.basename(clean).lower() != "index.html":
                yield ExportEntry(archives, name, clean, info.CRC)

    def _check_size(self, info: zipfile.ZipInfo) -> None:
        self._size += info.file_size
        if self._size > MAX_ARCHIVE_BYTES or len(self._entries) > MAX_ENTRIES:
            raise InvalidInput(
                f"the export has more than {MAX_ARCHIVE_BYTES / 1e9:g} GB or {MAX_ENTRIES} files", "export it in parts"
            )
        if info.file_size > MIN_BOMB_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise InvalidInput(
                f"{info.filename[:200]!r} in the export expands more than {MAX_RATIO} times",
                "remove it from the export",
            )

    def _open_archive(self, archives: tuple[str, ...]) -> zipfile.ZipFile:
        if archives not in self._open:
            outer = self._open_archive(archives[:-1])
            self._open[archives] = open_zip(_unpack_archive(outer, archives[-1]), archives[-1])
        return self._open[archives]


def _unpack_archive(outer: zipfile.ZipFile, name: str) -> IO[bytes]:
    """Return an archive inside another one as a temporary file, which is deleted when it is closed."""
    file = tempfile.TemporaryFile(prefix="vong-export-")  # noqa: SIM115 - closed with the connector
    size = 0
    with _entry_errors(), outer.open(name) as entry:
        while block := entry.read(BLOCK_BYTES):
            size += len(block)
            if size > MAX_ARCHIVE_BYTES:
                raise InvalidInput(f"the export has more than {MAX_ARCHIVE_BYTES / 1e9:g} GB", "export it in parts")
            file.write(block)
    file.seek(0)
    return file


@contextmanager
def _entry_errors() -> Generator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, KeyError) as error:
        raise InvalidInput(f"the file in the export cannot be read: {error}", "export again") from error


def open_zip(file: IO[bytes], name: str) -> zipfile.ZipFile:
    """Open a ZIP file. Raises InvalidInput if it is none."""
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError) as error:
        raise InvalidInput(f"{name} is not a ZIP file: {error}", "upload the file that Notion exported") from error


def read_entry(archive: zipfile.ZipFile, name: str, max_bytes: int = MAX_ENTRY_BYTES) -> bytes:
    """Return the content of an entry, whatever size its header states.

    Raises: InvalidInput if it is too large, encrypted or damaged.
    """
    with _entry_errors(), archive.open(name) as entry:
        content = entry.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise InvalidInput(f"the file has more than {max_bytes / 1e6:g} MB", "split it, or remove it from the export")
    return content


def clean_name(info: zipfile.ZipInfo) -> str | None:
    """Return the path of an entry without Notion's ids. Returns None for paths outside of the archive.

    A name without the flag for UTF-8 is read as UTF-8 nevertheless if it is valid, because Notion writes no flag.
    """
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeEncodeError, UnicodeDecodeError):
            name = name.encode("cp437").decode("utf-8")
    parts = name.replace("\\", "/").split("/")
    if name.startswith("/") or ".." in parts or "\x00" in name or any(part.startswith("__MACOSX") for part in parts):
        return None
    *folders, last = [part for part in parts if part not in ("", ".")] or [""]
    if not last or last.startswith("."):
        return None
    stem, suffix = posixpath.splitext(last)
    return "/".join([*map(_without_id, folders), _without_id(stem) + suffix.lower()])


def _without_id(name: str) -> str:
    return (ID_SUFFIX.sub("", name).strip() or name)[:MAX_TITLE_CHARS]


def _heading(content: bytes) -> str:
    first = content[:2000].decode("utf-8", errors="replace").lstrip("\ufeff").partition("\n")[0]
    return first.removeprefix("# ").strip() if first.startswith("# ") else ""


def _table_document(content: bytes, title: str) -> bytes:
    """Return a database as Markdown: its title and a table of its rows."""
    text = content.decode("utf-8-sig", errors="replace").replace("\x00", "")
    csv.field_size_limit(MAX_ENTRY_BYTES)
    try:
        rows = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in csv.reader(io.StringIO(text))]
    except csv.Error as error:
        raise InvalidInput(f"the table cannot be read: {error}", "export again") from error
    table = markdown_table([row for row in rows if any(row)])
    return "\n".join([f"# {title}", "", *table, ""]).encode() if table else b""
