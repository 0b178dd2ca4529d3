"""Fixtures of the registry's tests: platform, HTTP client, a tiny base with an adapter and a dataset."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.conftest import fresh_database
from tests.serving.models import tiny_adapter
from tests.tiny_model import create_tiny_model
from vong import access, data, registry
from vong.api.http import problems
from vong.api.routes import registry as routes
from vong.app import Platform, parity_inputs
from vong.app.job_handlers import HANDLERS
from vong.app.model_exports import parity
from vong.config import Settings
from vong.errors import JobCancelled
from vong.jobs import JobContext
from vong.jobs.runner import load_function
from vong.records import DatasetVersion, Example, ExampleOrigin, Message, ModelVersion, Operation


class Models(NamedTuple):
    """Registered base, adapter and dataset."""

    base: ModelVersion
    adapter: ModelVersion
    dataset: DatasetVersion


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def adapter_folder(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    folder = tiny_adapter(tmp_path_factory.mktemp("adapter"), tiny_folder, seed=1)
    (folder / "README.md").unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="module")
def platform(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Open a platform with a database that the tests of a module share, because exports take seconds."""
    with fresh_database(postgres_url) as url:
        opened = Platform(Settings(home=tmp_path_factory.mktemp("home"), database_url=url, cpu_threads=1))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def project(platform: Platform) -> UUID:
    with platform.database.owner() as connection:
        return access.create_project(connection, "default").id


@pytest.fixture(scope="module")
def http(platform: Platform, project: UUID) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    app.include_router(routes.routes)
    with platform.scope(project) as connection:
        secret = access.create_key(connection, "test").secret
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


def rows(count: int = 6) -> list[Example]:
    """Return rows, the first from ann@example.org, with an own split each third."""
    return [
        Example(
            messages=(Message(role="user", content=f"{'ann@example.org asks' if n == 0 else 'say'} {n}"),),
            completion=Message(role="assistant", content=chr(97 + n) * 3),
            metadata={"split": "test" if n % 3 == 2 else "train"},
            origin=ExampleOrigin(kind="file", id=f"rows.jsonl#{n + 1}"),
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def models(platform: Platform, project: UUID, tiny_folder: Path, adapter_folder: Path) -> Models:
    with platform.scope(project) as connection:
        dataset = data.write(connection, platform.blobs, "rows", rows(), Operation(name="import"))
        template = (tiny_folder / "chat_template.jinja").read_text()
        base = registry.register(
            connection, platform.blobs, "tiny", tiny_folder, licence="apache-2.0", chat_template=template
        )
        adapter = registry.register(
            connection,
            platform.blobs,
            "triage",
            adapter_folder,
            kind="adapter",
            base=base.ref,
            dataset=dataset.ref,
            licence="apache-2.0",
            chat_template=template,
            sources={"dataset_hash": dataset.hash},
        )
    return Models(base, adapter, dataset)


@pytest.fixture(scope="module", autouse=True)
def short_parity_check() -> Iterator[None]:
    """Compare fewer positions than in use: llama.cpp computes them one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "POSITIONS", 6)
        patch.setattr(parity, "GREEDY_TOKENS", 6)
        patch.setattr(parity_inputs, "PARITY_SAMPLES", 1)
        yield


class FakeJob:
    """Job context without a queue. `cancel_at` cancels the job at a progress message."""

    def __init__(self, project_id: UUID, folder: Path, job: dict[str, Any], cancel_at: str | None = None) -> None:
        self.id, self.project_id, self.params, self.folder = UUID(job["id"]), project_id, job["params"], folder
        self.cancel_at = cancel_at
        self.lines: list[str] = []
        self.messages: list[str] = []
        self.stop_event = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)

    def progress(self, done: float, total: float | None = None, *, unit: str = "", message: str = "") -> None:
        self.messages.append(message)
        if self.cancel_at is not None and self.cancel_at in message:
            raise JobCancelled("asked to stop")

    def log(self, line: str) -> None:
        self.lines.append(line)

    def step(self, name: str, function: Any) -> Any:
        return function()


class JobRunner:
    """Runs queued jobs in this process, by the handler that the worker would call."""

    def __init__(self, platform: Platform, project_id: UUID, folder: Path) -> None:
        self.platform, self.project_id, self.folder = platform, project_id, folder

    def run(self, job: dict[str, Any], cancel_at: str | None = None) -> dict[str, Any]:
        assert "kind" in job, job
        context = FakeJob(self.project_id, self.folder / job["id"], job, cancel_at)
        return load_function(HANDLERS[job["kind"]])(cast(JobContext, context), self.platform)


@pytest.fixture(scope="module")
def job_runner(platform: Platform, project: UUID, tmp_path_factory: pytest.TempPathFactory) -> JobRunner:
    return JobRunner(platform, project, tmp_path_factory.mktemp("jobs"))
