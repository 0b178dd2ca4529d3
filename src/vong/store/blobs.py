"""Content-addressed blob storage: blobs are named by their sha256, written once and verified on every read.

Blobs are stored in a folder by default, or in any object store that fsspec supports (`s3://bucket/prefix` with the
extra `s3`), selected by one URL. The path of a blob is `ab/cd/abcd…`: two levels of 256 folders each limit the size of
a folder.
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

BLOCK_BYTES = 1 << 20
SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")
EXTRA_BY_SCHEME = {"s3": "s3"}


class BlobBackend(Protocol):
    """Storage of blobs. `key` is the path below the root. Writes are atomic."""

    def write(self, key: str, source: Path) -> None:
        """Store the file `source` under the key. The file may be moved away."""
        ...

    def copy(self, key: str, to: Path) -> None:
        """Write the blob to the new file `to`. Raises FileNotFoundError if the blob does not exist."""
        ...

    def read(self, key: str) -> bytes:
        """Return the bytes of the blob. Raises FileNotFoundError if the blob does not exist."""
        ...

    def read_start(self, key: str, count: int) -> bytes:
        """Return the first bytes of the blob. Raises FileNotFoundError if the blob does not exist."""
        ...

    def size(self, key: str) -> int | None:
        """Return the size in bytes. Returns None if the blob does not exist."""
        ...

    def delete_all(self) -> None:
        """Delete every blob below the root."""
        ...


class BlobStore:
    """Blobs at one URL.

    `options` are passed to fsspec (credentials, endpoints). Most options come from the environment.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self.url = url
        self.backend: BlobBackend = _open_backend(url, options)

    def put(self, data: bytes) -> str:
        """Store the bytes and return their sha256 (64 hexadecimal digits). Storing them again changes nothing."""
        digest = hashlib.sha256(data).hexdigest()
        if self.backend.size(blob_key(digest)) != len(data):
            with _temporary_file(self.backend) as spool:
                spool.write_bytes(data)
                self.backend.write(blob_key(digest), spool)
        return digest

    def put_file(self, path: Path) -> str:
        """Store a copy of the file and return its sha256.

        The hash covers the copied bytes, even if the file changes during the copy.
        """
        with _temporary_file(self.backend) as spool:
            with path.open("rb") as source, spool.open("wb") as target:
                digest, size = _hash_and_copy(source, target)
            if self.backend.size(blob_key(digest)) != size:
                self.backend.write(blob_key(digest), spool)
        return digest

    def get(self, hash: str) -> bytes:
        """Return the verified bytes of a blob.

        Raises:
            NotFound: the blob does not exist.
            DataCorrupted: the bytes do not have the hash.
        """
        try:
            data = self.backend.read(blob_key(hash))
        except FileNotFoundError as error:
            raise self._not_found(hash) from error
        self._verify(hash, hashlib.sha256(data).hexdigest(), len(data))
        return data

    def read_start(self, hash: str, count: int) -> bytes:
        """Return the first bytes of a blob. They are not verified, because the rest of the blob is not read.

        Raises:
            NotFound: the blob does not exist.
        """
        try:
            return self.backend.read_start(blob_key(hash), count)
        except FileNotFoundError as error:
            raise self._not_found(hash) from error

    def fetch(self, hash: str, to: Path) -> Path:
        """Write a verified blob to a file, atomically.

        If the store is a folder on the same disk, the file is a read-only hard link to the blob: replace the file,
        never change it in place.
        """
        to.parent.mkdir(parents=True, exist_ok=True)
        partial = to.with_name(f".{to.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            try:
                self.backend.copy(blob_key(hash), partial)
            except FileNotFoundError as error:
                raise self._not_found(hash) from error
            with partial.open("rb") as source:
                self._verify(hash, *_hash_and_copy(source, None))
            partial.replace(to)
        finally:
            partial.unlink(missing_ok=True)
        return to

    def exists(self, hash: str) -> bool:
        """Check that a blob exists. The content is verified only on read."""
        return self.backend.size(blob_key(hash)) is not None

    def size(self, hash: str) -> int:
        """Return the size of a blob in bytes. Raises NotFound if the blob does not exist."""
        size = self.backend.size(blob_key(hash))
        if size is None:
            raise self._not_found(hash)
        return size

    def verify(self, hash: str) -> None:
        """Read a blob and compare its bytes with its hash.

        Raises:
            NotFound: the blob does not exist.
            DataCorrupted: the bytes do not have the hash.
        """
        if not isinstance(self.backend, LocalBackend):
            with tempfile.TemporaryDirectory(prefix="vong-verify-") as folder:
                self.fetch(hash, Path(folder) / "blob")
            return
        try:
            with (self.backend.root / blob_key(hash)).open("rb") as source:
                self._verify(hash, *_hash_and_copy(source, None))
        except FileNotFoundError as error:
            raise self._not_found(hash) from error

    def delete_all(self) -> None:
        """Delete every blob of this store. Only for a store whose blobs belong to one owner."""
        self.backend.delete_all()

    def _not_found(self, hash: str) -> NotFound:
        return NotFound(
            f"no blob {hash!r} in {self.url}", "check that VONG_BLOB_URL is the store the blob was written to"
        )

    def _verify(self, hash: str, found: str, size: int) -> None:
        if found != hash:
            raise DataCorrupted(
                f"blob {self.url.rstrip('/')}/{blob_key(hash)} is corrupted: its {size} bytes have the sha256 {found}",
                "restore the blob from a backup, or delete it and import its source again",
            )


class LocalBackend:
    """Blobs in a folder of this machine or of a mounted file system."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, key: str, source: Path) -> None:
        """Flush the file to disk, then rename it into place: a crash leaves either nothing or the whole blob."""
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
        """Create a hard link if the disk allows one, otherwise a copy."""
        try:
            to.hardlink_to(self.root / key)
        except OSError as error:
            if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES}:
                raise
            shutil.copyfile(self.root / key, to)

    def read(self, key: str) -> bytes:
        """Return the content of the file."""
        return (self.root / key).read_bytes()

    def read_start(self, key: str, count: int) -> bytes:
        """Return the first bytes of the file."""
        with (self.root / key).open("rb") as file:
            return file.read(count)

    def size(self, key: str) -> int | None:
        """Return the size of the file. Returns None if the file does not exist."""
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None

    def delete_all(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.root, ignore_errors=True)


class FsspecBackend:
    """Blobs in an object store, which makes an upload visible only when it is complete."""

    def __init__(self, filesystem: Any, root: str, url: str) -> None:
        self.filesystem = filesystem
        self.root = root.rstrip("/")
        self.url = url
        # fsspec converts most errors of an object store's client to OSError, but not the network errors.
        client = sys.modules.get("botocore.exceptions")
        self.failures: tuple[type[Exception], ...] = (OSError, client.BotoCoreError) if client else (OSError,)

    def write(self, key: str, source: Path) -> None:
        """Upload a blob, in parts if it is large."""
        with self._translate_errors():
            try:
                self.filesystem.put_file(str(source), f"{self.root}/{key}")
            except FileNotFoundError as error:
                message = f"blob store {self.url} does not exist: {error}"
                raise Misconfigured(message, "create the bucket, or fix VONG_BLOB_URL") from error

    def copy(self, key: str, to: Path) -> None:
        """Download a blob."""
        with self._translate_errors():
            self.filesystem.get_file(f"{self.root}/{key}", str(to))

    def read(self, key: str) -> bytes:
        """Return the content of the object."""
        with self._translate_errors():
            return bytes(self.filesystem.cat_file(f"{self.root}/{key}"))

    def read_start(self, key: str, count: int) -> bytes:
        """Return the first bytes of the object."""
        with self._translate_errors():
            return bytes(self.filesystem.cat_file(f"{self.root}/{key}", start=0, end=count))

    def size(self, key: str) -> int | None:
        """Return the size of the object. Returns None if the object does not exist."""
        with self._translate_errors():
            try:
                return int(self.filesystem.info(f"{self.root}/{key}")["size"])
            except FileNotFoundError:
                return None

    def delete_all(self) -> None:
        """Delete all objects below the root."""
        with self._translate_errors():
            if self.filesystem.exists(self.root):
                self.filesystem.rm(self.root, recursive=True)

    @contextmanager
    def _translate_errors(self) -> Generator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except PermissionError as error:
            message = f"blob store {self.url} refused the credentials: {error}"
            raise Misconfigured(message, "check the access key and its permissions") from error
        except self.failures as error:
            message = f"blob store {self.url} is unreachable: {error}"
            raise Unavailable(message, "check the network, the credentials and VONG_BLOB_URL") from error


def blob_key(hash: str) -> str:
    """Return the key of a blob: its path below the root."""
    if not SHA256_PATTERN.fullmatch(hash):
        raise InvalidInput(f"{hash!r} is not a sha256", "use the 64 hexadecimal digits that put returned")
    return f"{hash[:2]}/{hash[2:4]}/{hash}"


def _open_backend(url: str, options: dict[str, Any]) -> BlobBackend:
    fsspec = import_module("fsspec")  # imported here: the import takes 60 ms
    scheme = url.split("://", 1)[0].split("::", 1)[0] if "://" in url else "file"
    # A cached listing would hide what another process has just written.
    remote = {} if scheme in {"file", "local"} else {"use_listings_cache": False}
    try:
        filesystem, root = fsspec.core.url_to_fs(url, **remote, **options)
    except ImportError as error:
        raise MissingExtra(scheme, EXTRA_BY_SCHEME.get(scheme, scheme)) from error
    except ValueError as error:
        message = f"VONG_BLOB_URL {url!r} cannot be opened: {error}"
        raise Misconfigured(message, "set a folder, or a URL such as s3://bucket/prefix") from error
    if scheme in {"file", "local"}:
        return LocalBackend(Path(root))
    return FsspecBackend(filesystem, root, url)


@contextmanager
def _temporary_file(backend: BlobBackend) -> Generator[Path]:
    """Create a temporary file, for a local store inside its folder, so that a rename moves the file into place."""
    folder = backend.root / ".incoming" if isinstance(backend, LocalBackend) else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="blob-", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _hash_and_copy(source: IO[bytes], target: IO[bytes] | None) -> tuple[str, int]:
    """Return the sha256 and the size of `source`, and copy it to `target` if there is one."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
        if target is not None:
            target.write(block)
    return digest.hexdigest(), size
