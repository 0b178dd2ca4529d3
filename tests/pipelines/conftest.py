"""Fixtures of the tests of pipelines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import fresh_database

from .engine import Engine, FakeServices, running_engine


@pytest.fixture(scope="module")
def module_engine(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Start an engine that all tests of a module share."""
    home: Path = tmp_path_factory.mktemp("engine")
    with fresh_database(postgres_url) as url, running_engine(url, home) as engine:
        yield engine


@pytest.fixture
def engine(module_engine: Engine) -> Engine:
    """Return the engine of the module, with services as new."""
    module_engine.services.__init__()
    module_engine.spans.clear()
    assert isinstance(module_engine.services, FakeServices)
    if module_engine.platform.pipelines is None:
        module_engine.start_executor()
    return module_engine
