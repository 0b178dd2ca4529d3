"""A killed server: each kind of step that takes time is interrupted while it runs, and only that step runs again."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.contracts.test_pipeline_steps import _answer_mcp as answer_mcp
from tests.running_vong import RunningVong

SLOW = "echo/echo?first=15"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
DONE = {"kind": "http", "url": "URL/KIND/{{ index }}"}
SLOW_LOOP = {"kind": "http", "url": "URL/slow/loop", "after": "done"}
JUDGE = {"guard": "judge", "settings": {"model": SLOW, "policy": "rude words", "on_failure": "open"}}
KINDS: dict[str, dict[str, Any]] = {
    "prompt": {"model": SLOW, "messages": [{"role": "user", "content": "hello"}]},
    "classify": {"text": "good", "model": SLOW, "classes": {"good": "fine", "bad": "not fine"}},
    "extract": {"text": "5", "model": SLOW, "output_schema": SCHEMA},
    "rerank": {"documents": ["a", "bb"], "query": "a", "model": SLOW},
    "retrieve": {"base": "notes", "question": "lantern", "rerank": SLOW},
    "guard": {"text": "x", "guards": [JUDGE]},
    "http": {"url": "URL/slow/http"},
    "mcp": {"server": "URL/mcp", "tool": "find"},
    "python": {"code": "n = 0\nwhile n < 150_000_000:\n    n += 1\nn", "max_seconds": 60},
    "call": {"function": "slow:wait"},
    "pipeline": {"pipeline": "inner"},
    "loop": {"max_iterations": 2, "steps": {"done": DONE, "s": SLOW_LOOP}},
    "map": {
        "over": [1, 2],
        "concurrency": 1,
        "steps": {"done": DONE, "s": {"kind": "http", "url": "URL/slow/map/{{ item }}", "after": "done"}},
        "output": "{{ s.status }}",
    },
    "approval": {"message": "go on?"},
}
"""Steps by their kind, which run for some seconds. Other kinds end at once."""
APP = "import time\n\ndef wait():\n    time.sleep(15)\n    return 1\n"


class _Site(BaseHTTPRequestHandler):
    counts: Counter[str] = Counter()

    def do_GET(self) -> None:
        self.counts[self.path] += 1
        if self.path.startswith("/slow") and self.counts[self.path] == 1:
            time.sleep(30)
        self._reply(200, {"ok": True})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body.get("method") == "tools/call":
            self.counts["mcp"] += 1
            time.sleep(15)
        self._reply(*answer_mcp(body))

    def _reply(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True  # the client was killed

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def vong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningVong, str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    home: Path = tmp_path_factory.mktemp("killed")
    (home / "apps").mkdir()
    (home / "apps" / "slow.py").write_text(APP)
    note = home / "note.md"
    note.write_text("# Prices\n\nA lantern costs 19 crowns.\n")
    running = RunningVong(home)
    running.environment["VONG_PIPELINE_ALLOWED_HOSTS"] = f'["{address}"]'
    running.start()
    running.run("knowledge", "upload", "notes", str(note))
    yield running, f"http://{address}"
    running.run("down")
    server.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_step_of_any_kind_that_was_interrupted_runs_again_and_no_other_one(vong: tuple[RunningVong, str]) -> None:
    running, url = vong
    client = running.client()
    client.pipelines.create("inner", {"steps": {"s": {"kind": "http", "url": f"{url}/slow/pipeline"}}})
    started = {kind: client.pipelines.start(_around(kind, url))["id"] for kind in KINDS}

    def list_missing() -> list[str]:
        found: list[str] = []
        for kind, run_id in started.items():
            run = client.pipelines.runs.get(run_id)
            steps = {step["path"]: step["state"] for step in run["steps"]}
            assert run["state"] in ("running", "waiting"), (kind, run["error"], steps)
            found += [] if steps.get("middle") in ("running", "waiting") else [f"{kind}: {steps}"]
        return found

    deadline = time.monotonic() + 14
    while missing := list_missing():
        assert time.monotonic() < deadline, missing
    os.kill(running.pid("server"), signal.SIGKILL)
    _until(lambda: client.pipelines.runs.get(started["approval"])["state"] == "waiting", 120)
    client.pipelines.runs.decide(started["approval"], "middle", approved=True)
    for kind, run_id in started.items():
        _until(lambda run_id=run_id: client.pipelines.runs.get(run_id)["state"] in ("succeeded", "failed"), 120)
        ended = client.pipelines.runs.get(run_id)
        assert ended["state"] == "succeeded", (kind, ended["error"])
        attempts = {step["path"]: step["attempt"] for step in ended["steps"]}
        assert (attempts["first"], attempts["last"]) == (1, 1), kind
        assert attempts["middle"] == (1 if kind == "approval" else 2), kind
        assert (_Site.counts[f"/first/{kind}"], _Site.counts[f"/last/{kind}"]) == (1, 1), kind
    assert _Site.counts["mcp"] == 2
    for kind in ("loop", "map"):
        repeated = {path: count for path, count in _Site.counts.items() if path.startswith(f"/{kind}/") and count > 1}
        assert not repeated, "finished steps within the interrupted one are not repeated"
    assert (_Site.counts["/slow/map/1"], _Site.counts["/slow/map/2"]) == (2, 1)


def _around(kind: str, url: str) -> dict[str, Any]:
    """Return a pipeline with a step of a kind between two requests."""
    return {
        "steps": {
            "first": {"kind": "http", "url": f"{url}/first/{kind}"},
            "middle": {"kind": kind, **_filled(KINDS[kind], url, kind), "after": "first"},
            "last": {"kind": "http", "url": f"{url}/last/{kind}", "after": "middle"},
        },
    }


def _filled(value: Any, url: str, kind: str) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, url, kind) for name, one in value.items()}
    return value.replace("URL", url).replace("KIND", kind) if isinstance(value, str) else value


def _until(condition: Callable[[], Any], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(0.1)
