"""Content-addressed bytes: named by their sha256, written once, verified whenever they are read.

A folder by default; any object store that fsspec reaches (`s3://bucket/prefix` with the extra `s3`) by changing one
URL. A blob lies at `ab/cd/abcd…`: two levels of 256 folders each, so that no folder grows large.
"""

import errno
import hashlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Protocol

from vong.errors import DataCorrupted, InvalidInput, Misconfigured, MissingExtra, NotFound, Unavailable

BLOCK = 1 << 20
HASH = re.compile(r"[0-9a-f]{64}")
EXTRAS = {"s3": "s3"}


class BlobBackend(Protocol):
    """Where the bytes lie. `key` is the path below the root; a write is seen whole or not at all."""

    def write(self, key: str, source: Path) -> None:
        """Keep a copy of that file under the key. The file may be moved away."""
        ...

    def copy(self, key: str, to: Path) -> None:
        """Put the bytes into that new file. FileNotFoundError where there are none."""
        ...

    def read(self, key: str) -> bytes:
        """The bytes. FileNotFoundError where there are none."""
        ...

    def size(self, key: str) -> int | None:
        """How many bytes lie under the key; None where there are none."""
        ...


class BlobStore:
    """The blobs at one URL. `options` go to fsspec (credentials, endpoints); most come from the environment."""

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        self.store: BlobBackend = _open(url, options)

    def put(self, data: bytes) -> str:
        """Keep the bytes and give their sha256 (64 hexadecimal digits). Putting them again changes nothing."""
        digest = hashlib.sha256(data).hexdigest()
        if self.store.size(key(digest)) != len(data):
            with _spool(self.store) as spool:
                spool.write_bytes(data)
                self.store.write(key(digest), spool)
        return digest

    def put_file(self, path: Path) -> str:
        """Keep a copy of the file and give its sha256. The hash is of the bytes that were copied, even if the file
        changes meanwhile.
        """
        with _spool(self.store) as spool:
            with path.open("rb") as source, spool.open("wb") as target:
                digest, size = _copy(source, target)
            if self.store.size(key(digest)) != size:
                self.store.write(key(digest), spool)
        return digest

    def get(self, hash: str) -> bytes:
        """The bytes, verified. NotFound where there are none, Damaged where they are not what was put."""
        try:
            data = self.store.read(key(hash))
        except FileNotFoundError as error:
            raise self._missing(hash) from error
        self._verify(hash, hashlib.sha256(data).hexdigest(), len(data))
        return data

    def fetch(self, hash: str, to: Path) -> Path:
        """Write the blob to a file, whole or not at all, verified first. Where the store is a folder on the same disk
        the file is a hard link to the blob, read-only: replace it, never change it in place.
        """
        to.parent.mkdir(parents=True, exist_ok=True)
        partial = to.with_name(f".{to.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            try:
                self.store.copy(key(hash), partial)
            except FileNotFoundError as error:
                raise self._missing(hash) from error
            with partial.open("rb") as source:
                self._verify(hash, *_copy(source, None))
            partial.replace(to)
        finally:
            partial.unlink(missing_ok=True)
        return to

    def exists(self, hash: str) -> bool:
        """Whether it is there (its content is verified when it is read)."""
        return self.store.size(key(hash)) is not None

    def size(self, hash: str) -> int:
        """Its size in bytes. NotFound where there is none."""
        size = self.store.size(key(hash))
        if size is None:
            raise self._missing(hash)
        return size

    def _missing(self, hash: str) -> NotFound:
        return NotFound(f"no blob {hash!r} in {self.url}", "is VONG_BLOB_URL the one it was written to?")

    def _verify(self, hash: str, found: str, size: int) -> None:
        if found != hash:
            raise DataCorrupted(
                f"the blob {self.url.rstrip('/')}/{key(hash)} is damaged: its {size} bytes have the sha256 {found}",
                "restore it from a backup, or remove it and import its source again",
            )


class LocalBackend:
    """Blobs in a folder of this machine, or of a file system that it mounts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, key: str, source: Path) -> None:
        """Flushed to the disk, then renamed into place: a crash leaves either nothing or all of it."""
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as written:
            os.fsync(written.fileno())
        source.chmod(0o444)
        source.replace(target)
        directory = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def copy(self, key: str, to: Path) -> None:
        """A hard link where the disk allows one, else a copy."""
        try:
            to.hardlink_to(self.root / key)
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES}:
                raise
            shutil.copyfile(self.root / key, to)

    def read(self, key: str) -> bytes:
        """All of the file."""
        return (self.root / key).read_bytes()

    def size(self, key: str) -> int | None:
        """From the file's own entry."""
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None


class FsspecBackend:
    """Blobs in an object store. An upload becomes visible only when it is complete: the store's own promise."""

    def __init__(self, filesystem: Any, root: str, url: str) -> None:
        self.filesystem = filesystem
        self.root = root.rstrip("/")
        self.url = url
        # fsspec turns most errors of an object store's own client into OSError, and lets those of the network through.
        client = sys.modules.get("botocore.exceptions")
        self.failures: tuple[type[Exception], ...] = (OSError, client.BotoCoreError) if client else (OSError,)

    def write(self, key: str, source: Path) -> None:
        """Upload, in parts where it is large."""
        with self._speaking():
            try:
                self.filesystem.put_file(str(source), f"{self.root}/{key}")
            except FileNotFoundError as error:
                message = f"the blob store {self.url} does not exist: {error}"
                raise Misconfigured(message, "make the bucket, or mend VONG_BLOB_URL") from error

    def copy(self, key: str, to: Path) -> None:
        """Download."""
        with self._speaking():
            self.filesystem.get_file(f"{self.root}/{key}", str(to))

    def read(self, key: str) -> bytes:
        """All of the object."""
        with self._speaking():
            return bytes(self.filesystem.cat_file(f"{self.root}/{key}"))

    def size(self, key: str) -> int | None:
        """From the object's own entry."""
        with self._speaking():
            try:
                return int(self.filesystem.info(f"{self.root}/{key}")["size"])
            except FileNotFoundError:
                return None

    @contextmanager
    def _speaking(self) -> Generator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except PermissionError as error:
            message = f"the blob store {self.url} refuses these credentials: {error}"
            raise Misconfigured(message, "check the access key and the rights of its owner") from error
        except self.failures as error:
            message = f"the blob store {self.url} does not answer: {error}"
            raise Unavailable(message, "check the network, the credentials and VONG_BLOB_URL") from error


def key(hash: str) -> str:
    """Where the blob of that hash lies below the root."""
    if not HASH.fullmatch(hash):
        raise InvalidInput(f"{hash!r} is not a sha256", "give the 64 hexadecimal digits that put answered")
    return f"{hash[:2]}/{hash[2:4]}/{hash}"


def _open(url: str, options: dict[str, Any]) -> BlobBackend:
    fsspec = import_module("fsspec")  # 60 ms: paid where blobs are used
    scheme = url.split("://", 1)[0].split("::", 1)[0] if "://" in url else "file"
    # Object stores list lazily: a cached listing would hide what another process has just written.
    remote = {} if scheme in {"file", "local"} else {"use_listings_cache": False}
    try:
        filesystem, root = fsspec.core.url_to_fs(url, **remote, **options)
    except ImportError as error:
        raise MissingExtra(scheme, EXTRAS.get(scheme, scheme)) from error
    except ValueError as error:
        message = f"VONG_BLOB_URL {url!r} is not an address that can be opened: {error}"
        raise Misconfigured(message, "give a folder, or a URL like s3://bucket/prefix") from error
    if scheme in {"file", "local"}:
        return LocalBackend(Path(root))
    return FsspecBackend(filesystem, root, url)


@contextmanager
def _spool(store: BlobBackend) -> Generator[Path]:
    """A new file to write into: beside the blobs where they lie in a folder, so that a rename puts it in place."""
    folder = store.root / ".incoming" if isinstance(store, LocalBackend) else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="blob-", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(source: IO[bytes], target: IO[bytes] | None) -> tuple[str, int]:
    """The sha256 and the size of what was read, and copied where there is a target."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK):
        digest.update(block)
        size += len(block)
        if target is not None:
            target.write(block)
    return digest.hexdigest(), size
