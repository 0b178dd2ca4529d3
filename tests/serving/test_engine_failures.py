"""Engines that are killed or stuck: every request ends, and the engine comes back."""

import asyncio
import os
import signal
import time
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from tests.gateway.conftest import create_settings, project_server
from tests.gateway.conftest import serving as serve_platform
from tests.serving.test_reconciler import gguf, is_ready, supervised, wait_for_deployment
from vong import serving
from vong.app import Platform
from vong.serving.settings import DeploymentSettings
from vong.store.database import Database

SETTINGS = DeploymentSettings(threads=1, batch=2, context=2048)


def deploy(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        serving.deploy(connection, "small", gguf("model"), gguf("model"), settings=SETTINGS)


async def send(http: httpx.AsyncClient, number: int) -> tuple[int, str, str]:
    """Send a request and return its status, its Retry-After and the end of its body."""
    stream = number % 2 == 0
    body = {"model": "deployment/small", "messages": [{"role": "user", "content": f"Count to {number}."}]}
    body |= {"max_tokens": 60, "stream": stream}
    answer = await http.post("/v1/chat/completions", json=body)
    return answer.status_code, answer.headers.get("retry-after", ""), answer.text[-2000:]


@pytest.mark.slow
def test_every_request_ends_if_the_engine_is_killed_under_load(database_url: str, tmp_path: Path) -> None:
    platform = Platform(create_settings(tmp_path / "home", database_url, 9))
    database = platform.database
    with serve_platform(platform) as running, project_server(running) as server:
        deploy(database, server.project_id)
        with supervised(database, tmp_path / "home"):
            first = wait_for_deployment(database, server.project_id, is_ready, seconds=120)
            assert first.pid is not None
            answers = asyncio.run(kill_under_load(server.url, server.key, first.pid))
            second = wait_for_deployment(
                database, server.project_id, lambda one: is_ready(one) and one.pid not in {None, first.pid}, seconds=120
            )
            assert second.restarts == 1
            again = asyncio.run(ask_until_answered(server.url, server.key))
        serving.stop_all(database, grace=5)
    assert again[0] == 200
    assert len(answers) == 12
    outcomes = [outcome(*answer) for answer in answers]
    assert "unclear" not in outcomes, answers
    assert outcomes.count("error") >= 2  # those that ran at the time of the kill


def outcome(status: int, retry_after: str, body: str) -> str:
    """Return how a request ended: with an answer, with a clear error, or neither."""
    if status == 503:
        return "error" if retry_after and "small" in body else "unclear"
    if status == 502:
        return "error" if "closed the connection" in body else "unclear"
    if status != 200:
        return "unclear"
    if not body.lstrip().startswith("data:") and "data:" not in body:
        return "answer" if '"finish_reason"' in body else "unclear"
    *_, last = [line for line in body.split("\n") if line.startswith("data:")]
    return "answer" if last == "data: [DONE]" else "error" if '"error"' in body else "unclear"


async def kill_under_load(url: str, key: str, pid: int) -> list[tuple[int, str, str]]:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120, trust_env=False) as http:
        tasks = [asyncio.create_task(send(http, number)) for number in range(10)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)  # the others are running or waiting
        os.kill(pid, signal.SIGKILL)
        tasks += [asyncio.create_task(send(http, number)) for number in (10, 11)]
        return await asyncio.gather(*tasks)


async def ask_until_answered(url: str, key: str) -> tuple[int, str, str]:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120, trust_env=False) as http:
        until = time.monotonic() + 30
        while (answer := await send(http, 1))[0] != 200 and time.monotonic() < until:
            await asyncio.sleep(0.5)
        return answer


@pytest.mark.slow
def test_an_engine_that_computes_nothing_is_restarted(
    database: Database, project_id: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vong.serving.engine_client import EngineClient

    deploy(database, project_id)
    health = EngineClient.health
    checks: list[bool] = []

    def report(self: EngineClient, *, generate: bool = False, timeout: float = 5.0) -> dict[str, object]:
        checks.append(generate)
        found = health(self, generate=generate, timeout=timeout)
        return {**found, "stalled_seconds": 200.0} if stuck and found["pid"] == stuck[0] else found

    stuck: list[int] = []
    monkeypatch.setattr(EngineClient, "health", report)
    with supervised(database, tmp_path, check_interval=0.5):
        first = wait_for_deployment(database, project_id, is_ready, seconds=120)
        assert first.pid is not None and first.restarts == 0
        assert first.load is not None and first.load.output_speed and first.load.prompt_speed
        time.sleep(1.2)
        assert sum(checks) >= 2
        stuck.append(first.pid)
        second = wait_for_deployment(
            database, project_id, lambda one: is_ready(one) and one.pid not in {None, first.pid}, seconds=120
        )
        assert second.restarts == 1
    serving.stop_all(database, grace=5)
