"""Contract of all kinds of steps: strict settings, outputs as declared, errors that name the step, cancel and retry."""

import asyncio
import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.conftest import fresh_database
from tests.pipelines.engine import Engine, running_engine
from vong.app.pipelines import runs
from vong.errors import InvalidInput, UpstreamFailed
from vong.pipelines.definition import parse_definition
from vong.pipelines.run_records import RunOptions
from vong.pipelines.steps.base import load_config
from vong.pipelines.steps.registry import describe_kinds, get_kind, list_kinds
from vong.pipelines.types import is_compatible, type_of_value

TEXT = {"kind": "template", "text": "x"}
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
KINDS: dict[str, dict[str, Any]] = {
    "approval": {"message": "go on?"},
    "branch": {"branches": {"hot": True}},
    "call": {"function": "app.py:chain"},
    "classify": {"text": "x", "model": "m", "classes": {"good": "fine", "bad": "not fine"}},
    "extract": {"text": "x", "model": "m", "output_schema": SCHEMA},
    "guard": {"text": "x", "guards": [{"guard": "length"}]},
    "http": {"url": "URL/ok"},
    "join": {"inputs": {"a": 1}},
    "loop": {"steps": {"s": TEXT}, "max_iterations": 2},
    "map": {"over": [1, 2], "steps": {"s": TEXT}, "output": "{{ s.text }}"},
    "mcp": {"server": "URL/mcp", "tool": "find"},
    "output": {"value": "x"},
    "pipeline": {"pipeline": "inner"},
    "prompt": {"model": "m", "messages": [{"role": "user", "content": "x"}]},
    "python": {"code": "{'a': 1}", "outputs": {"a": {"type": "integer"}}},
    "rerank": {"documents": ["a", "bb"], "query": "q", "model": "m"},
    "retrieve": {"base": "b", "question": "q"},
    "template": {"text": "x"},
}
ANSWERS = {"classify": "good", "extract": '{"n": 3}'}
CALLS_MODEL = ["classify", "extract", "prompt", "retrieve"]


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = 200 if self.path.startswith("/ok") else 500
        self._reply(status, {"headers": dict(self.headers), "path": self.path})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self._reply(*_answer_mcp(body))

    def _reply(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode() if value is not None else b""
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


def _list_tools(body: dict[str, Any]) -> dict[str, Any]:
    """Return one of the two pages of the list of tools."""
    is_second = (body.get("params") or {}).get("cursor") == "2"
    name = "book" if is_second else "find"
    tools = [{"name": name, "description": f"To {name}", "inputSchema": {"type": "object"}}]
    return {"tools": tools, **({} if is_second else {"nextCursor": "2"})}


def _answer_mcp(body: dict[str, Any]) -> tuple[int, Any]:
    results: dict[str, Any] = {
        "initialize": {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "test", "version": "1"},
        },
        "tools/list": _list_tools(body),
        "tools/call": {"content": [{"type": "text", "text": f"found {body.get('params', {}).get('arguments')}"}]},
    }
    if "id" not in body:
        return 202, None
    if body["method"] not in results:
        return 200, {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32601, "message": "no such method"}}
    return 200, {"jsonrpc": "2.0", "id": body["id"], "result": results[body["method"]]}


@pytest.fixture(scope="module")
def shared(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, str]]:
    home: Path = tmp_path_factory.mktemp("steps")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    Thread(target=server.serve_forever, daemon=True).start()
    with fresh_database(postgres_url) as url, running_engine(url, home) as engine:
        engine.store("inner", {"outputs": {"y": "{{ s.text }}"}, "steps": {"s": TEXT}})
        yield engine, f"127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def engine(shared: tuple[Engine, str]) -> Engine:
    engine, address = shared
    pipelines = engine.services.pipelines
    engine.services.__init__()
    engine.services.pipelines = pipelines
    engine.services.allowed_hosts = frozenset({address})
    engine.spans.clear()
    return engine


@pytest.fixture
def site(shared: tuple[Engine, str]) -> str:
    return f"http://{shared[1]}"


def step_of(kind: str, site: str, **more: Any) -> dict[str, Any]:
    values = {name: v.replace("URL", site) if isinstance(v, str) else v for name, v in KINDS[kind].items()}
    return {"kind": kind, **values, **more}


def test_every_installed_kind_is_covered_and_described() -> None:
    assert set(KINDS) == set(list_kinds())
    for described in describe_kinds():
        assert described["description"] and described["settings"]["additionalProperties"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_strict(kind: str) -> None:
    config = get_kind(kind).Config
    load_config(config, KINDS[kind])
    with pytest.raises(InvalidInput, match="unknown setting"):
        load_config(config, {**KINDS[kind], "nix": 1})
    for name, value in config.model_fields.items():
        if value.is_required():
            with pytest.raises(InvalidInput):
                load_config(config, {other: one for other, one in KINDS[kind].items() if other != name})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("approval", "call")])
def test_outputs_and_ports_are_as_declared(engine: Engine, site: str, kind: str) -> None:
    engine.services.answers = [ANSWERS[kind]] if kind in ANSWERS else []
    run = engine.run({"steps": {"it": step_of(kind, site)}})
    assert run.state == "succeeded", run.error
    stored = engine.wait_for(lambda: engine.steps(run.id).get("it"))
    if kind != "pipeline":
        found = get_kind(kind)
        config = load_config(found.Config, {k: v for k, v in step_of(kind, site).items() if k != "kind"})
        declared = found.outputs(config, {})
        assert set(stored.outputs or {}) == set(declared)
        for name, value in (stored.outputs or {}).items():
            assert is_compatible({"type": type_of_value(value)}, declared[name]), (name, value)
        ports = found.ports(config)
        assert stored.port in ports if ports else stored.port is None
    span = next(span for span in engine.spans if span.name == "step it")
    assert span.attributes["vong.pipeline.kind"] == kind and span.status == "ok"


@pytest.mark.parametrize("kind", CALLS_MODEL)
def test_an_error_names_the_step_and_a_retry_repeats_it(engine: Engine, site: str, kind: str) -> None:
    engine.services.errors = [UpstreamFailed("down", "wait")]
    engine.services.answers = [ANSWERS[kind]] if kind in ANSWERS else []
    failed = engine.run({"steps": {"it": step_of(kind, site)}})
    assert failed.error is not None and (failed.error.step, failed.error.message) == ("it", "down")
    engine.services.errors = [UpstreamFailed("down", "wait")]
    engine.services.answers = [ANSWERS[kind]] if kind in ANSWERS else []
    run = engine.run({"steps": {"it": step_of(kind, site, retries=1, retry_delay_seconds=0)}})
    assert run.state == "succeeded" and engine.steps(run.id)["it"].attempt == 2


@pytest.mark.parametrize("kind", ["classify", "extract", "loop", "map", "prompt"])
def test_cancelling_stops_the_step(engine: Engine, site: str, kind: str) -> None:
    slow = {"kind": "prompt", "model": "slow", "messages": [{"role": "user", "content": "x"}]}
    changes = {"model": "slow"} if kind in ("classify", "extract", "prompt") else {"steps": {"s": slow}}
    run = engine.begin({"steps": {"it": {**step_of(kind, site), **changes}}})
    engine.wait_for(lambda: engine.services.running > 0)
    assert engine.do(runs.cancel(engine.platform, engine.principal, run.id)).state == "cancelled"
    assert engine.services.running == 0


def failing(engine: Engine, step: dict[str, Any]) -> str:
    run = engine.run({"steps": {"it": step}})
    assert run.state == "failed" and run.error is not None and run.error.step == "it"
    return run.error.message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:1/x", "'127.0.0.1' is not a public address"),
        ("http://169.254.169.254/latest", "'169.254.169.254' is a link-local or metadata address"),
        ("http://metadata.google.internal/", "is a metadata service"),
        ("http://2130706433/", "is not a public address"),
        ("http://[::1]/", "is not a public address"),
        ("http://localhost:1/", "is not a public address"),
        ("ftp://x.example/", "is not an http(s) URL"),
        ("http://user:pw@x.example/", "contains credentials"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "mcp"])
def test_requests_reach_public_addresses_only(engine: Engine, kind: str, url: str, message: str) -> None:
    step = {"kind": "http", "url": url} if kind == "http" else {"kind": "mcp", "server": url, "tool": "t"}
    assert message in failing(engine, step)


def test_a_secret_is_sent_and_never_recorded(engine: Engine, site: str) -> None:
    step = step_of("http", site, secret_headers={"X-Token": "token"})
    run = engine.run({"outputs": {"path": "{{ it.body.path }}"}, "steps": {"it": step}})
    stored = engine.steps(run.id)["it"]
    assert (stored.outputs or {})["body"]["headers"]["X-Token"] == "hidden-value"
    assert "hidden-value" not in json.dumps(stored.inputs)
    assert all("hidden-value" not in str((span.input, span.attributes)) for span in engine.spans)


def test_an_error_status_fails_unless_it_is_accepted(engine: Engine, site: str) -> None:
    assert "returned status 500" in failing(engine, {"kind": "http", "url": f"{site}/broken"})
    accepted = {"kind": "http", "url": f"{site}/broken", "accept_status": [500]}
    assert engine.run({"outputs": {"s": "{{ it.status }}"}, "steps": {"it": accepted}}).outputs == {"s": 500}


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\ny = x / 0", "line 2: "),
        ("while True: pass", "ran longer than 0.3 s"),
        ("[0] * 10**9", "used more than 64 MiB of memory"),
        ("def f():\n  return f()\nf()", "line 2: "),
        ("open('/etc/passwd').read()", "line 1: "),
        ("import os\nos.environ['HOME']", "line 2: "),
        ("import subprocess", "line 1: "),
        ("1 +", "line 1: "),
        ("{1, 2}", "the result of the code is not JSON"),
        ("unknown_name", "line 1: "),
    ],
)
def test_python_is_limited_and_its_errors_name_the_line(engine: Engine, code: str, message: str) -> None:
    assert message in failing(engine, {"kind": "python", "code": code, "max_seconds": 0.3})


def test_extract_shows_the_model_its_mistake(engine: Engine, site: str) -> None:
    engine.services.answers = ["no json", '{"n": "three"}', '```json\n{"n": 3}\n```']
    run = engine.run({"outputs": {"d": "{{ it.data }}"}, "steps": {"it": step_of("extract", site)}})
    assert run.outputs == {"d": {"n": 3}}
    assert "'three' is not of type 'integer'" in engine.services.requests[-1].messages[-1]["content"]


def test_extract_fails_with_the_last_mistake(engine: Engine, site: str) -> None:
    engine.services.answers = ["no json"] * 3
    assert "no answer of 'm' matched the schema after 3 calls" in failing(engine, step_of("extract", site))


@pytest.mark.parametrize(
    ("answer", "label"), [("bad", "bad"), ('{"label": "good"}', "good"), ("**Bad.**", "bad"), ("it is good", "good")]
)
def test_classify_reads_the_class_from_an_answer(engine: Engine, site: str, answer: str, label: str) -> None:
    engine.services.answers = [answer]
    assert engine.run({"outputs": {"l": "{{ it.label }}"}, "steps": {"it": step_of("classify", site)}}).outputs == {
        "l": label
    }


def test_classify_without_a_class_needs_a_fallback(engine: Engine, site: str) -> None:
    engine.services.answers = ["good or bad"]
    assert "names no class" in failing(engine, step_of("classify", site))
    engine.services.answers = ["hm"]
    step = step_of("classify", site, fallback="other")
    definition = {"outputs": {"o": "{{ o.text }}"}, "steps": {"it": step, "o": {**TEXT, "after": "it.other"}}}
    assert engine.run(definition).outputs == {"o": "x"}


def test_mcp_returns_the_text_of_a_tool(engine: Engine, site: str) -> None:
    step = step_of("mcp", site, arguments={"q": "lantern"})
    run = engine.run({"outputs": {"t": "{{ it.text }}"}, "steps": {"it": step}})
    assert run.outputs == {"t": "found {'q': 'lantern'}"}, run.error


def test_mcp_without_a_tool_lists_the_tools_of_all_pages(engine: Engine, site: str) -> None:
    step = {"kind": "mcp", "server": f"{site}/mcp"}
    run = engine.run({"outputs": {"t": "{{ it.data.tools }}", "text": "{{ it.text }}"}, "steps": {"it": step}})
    names = ("find", "book")
    tools = [{"name": name, "description": f"To {name}", "arguments": {"type": "object"}} for name in names]
    assert run.outputs == {"t": tools, "text": json.dumps(tools)}, run.error


def test_guard_takes_the_port_blocked(engine: Engine, site: str) -> None:
    step = step_of("guard", site, text="a secret", on_block="branch")
    definition = {"outputs": {"o": "{{ o.text }}"}, "steps": {"it": step, "o": {**TEXT, "after": "it.blocked"}}}
    assert engine.run(definition).outputs == {"o": "x"}
    assert "blocked by guard 'words'" in failing(engine, step_of("guard", site, text="a secret"))


def test_a_stored_prompt_sets_the_version_of_the_span(engine: Engine) -> None:
    step = {"kind": "prompt", "prompt": "p:prod", "variables": {"a": 1}}
    run = engine.run({"outputs": {"t": "{{ it.text }}"}, "steps": {"it": step}})
    assert run.outputs == {"t": "p:prod {'a': 1}"}
    span = next(span for span in engine.spans if span.name == "step it")
    assert span.versions.prompt_version == "p@abc"
    replayed = engine.run(
        {"outputs": {"t": "{{ it.text }}"}, "steps": {"it": step}},
        options=RunOptions(prompts={"p:prod": "p@2"}),
    )
    assert replayed.outputs == {"t": "p@2 {'a': 1}"}


def test_names_of_hosts_resolve_to_checked_addresses(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 80))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    assert "'inside.example' (10.0.0.7) is not a public address" in failing(
        engine, {"kind": "http", "url": "http://inside.example/"}
    )


def test_a_definition_of_every_kind_is_valid_yaml(site: str) -> None:
    steps = {f"s_{kind}": step_of(kind, site) for kind in KINDS}
    assert len(parse_definition({"steps": steps}).steps) == len(KINDS)
