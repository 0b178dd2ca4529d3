"""A tiny base model and rows to teach it."""

from pathlib import Path

import pytest

from tests.tiny import tiny_model
from tests.training.made import Recorder


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()
