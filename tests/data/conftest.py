from pathlib import Path

import pytest

from vong.store.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """Blobs in a folder of the test's own."""
    return Blobs((tmp_path / "blobs").as_uri())
