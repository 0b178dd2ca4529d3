"""Fixtures of the tests of training: tiny base model, recorder, platform and HTTP client."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.tiny_model import create_tiny_model
from tests.training.factories import Recorder
from vong import access
from vong.api.http import problems
from vong.api.routes import experiments, registry, training
from vong.app import Platform
from vong.config import Settings


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    opened = Platform(Settings(home=tmp_path / "home", database_url=database_url, cpu_threads=1))
    yield opened
    opened.close()


@pytest.fixture
def http(platform: Platform, project_id: UUID) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for surface in (training, experiments, registry):
        app.include_router(surface.routes)
    with platform.scope(project_id) as connection:
        secret = access.create_key(connection, "test").secret
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})
