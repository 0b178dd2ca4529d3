"""Reconciler with real engine processes: llama.cpp with the bundled model."""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from tests.serving.models import shipped_gguf
from vong import serving
from vong.processes import find_process
from vong.records import Deployment, ModelVersion, content_hash, now
from vong.serving import engine_launcher, replica_tables
from vong.serving.engine import EngineSettings
from vong.serving.engine_process import SupervisorSettings
from vong.store.database import Database


def gguf(name: str) -> ModelVersion:
    values = {"name": name, "hash": content_hash(name), "number": 1, "kind": "base", "format": "gguf", "files": {}}
    return ModelVersion.model_validate({**values, "bytes": 1, "created_at": now()})


@contextmanager
def supervised(
    database: Database,
    home: Path,
    folder: Path | None = None,
    find: Callable[..., Path] = lambda *_: shipped_gguf(),
    **more: Any,
) -> Generator[None]:
    """Run a reconciler in a thread, as the worker does. All models are in `folder`, or where `find` returns."""
    stop = threading.Event()
    if folder is not None:
        find = lambda *_: folder  # noqa: E731
    more = {"drain_grace": 0.2, **more}
    settings = SupervisorSettings(home, threads=1, interval=0.1, first_backoff=0.2, **more)
    thread = threading.Thread(target=serving.supervise, args=(database, find, settings, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def nothing_left_behind(database: Database) -> Generator[None]:
    yield
    serving.stop_all(database, grace=5)


def deploy(database: Database, project_id: UUID, name: str = "small") -> None:
    with database.scope(project_id) as connection:
        serving.deploy(connection, name, gguf("model"), gguf("model"))


def wait_for_deployment(
    database: Database,
    project_id: UUID,
    condition: Callable[[Deployment], object],
    name: str = "small",
    seconds: float = 60,
) -> Deployment:
    """Wait until the deployment meets a condition and return it."""
    end = time.monotonic() + seconds
    while True:
        with database.scope(project_id) as connection:
            found = serving.get_deployment(connection, name)
        if condition(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.05)


def is_ready(deployment: Deployment) -> bool:
    return deployment.state == "ready"


def ask(database: Database, project_id: UUID, name: str = "small") -> str:
    with database.scope(project_id) as connection:
        (found,) = [one for one in serving.list_ready_deployments(connection) if one.name == name]
    body = {"model": found.served_name, "messages": [{"role": "user", "content": "Capital of France?"}]}
    replica = found.replicas[0]
    headers = {"Authorization": f"Bearer {replica.token}"}
    answer = httpx.post(f"{replica.url}/chat/completions", json=body | {"max_tokens": 5}, headers=headers, timeout=60)
    assert httpx.post(f"{replica.url}/chat/completions", json=body, timeout=60).status_code == 401
    assert answer.raise_for_status().json()["model"] == name
    return answer.json()["choices"][0]["message"]["content"]


def engines(home: Path) -> list[int]:
    """Return the engine processes of a home folder."""
    running = psutil.process_iter(["cmdline"])
    return [one.pid for one in running if f"--lease {home}" in " ".join(one.info["cmdline"] or [])]


def test_a_killed_engine_restarts_and_a_stopped_one_does_not(
    database: Database, project_id: UUID, tmp_path: Path
) -> None:
    deploy(database, project_id)
    with supervised(database, tmp_path), supervised(database, tmp_path):  # like two workers on one machine
        first = wait_for_deployment(database, project_id, is_ready)
        assert ask(database, project_id)
        assert engines(tmp_path) == [first.pid]
        assert first.pid is not None and first.memory is not None and first.memory > 10_000_000
        os.kill(first.pid, signal.SIGKILL)
        second = wait_for_deployment(
            database, project_id, lambda found: is_ready(found) and found.pid not in {None, first.pid}
        )
        assert second.restarts == 1
        assert ask(database, project_id)
        deploy(database, project_id, "twin")
        twin = wait_for_deployment(database, project_id, is_ready, "twin")
        assert twin.pid == second.pid
        with database.scope(project_id) as connection:
            serving.stop(connection, "small")
        wait_for_deployment(database, project_id, lambda found: found.state == "stopped")
        assert ask(database, project_id, "twin")
        with database.scope(project_id) as connection:
            serving.stop(connection, "twin")
        wait_for_deployment(database, project_id, lambda found: found.pid is None, "twin")
        assert find_process(second.pid or 0) is None


def test_the_next_reconciler_adopts_running_engines(database: Database, project_id: UUID, tmp_path: Path) -> None:
    deploy(database, project_id)
    with supervised(database, tmp_path):
        first = wait_for_deployment(database, project_id, is_ready)
    with database.scope(project_id) as connection:  # like a kill before the pid is written
        replica_tables.update_replicas(connection, first.engine_key, pid=None, started=None)
    with supervised(database, tmp_path):
        adopted = wait_for_deployment(database, project_id, lambda found: found.pid is not None)
        assert adopted.pid == first.pid
        wait_for_deployment(database, project_id, is_ready)
        assert adopted.pid is not None
        os.kill(adopted.pid, signal.SIGKILL)
        wait_for_deployment(
            database, project_id, lambda found: is_ready(found) and found.pid not in {None, adopted.pid}
        )
    assert serving.stop_all(database) == 1


def test_an_engine_that_never_starts_fails_with_the_end_of_its_log(
    database: Database, project_id: UUID, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "model.gguf").write_bytes(b"no model at all")
    deploy(database, project_id)
    with supervised(database, tmp_path, broken, max_failures=2, max_backoff=0.2):
        failed = wait_for_deployment(database, project_id, lambda found: found.state == "failed")
    assert failed.reason is not None
    assert "2 times" in failed.reason and "cannot load the model" in failed.reason


def test_an_unsupervised_engine_exits(tmp_path: Path) -> None:
    address = engine_launcher.reserve_address()
    lease, log = tmp_path / "lease", tmp_path / "log"
    settings = EngineSettings(threads=1)
    child = engine_launcher.start_engine("xllamacpp", shipped_gguf(), settings, address, lease=lease, log=log)
    assert find_process(child.pid)
    lease.unlink()
    child.wait(30)
    assert "lease not renewed for" in log.read_text()
