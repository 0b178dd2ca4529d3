"""Connector of the kind `folder`: the files of a folder on the server."""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from vong.errors import Forbidden, InvalidInput
from vong.knowledge.sources.connector import FetchedItem, ItemGone, ItemSkipped, KnownItem, ListedItem, SourceFailed
from vong.knowledge.sources.patterns import is_selected
from vong.knowledge.sources.settings import FolderSettings

MAX_FILE_BYTES = 200_000_000
UNCERTAIN_NANOSECONDS = 2_000_000_000
"""Age of a change below which a file is read again: a second change in the same tick has the same time."""
ROOTS_HINT = "ask the operator to add it to the setting knowledge_folders"


class FolderConnector:
    """Connector of the files of a folder. A file is read again if its size or its time of change differs.

    `roots` are the folders that the operator allows. Links that lead out of the folder are not followed.
    """

    def __init__(self, settings: FolderSettings, roots: Sequence[Path]) -> None:
        self.incomplete: str | None = None
        self.max_items = settings.max_files
        self._settings = settings
        self._folder = check_folder(settings.path, roots)
        self._problems: list[str] = []

    def list_items(self) -> Iterable[ListedItem]:
        """Yield the files of the folder and of the folders in it, without hidden ones.

        Raises: SourceFailed if the folder does not exist.
        """
        if not self._folder.is_dir():
            raise SourceFailed(
                f"the folder {self._folder} does not exist", "check the path, and that its disk is mounted"
            )
        for relative in self._walk():
            if not is_selected(relative, self._settings.include, self._settings.exclude):
                continue
            try:
                revision = _revision((self._folder / relative).stat())
            except OSError:
                continue  # deleted while the folder was read
            yield ListedItem(relative, revision, 0, relative.rpartition("/")[2])
        if self._problems:
            self.incomplete = f"{len(self._problems)} folders could not be read: {'; '.join(self._problems[:3])}"

    def fetch(self, item: KnownItem) -> FetchedItem:
        """Read a file."""
        target = self._folder / item.key
        if not target.resolve().is_relative_to(self._folder):
            raise ItemSkipped("the link leads out of the folder")
        try:
            before = target.stat()
            if before.st_size > MAX_FILE_BYTES:
                size = f"{before.st_size / 1e6:.0f} MB"
                raise InvalidInput(
                    f"the file has {size}", f"split it into files of at most {MAX_FILE_BYTES / 1e6:g} MB"
                )
            content = target.read_bytes()
        except FileNotFoundError as error:
            raise ItemGone("the file was deleted") from error
        except OSError as error:
            raise InvalidInput(f"the file cannot be read: {error.strerror}", "check its permissions") from error
        return FetchedItem(
            path=item.key,
            content=content,
            title=item.title,
            raw_hash=hashlib.sha256(content).hexdigest(),
            revision=_revision(before),
        )

    def is_gone(self, key: str) -> bool:
        """Return True: a file that is not listed does not exist, or is excluded."""
        return bool(key)

    def close(self) -> None:
        """Do nothing: no file is open."""

    def _walk(self) -> Iterator[str]:
        """Yield the relative paths of all files, in order."""

        def report(error: OSError) -> None:
            self._problems.append(f"{error.filename}: {error.strerror}")

        for folder, names, files in os.walk(self._folder, onerror=report):
            names[:] = sorted(name for name in names if not name.startswith("."))
            for name in sorted(files):
                path = Path(folder) / name
                if not name.startswith(".") and (path.is_file() or path.is_symlink()) and _is_text(str(path)):
                    yield path.relative_to(self._folder).as_posix()


def check_folder(path: str, roots: Sequence[Path]) -> Path:
    """Return the real path of a folder.

    Raises: InvalidInput if the path is not absolute; Forbidden if it is in none of the allowed folders.
    """
    if not path.startswith("/") or "\x00" in path:
        raise InvalidInput(f"{path!r} is not an absolute path", "write the whole path of the folder, from /")
    folder = Path(path).resolve()
    if not any(folder.is_relative_to(root.expanduser().resolve()) for root in roots):
        allowed = ", ".join(map(str, roots)) or "none"
        raise Forbidden(f"the folder {path!r} is in none of the allowed folders ({allowed})", ROOTS_HINT)
    return folder


def _revision(status: os.stat_result) -> str | None:
    """Return the identity of the content of a file. Returns None if it has only just changed."""
    if time.time_ns() - status.st_mtime_ns < UNCERTAIN_NANOSECONDS:
        return None
    return f"{status.st_size}-{status.st_mtime_ns}"


def _is_text(path: str) -> bool:
    """Return whether a path is valid Unicode, which documents and the database need."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
