from pathlib import Path

import pytest

from vong.store.blobs import BlobStore


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    """Blobs in a folder of the test's own."""
    return BlobStore((tmp_path / "blobs").as_uri())
