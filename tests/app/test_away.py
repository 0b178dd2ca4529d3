"""Calls go on while PostgreSQL is away, and what they leave is written once it is back: by this server or the next."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import psutil
import pytest

from tests.live import Live, eventually, live

PATIENCE = 120
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
def vong(tmp_path_factory: pytest.TempPathFactory) -> Generator[Live]:
    home = tmp_path_factory.mktemp("home") / "vong"
    home.mkdir()
    (home / "vong.toml").write_text(SETTINGS)
    with live(home) as running:
        yield running


@contextmanager
def frozen(vong: Live) -> Generator[None]:
    """PostgreSQL answers nobody: its processes are there and stand still."""
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


def health(vong: Live) -> dict[str, Any]:
    return httpx.get(f"{vong.url}/health", trust_env=False, timeout=30).json()


def call(vong: Live) -> UUID:
    headers = {"authorization": f"Bearer {vong.key}"}
    url = f"{vong.url}/v1/chat/completions"
    answer = httpx.post(url, json=CHAT, headers=headers, trust_env=False, timeout=30)
    assert answer.status_code == 200, answer.text
    return UUID(answer.headers["x-vong-span-id"])


def met(vong: Live) -> set[UUID]:
    """Calls until both servers have seen the key (the system picks one for each connection): a server that has never
    seen it cannot know it while PostgreSQL is away.
    """
    return {call(vong) for _ in range(30)}


def written(vong: Live, ids: set[UUID]) -> bool:
    with vong.client() as client:
        return ids <= {span.id for span in client.traces.list(limit=500)}


def on_disk(vong: Live) -> bool:
    return any((vong.home / "journal").glob("*/[0-9]*"))


def test_two_servers_answer_at_one_port_and_their_numbers_are_added(vong: Live) -> None:
    ids = {call(vong) for _ in range(40)}
    eventually(lambda: written(vong, ids), PATIENCE)
    eventually(lambda: health(vong)["servers"] == 2, PATIENCE)

    def counted() -> bool:
        text = httpx.get(f"{vong.url}/metrics", trust_env=False).text
        lines = [line for line in text.splitlines() if line.startswith("vong_gateway_requests_total")]
        return sum(float(line.rpartition(" ")[2]) for line in lines if 'provider="priced"' in line) == 40

    eventually(counted, PATIENCE)


def test_a_server_of_two_that_is_killed_comes_back_and_the_other_answers_meanwhile(vong: Live) -> None:
    before = vong.pid("server-2")
    vong.kill("server-2")
    call(vong)
    eventually(lambda: vong.pid("server-2") not in {0, before}, PATIENCE)
    eventually(lambda: health(vong)["servers"] == 2, PATIENCE)


def test_calls_go_on_while_postgresql_stands_still_and_all_their_spans_arrive(vong: Live) -> None:
    ids = met(vong)
    with frozen(vong):
        ids |= {call(vong) for _ in range(30)}
        eventually(lambda: on_disk(vong), PATIENCE)
        ids |= {call(vong) for _ in range(30)}
    eventually(lambda: written(vong, ids), PATIENCE)
    eventually(lambda: not on_disk(vong), PATIENCE)


def test_what_a_killed_server_kept_on_disk_is_written_by_the_next_exactly_once(vong: Live) -> None:
    before_that = met(vong)
    eventually(lambda: written(vong, before_that), PATIENCE)
    with vong.client() as client:
        before = {line.group: line.calls for line in client.gateway.ledger(by="model")}.get("priced/echo", 0)
    with frozen(vong):
        ids = {call(vong) for _ in range(30)}
        eventually(lambda: _kept(vong) >= 30, PATIENCE)
        for name in ("server", "server-2"):
            os.kill(vong.pid(name), signal.SIGKILL)
    eventually(lambda: written(vong, ids), PATIENCE)
    with vong.client() as client:
        after = {line.group: line.calls for line in client.gateway.ledger(by="model")}["priced/echo"]
    assert after == before + 30
    eventually(lambda: not on_disk(vong), PATIENCE)


def _kept(vong: Live) -> int:
    """Records on disk, by the marks of their ids: every file is read as a crash would find it."""
    from vong.store.spans.segments import read_records

    return sum(len(read_records(file)) for file in (vong.home / "journal").glob("*/[0-9]*"))
