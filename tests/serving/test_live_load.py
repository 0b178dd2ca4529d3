"""Real engines under load: scaling up and down, eviction if memory is short, and updates of an adapter."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from tests.running_vong import eventually, run_vong
from tests.serving.models import tiny_adapter, tiny_base
from tests.serving.test_deployments import model
from tests.serving.test_reconciler import engines, gguf, supervised, wait_for_deployment
from vong import serving
from vong.processes import Memory
from vong.records import ModelVersion
from vong.serving import autoscaling, machine_info, views
from vong.serving.memory_plan import MemoryNeed
from vong.serving.settings import DeploymentSettings
from vong.store.database import Database
from vong.training.export.gguf_export import write_gguf
from vong.training.export.gguf_export.lora import write_lora_gguf

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nothing_left_behind(database: Database) -> Generator[None]:
    yield
    serving.stop_all(database, grace=5)


def deploy(
    database: Database,
    project_id: UUID,
    name: str,
    version: ModelVersion,
    base: ModelVersion | None = None,
    *,
    memory: int = 0,
    **settings: Any,
) -> None:
    values = DeploymentSettings.model_validate({"threads": 1, "context": 1024, "parity": "skip", **settings})
    need = MemoryNeed(memory, memory, 0, 0, 0, 1.0, 0, 8)
    with database.scope(project_id) as connection:
        serving.deploy(connection, name, version, base or version, engine="xllamacpp", settings=values, memory=need)


def call(database: Database, project_id: UUID, name: str, max_tokens: int) -> tuple[int, str]:
    """Call the next replica of a deployment that takes calls now, as the gateway does."""
    with database.scope(project_id) as connection:
        (found,) = [one for one in serving.list_ready_deployments(connection) if one.name == name]
    url, token = found.replicas[int(time.monotonic() * 1000) % len(found.replicas)]
    body = {"model": found.served_name, "messages": [{"role": "user", "content": "Count to ten."}]}
    body |= {"max_tokens": max_tokens, "temperature": 0.0}
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{url}/chat/completions", json=body, headers=headers, timeout=60)
    return answer.status_code, answer.text


@contextmanager
def load(callers: int, send: Callable[[], Any]) -> Generator[None]:
    """Send requests from several threads until the end of the block."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.is_set():
            send()

    threads = [threading.Thread(target=repeat) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"batch": 1}, "calls wait at"), ({"batch": 8, "first_token_target_ms": 1}, "time to the first token")],
)
def test_replicas_follow_the_load_between_their_bounds(
    database: Database,
    project_id: UUID,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    words: str,
) -> None:
    for constant, seconds in (("RAISE_AFTER_SECONDS", 2.0), ("LOWER_AFTER_SECONDS", 3.0), ("COOLDOWN_SECONDS", 3.0)):
        monkeypatch.setattr(autoscaling, constant, seconds)
    statuses: list[int] = []
    with supervised(database, tmp_path):
        deploy(database, project_id, "small", gguf("model"), min_replicas=1, max_replicas=2, **settings)
        wait_for_deployment(database, project_id, lambda one: one.replicas == 1, seconds=120)
        with load(4, lambda: statuses.append(call(database, project_id, "small", 30)[0])):
            wait_for_deployment(database, project_id, lambda one: one.replicas == 2, seconds=120)
            time.sleep(4)
        wait_for_deployment(database, project_id, lambda one: one.desired_replicas == 1, seconds=60)
        eventually(lambda: len(engines(tmp_path)) == 1, 60)
        lowered = wait_for_deployment(database, project_id, lambda one: one.desired_replicas == 1, seconds=60)
    assert set(statuses) == {200}
    messages = [event.message for event in reversed(lowered.events) if event.kind == "scale"]
    assert messages[0].startswith("1 to 2 replicas") and words in messages[0]
    assert messages[-1].startswith("2 to 1 replicas")


def test_the_least_recently_used_engine_is_evicted_if_memory_is_short(
    database: Database, project_id: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    total, need = 700_000_000, 300_000_000

    def limited_memory() -> Memory:
        """Return the memory of a small machine on which only these engines run."""
        used = 0
        for pid in engines(tmp_path):
            with suppress(psutil.Error):
                used += psutil.Process(pid).memory_info().rss
        return Memory(total, max(0, total - used))

    monkeypatch.setattr(machine_info, "machine_memory", limited_memory)
    with supervised(database, tmp_path, overdue=8.0):
        for name in ("first", "second"):
            deploy(database, project_id, name, gguf(name), memory=need, idle_seconds=600)
            wait_for_deployment(database, project_id, lambda one: one.state == "ready", name, seconds=120)
        assert call(database, project_id, "first", 2)[0] == 200  # the second one is the least recently used now
        time.sleep(8)
        deploy(database, project_id, "third", gguf("third"), memory=need, idle_seconds=600)
        wait_for_deployment(database, project_id, lambda one: one.state == "sleeping", "second", seconds=60)
        wait_for_deployment(database, project_id, lambda one: one.state == "ready", "third", seconds=120)
        with database.scope(project_id) as connection:
            assert views.get_deployment(connection, "first").state == "ready"
            assert any("evicted" in one.message for one in views.list_events(connection, "second", 10))
        assert call(database, project_id, "third", 2)[0] == 200


def test_an_update_of_an_adapter_loses_no_call(database: Database, project_id: UUID, tmp_path: Path) -> None:
    base_folder = tiny_base(tmp_path / "base")
    (tmp_path / "gguf").mkdir()
    files = {"base": write_gguf(base_folder, tmp_path / "gguf" / "base.gguf", "f32").parent}
    for seed, name in enumerate(("one", "two")):
        adapter = tiny_adapter(tmp_path / name, base_folder, seed=seed)
        files[name] = tmp_path / f"{name}-gguf"
        files[name].mkdir()
        write_lora_gguf(base_folder, adapter, files[name] / "adapter.gguf")
    base = model("base")
    versions = {name: model(name, "adapter", base=base.ref) for name in ("one", "two")}
    answers: list[tuple[int, str]] = []

    def find(_: object, version: object, ref: str) -> Path:
        return files[ref.partition("@")[0]]

    with supervised(database, tmp_path / "home", find=find):
        deploy(database, project_id, "small", versions["one"], base, quantization="f32")
        wait_for_deployment(database, project_id, lambda one: one.state == "ready", seconds=120)
        before = call(database, project_id, "small", 8)
        with load(3, lambda: answers.append(call(database, project_id, "small", 8))):
            time.sleep(1)
            deploy(database, project_id, "small", versions["two"], base, quantization="f32")
            wait_for_deployment(
                database,
                project_id,
                lambda one: one.active_model == versions["two"].ref and one.state == "ready",
                seconds=120,
            )
            time.sleep(2)
        after = call(database, project_id, "small", 8)
    assert {status for status, _ in answers} == {200}
    assert text_of(before) != text_of(after) == text_of(answers[-1])
    assert {text_of(one) for one in answers} == {text_of(before), text_of(after)}


def text_of(answer: tuple[int, str]) -> str:
    return str(httpx.Response(200, text=answer[1]).json()["choices"][0]["message"]["content"])


@pytest.mark.timeout(400)
def test_a_conversion_that_is_killed_is_repeated(tmp_path: Path) -> None:
    with run_vong(tmp_path / "home") as vong:
        client = vong.client()
        job = client.registry.import_model(str(tiny_base(tmp_path / "tiny")), name="tiny")
        assert client.jobs.wait(job.id).status == "finished"
        client.serving.deploy("small", model="tiny", settings={"threads": 1, "batch": 2, "parity": "skip"})
        eventually(lambda: any(vong.home.glob("jobs/*/convert/*")), 120)
        children = vong.children("worker", "vong.app.worker child")
        assert children, "the conversion runs in a process of its own"
        for child in children:
            child.kill()
        # A larger model would have left a part of its file.
        folder = next(vong.home.glob("jobs/*/convert/*"))
        (folder / ".tiny-q8_0.gguf.part").write_bytes(b"GGUF")
        eventually(lambda: client.serving.get("small").state in {"ready", "failed"}, 200)
        found = client.serving.get("small")
        assert found.state == "ready", (found.reason, vong.logs())
        parity = next(one for one in client.jobs.list() if one.kind == "serving.parity")
        assert (parity.attempts, parity.status) == (2, "finished")
        assert not list(vong.home.glob("**/convert/*/*")), "no unfinished file is left"
        assert [one.format for one in client.registry.exports()] == ["gguf"]
        assert client.gateway.chat("deployment/small", "hi", max_tokens=3).usage.output_tokens == 3
