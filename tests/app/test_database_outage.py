"""Calls during an outage of PostgreSQL: they are answered, and this server or the next one writes their spans later."""

import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from tests.running_vong import RunningVong, eventually, run_vong

WAIT_SECONDS = 120
CHAT = {"model": "priced/echo", "messages": [{"role": "user", "content": "hello there"}], "max_tokens": 20}
SETTINGS = """
server_processes = 2
[providers.priced]
kind = "echo"
[prices."priced/echo"]
input = 1.0
output = 1.0
"""


@pytest.fixture(scope="module")
def vong(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningVong]:
    home = tmp_path_factory.mktemp("home") / "vong"
    home.mkdir()
    (home / "vong.toml").write_text(SETTINGS)
    with run_vong(home) as running:
        yield running


@contextmanager
def frozen(vong: RunningVong) -> Generator[None]:
    """Stop all processes of PostgreSQL with SIGSTOP inside the block: connections hang."""
    postmaster = psutil.Process(vong.pid("postgres"))
    stopped = [postmaster, *postmaster.children(recursive=True)]
    for process in stopped:
        process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            if process.is_running():
                process.resume()


def health(vong: RunningVong) -> dict[str, Any]:
    return httpx.get(f"{vong.url}/health", trust_env=False, timeout=30).json()


def call(vong: RunningVong, **fields: Any) -> UUID:
    headers = {"authorization": f"Bearer {vong.key}"}
    url = f"{vong.url}/v1/chat/completions"
    answer = httpx.post(url, json={**CHAT, **fields}, headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return UUID(answer.headers["x-vong-span-id"])


def warm_up(vong: RunningVong) -> set[UUID]:
    """Send calls until both servers have cached the key. The system picks a server for each connection, and a server
    without the key in its cache cannot authenticate calls during an outage.
    """
    return {call(vong) for _ in range(30)}


def wait_until_written(vong: RunningVong, ids: set[UUID]) -> bool:
    with vong.client() as client:
        return ids <= {span.id for span in client.traces.list(limit=500)}


def records_on_disk(vong: RunningVong) -> bool:
    return any((vong.home / "journal").glob("*/[0-9]*"))


def test_two_servers_share_a_port_and_their_metrics_are_added(vong: RunningVong) -> None:
    ids = {call(vong) for _ in range(40)}
    eventually(lambda: wait_until_written(vong, ids), WAIT_SECONDS)
    eventually(lambda: health(vong)["servers"] == 2, WAIT_SECONDS)

    def counted_calls() -> bool:
        text = httpx.get(f"{vong.url}/metrics", trust_env=False).text
        lines = [line for line in text.splitlines() if line.startswith("vong_gateway_requests_total")]
        return sum(float(line.rpartition(" ")[2]) for line in lines if 'provider="priced"' in line) == 40

    eventually(counted_calls, WAIT_SECONDS)


def test_a_killed_server_restarts_while_the_other_answers(vong: RunningVong) -> None:
    before = vong.pid("server-2")
    vong.kill("server-2")
    call(vong)
    eventually(lambda: vong.pid("server-2") not in {0, before}, WAIT_SECONDS)
    eventually(lambda: health(vong)["servers"] == 2, WAIT_SECONDS)


def test_calls_are_answered_while_postgresql_hangs_and_all_spans_are_stored_later(vong: RunningVong) -> None:
    ids = warm_up(vong)
    with frozen(vong):
        ids |= {call(vong) for _ in range(30)}
        eventually(lambda: records_on_disk(vong), WAIT_SECONDS)
        ids |= {call(vong) for _ in range(30)}
    eventually(lambda: wait_until_written(vong, ids), WAIT_SECONDS)
    eventually(lambda: not records_on_disk(vong), WAIT_SECONDS)


def test_the_next_server_writes_the_disk_buffer_of_a_killed_server_exactly_once(vong: RunningVong) -> None:
    before_that = warm_up(vong)
    eventually(lambda: wait_until_written(vong, before_that), WAIT_SECONDS)
    with vong.client() as client:
        before = {line.group: line.calls for line in client.gateway.ledger(by="model")}.get("priced/echo", 0)
    with frozen(vong):
        ids = {call(vong) for _ in range(30)}
        eventually(lambda: _buffered_ids(vong) >= 30, WAIT_SECONDS)
        for name in ("server", "server-2"):
            os.kill(vong.pid(name), signal.SIGKILL)
    eventually(lambda: wait_until_written(vong, ids), WAIT_SECONDS)
    with vong.client() as client:
        after = {line.group: line.calls for line in client.gateway.ledger(by="model")}["priced/echo"]
    assert after == before + 30
    eventually(lambda: not records_on_disk(vong), WAIT_SECONDS)


def _buffered_ids(vong: RunningVong) -> int:
    """Return the ids of the records in all disk buffer files, read as after a crash."""
    from vong.store.spans.segments import read_records

    return sum(len(read_records(file)) for file in (vong.home / "journal").glob("*/[0-9]*"))


def test_no_acknowledged_call_is_lost_if_the_servers_are_killed(vong: RunningVong) -> None:
    warmed = warm_up(vong)
    eventually(lambda: wait_until_written(vong, warmed), WAIT_SECONDS)
    with vong.client() as client:
        before = {line.group: line.calls for line in client.gateway.ledger(by="model")}.get("priced/echo", 0)
    headers = {"authorization": f"Bearer {vong.key}"}
    stalling = {**CHAT, "model": "faults/stall", "stream": True}
    with httpx.stream(
        "POST", f"{vong.url}/v1/chat/completions", json=stalling, headers=headers, trust_env=False
    ) as stream:
        running = UUID(stream.headers["x-vong-span-id"])
        chunks = stream.iter_raw()
        next(chunks)
        time.sleep(0.2)
        with httpx.Client(headers=headers, trust_env=False, timeout=30) as client:  # one connection: the fast path
            answers = [client.post(f"{vong.url}/v1/chat/completions", json=CHAT) for _ in range(60)]
        ids = {UUID(answer.headers["x-vong-span-id"]) for answer in answers}
        ids |= {call(vong, metadata={"ticket": "7"}) for _ in range(5)}
        for name in ("server", "server-2"):
            os.kill(vong.pid(name), signal.SIGKILL)
    eventually(lambda: wait_until_written(vong, ids | {running}), WAIT_SECONDS)
    with vong.client() as client:
        assert {line.group: line.calls for line in client.gateway.ledger(by="model")}["priced/echo"] == before + 65
        span = client.traces.get(min(ids))
        assert span.output["choices"][0]["message"]["content"] and span.usage.cost
        interrupted = client.traces.get(running)
        assert interrupted.status == "error" and "was killed before" in (interrupted.error or "")
