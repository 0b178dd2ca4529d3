from pathlib import Path

import pytest

from vong.store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    """Return a blob store in the folder of the test."""
    return BlobStore((tmp_path / "blobs").as_uri())
