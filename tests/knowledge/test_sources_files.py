"""Folders and buckets as sources."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from tests.knowledge.source_site import SourceBench, allow, counts
from vong.errors import Forbidden, InvalidInput, PreconditionFailed, UpstreamFailed
from vong.knowledge.sources.connectors import ConnectorServices
from vong.knowledge.sources.http.addresses import AddressPolicy
from vong.store.blobs import BlobStore
from vong.store.database import Database

HOUR_AGO = time.time() - 3600


@pytest.fixture
def bench(database: Database, project_id: UUID, tmp_path: Path) -> SourceBench:
    return SourceBench(database, project_id, BlobStore((tmp_path / "blobs").as_uri()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """Start an S3 server on loopback for this module, and return a client of it."""
    from moto.server import ThreadedMotoServer  # takes a second to load

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    import boto3

    yield boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    server.stop()


def write(file: Path, text: str, at: float = HOUR_AGO) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (at, at))


def services(*roots: Path) -> ConnectorServices:
    return ConnectorServices(AddressPolicy(), roots, None, Event())


def test_a_folder_is_read_incrementally(bench: SourceBench, folder: Path) -> None:
    for name in ("a.md", "b/c.md", "b/d.txt", "e.md"):
        write(folder / name, name)
    write(folder / ".git" / "config", "x")
    write(folder / "skip" / "x.md", "x")
    bench.create("folder", path=str(folder), exclude=["skip/*"])
    assert counts(bench.sync(services(folder))) == {"added": 4}
    assert bench.paths() == ["site/a.md", "site/b/c.md", "site/b/d.txt", "site/e.md"]
    write(folder / "a.md", "new!", HOUR_AGO + 60)
    write(folder / "e.md", "e.md", HOUR_AGO + 60)
    (folder / "b/c.md").unlink()
    write(folder / "new.md", "n")
    assert counts(bench.sync(services(folder))) == {"added": 1, "changed": 1, "unchanged": 2, "deleted": 1}
    assert bench.text("site/a.md") == "new!"


def test_a_change_within_the_resolution_of_the_clock_is_found(bench: SourceBench, folder: Path) -> None:
    at = time.time()
    write(folder / "a.md", "one", at)
    bench.create("folder", path=str(folder))
    bench.sync(services(folder))
    write(folder / "a.md", "two", at)
    assert counts(bench.sync(services(folder))) == {"changed": 1}


def test_a_missing_or_empty_folder_deletes_nothing(bench: SourceBench, folder: Path) -> None:
    write(folder / "a.md", "a")
    bench.create("folder", path=str(folder))
    bench.sync(services(folder))
    (folder / "a.md").unlink()
    with pytest.raises(PreconditionFailed, match="1 of 1 documents"):
        bench.sync(services(folder))
    folder.rmdir()
    with pytest.raises(UpstreamFailed, match="does not exist"):
        bench.sync(services(folder))
    assert bench.paths() == ["site/a.md"]


def test_only_allowed_folders_are_read(bench: SourceBench, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "private"
    write(outside / "key.md", "secret")
    (folder / "link.md").symlink_to(outside / "key.md")
    (folder / "into").symlink_to(outside)
    write(folder / "a.md", "a")
    bench.create("folder", path=str(folder))
    assert counts(bench.sync(services(folder))) == {"added": 1, "skipped": 1}
    for path in (str(outside), f"{folder}/../private", f"{folder}/into", "/etc"):
        bench.create("folder", path, path=path)
        with pytest.raises(Forbidden, match="none of the allowed folders"):
            bench.sync(services(folder), path)
    bench.create("folder", "relative", path="shared")
    with pytest.raises(InvalidInput, match="not an absolute path"):
        bench.sync(services(folder), "relative")


def test_a_file_of_another_source_is_not_overwritten(bench: SourceBench, folder: Path) -> None:
    from vong.knowledge.documents import store_document

    write(folder / "a.md", "a")
    with bench.database.scope(bench.project_id) as connection:
        store_document(connection, "docs", "site/a.md", bench.blobs.put(b"mine"))
    bench.create("folder", path=str(folder))
    assert counts(bench.sync(services(folder))) == {"failed": 1}
    assert bench.text("site/a.md") == "mine"


def test_a_document_that_was_deleted_in_the_base_returns(bench: SourceBench, folder: Path) -> None:
    from vong.knowledge.documents import delete_document

    write(folder / "a.md", "a")
    bench.create("folder", path=str(folder))
    bench.sync(services(folder))
    with bench.database.scope(bench.project_id) as connection:
        delete_document(connection, "docs", "site/a.md")
    assert counts(bench.sync(services(folder))) == {"added": 1}


def test_a_bucket_is_read_incrementally(bench: SourceBench, s3: Any) -> None:
    s3.create_bucket(Bucket="papers")
    for name in ("in/a.md", "in/b/c.md", "in/.hidden", "in/d.md", "out.md"):
        s3.put_object(Bucket="papers", Key=name, Body=name.encode())
    host = s3.meta.endpoint_url.removeprefix("http://")
    bench.create("bucket", url="s3://papers/in/", endpoint=s3.meta.endpoint_url, region="us-east-1")
    allowed = allow(host, secret="test:test")
    assert counts(bench.sync(allowed)) == {"added": 3}
    assert bench.paths() == ["site/a.md", "site/b/c.md", "site/d.md"]
    assert counts(bench.sync(allowed)) == {"unchanged": 3}
    s3.put_object(Bucket="papers", Key="in/a.md", Body=b"new")
    s3.delete_object(Bucket="papers", Key="in/d.md")
    assert counts(bench.sync(allowed)) == {"changed": 1, "unchanged": 1, "deleted": 1}
    with pytest.raises(Forbidden):
        bench.sync(allow(secret="test:test"))
    bench.create("bucket", "other", url="s3://missing", endpoint=s3.meta.endpoint_url)
    with pytest.raises(UpstreamFailed, match="does not exist"):
        bench.sync(allowed, "other")
    with pytest.raises(InvalidInput, match="no colon"):
        bench.sync(allow(host, secret="test"), "other")
