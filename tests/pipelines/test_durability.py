"""Runs after a crash: they continue at the interrupted step, and repeat no finished step."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from tests.running_vong import RunningVong
from vong import prompts
from vong.app.pipelines.answer_passages import find_cited
from vong.errors import Conflict, Forbidden, InvalidInput, UpstreamFailed
from vong.pipelines.definition import RunLimits
from vong.pipelines.execution import compiled, leases
from vong.records.prompt import PromptTemplate

from .engine import Engine
from .test_engine import ask
from .test_engine import text as template

CHAIN = {
    "outputs": {"answer": "{{ c.text }}"},
    "steps": {
        "a": ask("first"),
        "b": {**ask("{{ a.text }} second"), "model": "slow"},
        "c": ask("{{ b.text }} third"),
    },
}


def crash(engine: Engine) -> None:
    """End the executor as if its process were killed: without storing anything or returning its leases."""
    executor = engine.platform.pipelines
    assert executor is not None
    executor._release = lambda: None
    engine.stop_executor()
    dead = f"{socket.gethostname()}:999999999:1.00"
    with engine.platform.database.owner() as connection:
        statement = "UPDATE pipelines_runs SET lease_owner = :dead WHERE state = 'running'"
        connection.execute(text(statement), {"dead": dead})


def restart(engine: Engine) -> None:
    engine.services.delay = 0
    engine.start_executor()


def test_a_run_continues_at_the_interrupted_step(engine: Engine) -> None:
    run = engine.begin(CHAIN)
    engine.wait_for(lambda: engine.services.calls["first second"] == 1)
    crash(engine)
    steps = engine.steps(run.id)
    assert steps["a"].state == "succeeded" and "c" not in steps
    with engine.platform.database.owner() as connection:
        slow = "UPDATE pipelines_definitions SET definition = replace(definition::text, '\"slow\"', '\"m\"')::json"
        connection.execute(text(slow))
    compiled._compiled.clear()
    restart(engine)
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert (ended.state, ended.outputs) == ("succeeded", {"answer": "first second third"})
    assert engine.services.calls == {"first": 1, "first second": 2, "first second third": 1}
    names = [event["event"] for event in engine.events(run.id)]
    assert (names[0], names[-1]) == ("run_started", "run_ended")


def test_an_interrupted_call_counts_with_the_most_that_it_may_cost(engine: Engine) -> None:
    engine.services.cost = 4
    run = engine.begin(CHAIN, limits=RunLimits(cost_usd=0.00001))
    engine.wait_for(lambda: engine.services.calls["first second"] == 1)
    crash(engine)
    assert [(step.cost, step.tokens) for step in engine.steps(run.id).values()] == [(4, 10), (4, 10)]
    engine.start_executor()
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert ended.error is not None and ended.error.code == "budget_exceeded"
    assert "$0.000002 of $0.000010 is left" in ended.error.message
    assert (ended.cost, engine.services.calls["first second"]) == (8, 1)


def test_settled_calls_count_with_what_they_cost(engine: Engine) -> None:
    engine.services.cost = 4
    engine.services.errors = [UpstreamFailed("busy")]
    definition = {"outputs": {"a": "{{ a.text }}"}, "steps": {"a": ask("x", retries=1, retry_delay_seconds=0)}}
    run = engine.run(definition, limits=RunLimits(cost_usd=1, tokens=1000))
    assert (run.state, run.cost, engine.steps(run.id)["a"].cost, engine.steps(run.id)["a"].tokens) == (
        "succeeded",
        4,
        4,
        10,
    )


def test_a_run_uses_the_prompt_versions_of_its_start(engine: Engine) -> None:
    def store(text_: str) -> str:
        with engine.platform.scope(engine.project_id) as connection:
            template = PromptTemplate.model_validate({"messages": [{"role": "user", "content": text_}]})
            return prompts.create_version(connection, "pinned", template, created_by="ann").ref

    first = store("one")
    definition = {
        "outputs": {"a": "{{ b.text }}"},
        "steps": {
            "ok": {"kind": "approval", "message": "go?"},
            "b": {"kind": "prompt", "prompt": "pinned:latest", "model": "m", "after": "ok"},
            "c": {"kind": "prompt", "prompt": "missing", "model": "m", "after": "ok.rejected"},
        },
    }
    run = engine.run(definition)
    assert run.options.prompts == {"pinned:latest": first}
    assert store("two") != first
    engine.decide(run.id, "ok")
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert ended.outputs == {"a": f"{first} {{}}"}


def test_passages_of_an_answer_are_recorded_also_after_a_crash(engine: Engine) -> None:
    definition = {
        "outputs": {"answer": "{{ b.text }}"},
        "steps": {
            "find": {"kind": "retrieve", "base": "handbook", "question": "lantern"},
            "b": ask("{{ find.text }}", model="slow"),
        },
    }
    run = engine.begin(definition)
    engine.wait_for(lambda: len(engine.services.requests) == 1)
    crash(engine)
    with engine.platform.database.owner() as connection:
        slow = "UPDATE pipelines_definitions SET definition = replace(definition::text, '\"slow\"', '\"m\"')::json"
        connection.execute(text(slow))
    compiled._compiled.clear()
    restart(engine)
    engine.wait_for(lambda: engine.end(run.id).is_final)
    assert engine.services.calls["retrieve lantern"] == 1
    assert [one["path"] for one in engine.services.recorded.values()] == ["prices.md"]


def test_cited_passages_are_those_whose_numbers_a_text_names() -> None:
    found = {name: {"chunk_id": name, "number": number, "text": name} for number, name in enumerate("abc", 1)}
    assert find_cited(found, {"answer": "It is so [2], and so [3]."}) == {"b", "c"}
    assert find_cited(found, {"answer": "yes", "citations": [found["c"]]}) == {"c"}
    assert find_cited(found, {"answer": "yes [1]", "passages": [{**found["c"], "number": 1}]}) == {"c"}
    assert find_cited(found, {"answer": "nothing [9]", "passages": [found["a"]]}) == set()


def test_finished_iterations_and_items_are_not_repeated(engine: Engine) -> None:
    definition = {
        "outputs": {"all": "{{ each.results }}", "n": "{{ loop.state.n }}"},
        "steps": {
            "loop": {
                "kind": "loop",
                "state": {"n": 0},
                "steps": {"one": ask("loop {{ state.n }}")},
                "update": {"n": "{{ state.n + 1 }}"},
                "until": "{{ state.n >= 3 }}",
            },
            "each": {
                "kind": "map",
                "after": "loop",
                "over": [0, 1, 2],
                "concurrency": 1,
                "steps": {
                    "one": ask("item {{ item }}"),
                    "ok": {"kind": "approval", "message": "{{ one.text }}"},
                },
                "output": "{{ one.text }} {{ ok.decision }}",
            },
        },
    }
    run = engine.run(definition)
    assert run.state == "waiting"
    engine.stop_executor()
    engine.start_executor()
    for index in range(3):
        engine.decide(run.id, f"each[{index}].ok", approved=index != 1)
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert ended.outputs == {"all": ["item 0 approved", "item 1 rejected", "item 2 approved"], "n": 3}
    expected = {f"loop {n}": 1 for n in range(3)} | {f"item {n}": 1 for n in range(3)}
    assert engine.services.calls == expected


def test_an_approval_waits_without_a_process(engine: Engine) -> None:
    definition = {
        "outputs": {"by": "{{ ok.by }}: {{ ok.comment }}"},
        "steps": {
            "a": ask("before"),
            "ok": {"kind": "approval", "message": "{{ a.text }}?", "roles": ["member"], "comment_required": True},
        },
    }
    run = engine.run(definition)
    assert run.state == "waiting"
    engine.stop_executor()
    with pytest.raises(Forbidden, match="the role 'viewer' may not decide"):
        engine.decide(run.id, "ok", role="viewer")
    with pytest.raises(InvalidInput, match="requires a comment"):
        engine.decide(run.id, "ok", role="member")
    engine.decide(run.id, "ok", role="member", comment="good")
    with pytest.raises(Conflict, match="it has a decision"):
        engine.decide(run.id, "ok", role="member", comment="again")
    engine.start_executor()
    ended = engine.wait_for(lambda: (found := engine.end(run.id)).is_final and found)
    assert ended.outputs == {"by": "ann: good"}
    assert engine.services.calls == {"before": 1}


def test_a_process_that_lost_its_lease_stores_nothing(engine: Engine) -> None:
    engine.services.delay = 0.3
    run = engine.begin({"outputs": {"a": "{{ a.text }}"}, "steps": {"a": ask("x"), "b": ask("{{ a.text }}")}})
    with engine.platform.database.owner() as connection:
        statement = "UPDATE pipelines_runs SET lease_owner = 'other:1:1' WHERE id = :id"
        connection.execute(text(statement), {"id": run.id})
    time.sleep(0.6)
    assert engine.steps(run.id) == {}
    assert engine.services.calls == {"x": 1}
    with engine.platform.database.owner() as connection:
        connection.execute(text("DELETE FROM pipelines_runs"))


def test_dead_processes_of_this_machine_are_recognised() -> None:
    host = socket.gethostname()
    assert not leases._is_dead(leases.create_owner())
    assert leases._is_dead(f"{host}:999999999:1.00")
    assert leases._is_dead(f"{host}:{os.getpid()}:1.00")
    assert not leases._is_dead("another-host:1:1.00")


class _Count(BaseHTTPRequestHandler):
    counts: dict[str, int] = {}

    def do_GET(self) -> None:
        self.counts[self.path] = self.counts.get(self.path, 0) + 1
        if self.path.startswith("/slow") and self.counts[self.path] == 1:
            time.sleep(20)
        body = b'{"ok": true}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def vong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningVong, str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Count)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    home: Path = tmp_path_factory.mktemp("kill")
    running = RunningVong(home)
    running.environment["VONG_PIPELINE_ALLOWED_HOSTS"] = f'["{address}"]'
    running.start()
    yield running, f"http://{address}"
    running.run("down")
    server.shutdown()


KINDS: dict[str, dict[str, Any]] = {
    "prompt": ask("hello", model="echo/echo"),
    "http": {"kind": "http", "url": "URL/before"},
    "python": {"kind": "python", "code": "1 + 1"},
    "template": template("hello"),
    "branch": {"kind": "branch", "branches": {"a": True}},
    "loop": {
        "kind": "loop",
        "max_iterations": 2,
        "steps": {"h": {"kind": "http", "url": "URL/loop"}},
    },
    "map": {
        "kind": "map",
        "over": [1, 2],
        "steps": {"h": {"kind": "http", "url": "URL/map"}},
        "output": "{{ h.status }}",
    },
    "join": {"kind": "join", "inputs": {"a": 1}},
    "output": {"kind": "output", "value": "x"},
    "guard": {"kind": "guard", "text": "x", "guards": [{"guard": "length", "settings": {"max_characters": 100}}]},
}


@pytest.mark.slow
def test_a_killed_server_continues_after_each_kind_of_step(vong: tuple[RunningVong, str]) -> None:
    """Kill the server while the step after a step of each kind runs. The finished step is not repeated."""
    running, url = vong
    client = running.client()
    started = {kind: client.pipelines.start(_after(kind, url))["id"] for kind in KINDS}
    _until(lambda: all(_Count.counts.get(f"/slow/{kind}") == 1 for kind in KINDS))
    counts = dict(_Count.counts)
    os.kill(running.pid("server"), signal.SIGKILL)
    for kind, run_id in started.items():
        _until(lambda run_id=run_id: client.pipelines.runs.get(run_id)["state"] == "succeeded", 120)
        ended = client.pipelines.runs.get(run_id)
        assert ended["outputs"] == {"status": 200}, kind
        attempts = {found["path"]: found["attempt"] for found in ended["steps"]}
        assert (attempts["before"], attempts["last"]) == (1, 1), kind
        assert (_Count.counts[f"/slow/{kind}"], _Count.counts[f"/last/{kind}"]) == (2, 1), kind
    before = {name: count for name, count in counts.items() if not name.startswith(("/slow", "/last"))}
    assert before == {name: _Count.counts[name] for name in before} and before["/loop"] == 2


def _after(kind: str, url: str) -> dict[str, Any]:
    """Return a pipeline with a step of a kind, a slow step after it, and a last one."""
    return {
        "outputs": {"status": "{{ slow.status }}"},
        "steps": {
            "before": _with_url(KINDS[kind], url),
            "slow": {"kind": "http", "url": f"{url}/slow/{kind}", "after": "before"},
            "last": {"kind": "http", "url": f"{url}/last/{kind}", "after": "slow"},
        },
    }


def _with_url(value: Any, url: str) -> Any:
    if isinstance(value, dict):
        return {name: _with_url(one, url) for name, one in value.items()}
    return value.replace("URL", url) if isinstance(value, str) else value


def _until(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
