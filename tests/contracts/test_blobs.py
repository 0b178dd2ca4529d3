"""Contract of blob stores, for a folder and an object store."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vong.errors import DataCorrupted, InvalidInput, Misconfigured, MissingExtra, NotFound, Unavailable
from vong.store.blobs import BlobStore, FsspecBackend, LocalBackend, blob_key

MISSING_HASH = "0" * 64
CREDENTIALS = {"key": "test", "secret": "test", "client_kwargs": {"region_name": "eu-west-1"}}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Start an S3 server on loopback for this module."""
    from moto.server import ThreadedMotoServer  # takes a second to load

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return BlobStore((tmp_path / "blobs").as_uri())
    opened = BlobStore("s3://vong/some/prefix", endpoint_url=request.getfixturevalue("s3"), **CREDENTIALS)
    assert isinstance(opened.backend, FsspecBackend)
    if not opened.backend.filesystem.exists("vong"):
        opened.backend.filesystem.mkdir("vong")
    return opened


def overwrite(blobs: BlobStore, hash: str, data: bytes) -> None:
    """Overwrite a stored blob, as a failing disk might."""
    if isinstance(blobs.backend, LocalBackend):
        path = blobs.backend.root / blob_key(hash)
        path.chmod(0o600)
        path.write_bytes(data)
    else:
        assert isinstance(blobs.backend, FsspecBackend)
        blobs.backend.filesystem.pipe_file(f"{blobs.backend.root}/{blob_key(hash)}", data)


def test_a_blob_is_named_by_its_sha256_and_stored_two_folders_deep(blobs: BlobStore) -> None:
    hash = blobs.put(b"vong")
    assert hash == sha256(b"vong").hexdigest()
    assert blob_key(hash) == f"{hash[:2]}/{hash[2:4]}/{hash}"
    assert blobs.exists(hash)
    assert blobs.size(hash) == 4


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_a_stored_blob_is_returned_unchanged(blobs: BlobStore, data: bytes) -> None:
    hash = blobs.put(data)
    assert blobs.get(hash) == data
    assert blobs.put(data) == hash


def test_a_file_is_stored_by_content_and_fetched_completely(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "weights.bin"
    source.write_bytes(os.urandom(3_000_000))
    hash = blobs.put_file(source)
    assert hash == sha256(source.read_bytes()).hexdigest()
    source_before = source.read_bytes()
    source.write_bytes(b"changed afterwards")
    fetched = blobs.fetch(hash, tmp_path / "models" / "weights.bin")
    assert fetched.read_bytes() == source_before
    assert blobs.fetch(hash, fetched) == fetched  # the second fetch overwrites the first
    assert fetched.read_bytes() == source_before
    assert [path.name for path in fetched.parent.iterdir()] == ["weights.bin"]


def test_a_missing_blob_is_not_found(blobs: BlobStore, tmp_path: Path) -> None:
    assert not blobs.exists(MISSING_HASH)
    for ask in (blobs.get, blobs.size, lambda hash: blobs.fetch(hash, tmp_path / "none")):
        with pytest.raises(NotFound, match=MISSING_HASH):
            ask(MISSING_HASH)
    assert not list(tmp_path.glob("*none*"))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_names_other_than_sha256_are_rejected(blobs: BlobStore, name: str) -> None:
    with pytest.raises(InvalidInput):
        blobs.get(name)
    with pytest.raises(InvalidInput):
        blobs.exists(name)


def test_a_damaged_blob_is_reported_and_never_returned(blobs: BlobStore, tmp_path: Path) -> None:
    hash = blobs.put(b"as it was")
    overwrite(blobs, hash, b"as it is!")
    for ask in (blobs.get, lambda hash: blobs.fetch(hash, tmp_path / "out")):
        with pytest.raises(DataCorrupted, match=blob_key(hash)):
            ask(hash)
    assert not list(tmp_path.glob("*out*"))


def test_storing_a_truncated_blob_again_repairs_it(blobs: BlobStore) -> None:
    hash = blobs.put(b"complete")
    overwrite(blobs, hash, b"comp")
    assert blobs.put(b"complete") == hash
    assert blobs.get(hash) == b"complete"


def test_concurrent_writes_of_one_blob_succeed(blobs: BlobStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        hashes = set(pool.map(blobs.put, [b"x" * 10_000] * 12))
    assert len(hashes) == 1
    assert blobs.get(hashes.pop()) == b"x" * 10_000


def test_a_failed_write_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = BlobStore(str(tmp_path))

    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        blobs.put(b"lost")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_fetched_file_shares_the_disk_space_of_its_blob(tmp_path: Path) -> None:
    blobs = BlobStore(str(tmp_path / "blobs"))
    fetched = blobs.fetch(blobs.put(b"shared"), tmp_path / "model")
    assert fetched.stat().st_nlink == 2
    assert fetched.stat().st_mode & 0o222 == 0


def test_a_missing_bucket_is_a_configuration_error(s3: str) -> None:
    blobs = BlobStore("s3://nobodys-bucket/x", endpoint_url=s3, **CREDENTIALS)
    with pytest.raises(Misconfigured, match="nobodys-bucket"):
        blobs.put(b"x")


def test_an_unreachable_object_store_is_unavailable() -> None:
    options: dict[str, Any] = {**CREDENTIALS, "config_kwargs": {"retries": {"max_attempts": 1}, "connect_timeout": 1}}
    blobs = BlobStore("s3://vong/x", endpoint_url="http://127.0.0.1:9", **options)
    with pytest.raises(Unavailable, match="s3://vong/x"):
        blobs.put(b"x")


def test_an_unknown_url_scheme_is_an_error_with_the_next_step() -> None:
    with pytest.raises((Misconfigured, MissingExtra)) as refused:
        BlobStore("carrier-pigeon://somewhere")
    assert refused.value.hint
