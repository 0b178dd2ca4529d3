"""Runs through the API, the client and the commands, with models of the gateway."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.conftest import fresh_database
from tests.gateway.conftest import Server, project_server, serving
from vong import access
from vong.app import Platform
from vong.app.key_rotation import rotate_key
from vong.app.pipelines.secrets import load_secret
from vong.cli.pipelines import group
from vong.client import Client
from vong.config import PriceSettings, ProviderSettings, Settings
from vong.errors import Conflict, Forbidden, InvalidInput, NotFound

ECHO = {
    "inputs": {"text": "string"},
    "outputs": {"answer": "{{ b.text }}"},
    "steps": {
        "a": {"kind": "prompt", "model": "echo/echo", "messages": [{"role": "user", "content": "{{ inputs.text }}"}]},
        "b": {"kind": "prompt", "model": "echo/echo", "messages": [{"role": "user", "content": "{{ a.text }} again"}]},
    },
}
APPROVAL = {
    "outputs": {"by": "{{ ok.by }}"},
    "steps": {
        "ok": {"kind": "approval", "message": "pay?"},
        "b": {"kind": "template", "text": "x", "after": "ok.approved"},
    },
}


@pytest.fixture(scope="module")
def server(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("runs")
    providers = {"echo": ProviderSettings(kind="echo"), "faults": ProviderSettings(kind="faults")}
    prices = {"echo/echo": PriceSettings(input=1e6, output=1e6)}
    with fresh_database(postgres_url) as url:
        platform = Platform(Settings(home=home, database_url=url, providers=providers, prices=prices))
        with serving(platform, all_routes=True) as running, project_server(running) as found:
            yield found


@pytest.fixture
def client(server: Server) -> Client:
    return server.client


def test_a_definition_runs_and_its_trace_has_the_calls(server: Server, client: Client) -> None:
    run = client.pipelines.run(ECHO, {"text": "hello"})
    assert (run["state"], run["outputs"]) == ("succeeded", {"answer": "hello again"})
    assert run["cost"] > 0 and run["tokens"] > 0 and sum(step["cost"] for step in run["steps"]) == run["cost"]
    spans = server.all_spans()
    trace = [span for span in spans if span.trace_id == run["trace_id"]]
    chats = [span for span in trace if span.kind == "chat"]
    steps = {span.span_id: span for span in trace if span.name.startswith("step ")}
    assert len(chats) == 2 and {steps[str(chat.parent_span_id)].name for chat in chats} == {"step a", "step b"}
    assert sum(chat.usage.cost or 0 for chat in chats) == run["cost"]
    root = next(span for span in trace if span.kind == "pipeline")
    assert str(root.id) == run["id"] and root.attributes["vong.pipeline.version"] == run["version"]


def test_the_answer_of_a_run_is_scored_like_any_other(server: Server, client: Client) -> None:
    run = client.pipelines.run(ECHO, {"text": "hello"})
    server.platform.span_writer.flush(30)
    score = client.transport.post(
        "/api/v1/feedback", dict[str, Any], body={"span_id": run["id"], "name": "good", "value": 1}
    )
    assert score["span_id"] == run["id"]


def test_a_stored_pipeline_runs_by_name_number_and_label(client: Client) -> None:
    client.pipelines.create("echo-twice", ECHO)
    assert client.pipelines.run("echo-twice", {"text": "x"})["pipeline"] == "echo-twice"
    assert client.pipelines.run("echo-twice@1", {"text": "x"})["outputs"] == {"answer": "x again"}
    with pytest.raises(NotFound, match="nix"):
        client.pipelines.run("nix", {})
    listed = client.pipelines.runs.list(pipeline="echo-twice", limit=1)
    assert len(listed) == 1 and client.pipelines.runs.list(pipeline="echo-twice", after=listed[0]["id"])
    assert client.pipelines.runs.definition(listed[0]["id"])["steps"]["a"]["kind"] == "prompt"


def test_events_stream_and_continue_after_the_last_one(client: Client) -> None:
    events = list(client.pipelines.stream(ECHO, {"text": "one two"}))
    assert "".join(event["text"] for event in events if event.get("output") == "answer") == "one two again"
    run_id, middle = events[0]["run_id"], events[3]["id"]
    assert list(client.pipelines.runs.events(run_id)) == events
    assert list(client.pipelines.runs.events(run_id, last_event_id=middle)) == events[4:]


def test_a_background_run_is_cancelled(client: Client) -> None:
    slow = {"a": {"kind": "prompt", "model": "faults/slow?seconds=20", "messages": [{"role": "user", "content": "x"}]}}
    slow["a"] = {"kind": "approval", "message": "?"}
    run = client.pipelines.start({"steps": slow})
    deadline = time.monotonic() + 10
    while client.pipelines.runs.get(run["id"])["state"] != "waiting":
        assert time.monotonic() < deadline
    assert client.pipelines.runs.cancel(run["id"])["state"] == "cancelled"
    with pytest.raises(Conflict, match="has ended: cancelled"):
        client.pipelines.runs.cancel(run["id"])


def test_an_approval_is_decided_by_role(server: Server, client: Client) -> None:
    run = client.pipelines.run(APPROVAL)
    assert run["state"] == "waiting" and run["steps"][0]["outputs"]["message"] == "pay?"
    with server.platform.scope(server.project_id) as connection:
        viewer = access.create_key(connection, "viewer", role="viewer").secret
    with pytest.raises(Forbidden):
        Client(server.url, viewer).pipelines.runs.decide(run["id"], "ok", approved=True)
    with pytest.raises(NotFound, match="has no step 'nix'"):
        client.pipelines.runs.decide(run["id"], "nix", approved=True)
    client.pipelines.runs.decide(run["id"], "ok", approved=True, comment="fine")
    events = [event["event"] for event in client.pipelines.runs.events(run["id"])]
    deadline = time.monotonic() + 10
    while (found := client.pipelines.runs.get(run["id"]))["state"] != "succeeded":
        assert time.monotonic() < deadline, (found, events)
    assert found["outputs"] == {"by": "tester"}


def test_a_draft_is_listed_as_a_run_of_its_pipeline_and_replayed(client: Client) -> None:
    client.pipelines.create(
        "drafted", {"outputs": {"x": "{{ a.text }}"}, "steps": {"a": {"kind": "template", "text": "stored"}}}
    )
    draft = {"outputs": {"x": "{{ a.text }}"}, "steps": {"a": {"kind": "template", "text": "draft"}}}
    run = client.pipelines.run(draft, pipeline="drafted")
    assert (run["outputs"], run["options"]["is_draft"]) == ({"x": "draft"}, True)
    assert [one["id"] for one in client.pipelines.runs.list(pipeline="drafted")] == [run["id"]]
    changes = {"settings": {"a.text": "again"}}
    assert client.pipelines.estimate_replay("drafted", source={"runs": [run["id"]]}, changes=changes)["executed"] == {
        "a": 1
    }
    with pytest.raises(NotFound, match="missing"):
        client.pipelines.run(draft, pipeline="missing")


@pytest.mark.parametrize(
    ("definition", "inputs", "message"),
    [
        ({"steps": {"a": {"kind": "nix"}}}, {}, "a.kind: no kind of step named 'nix'"),
        (ECHO, {}, "the input 'text' is missing"),
        ("steps: [", {}, "not valid YAML"),
    ],
)
def test_a_wrong_run_is_one_clear_error(client: Client, definition: Any, inputs: Any, message: str) -> None:
    source = f"{definition}\n" if isinstance(definition, str) else definition
    with pytest.raises(InvalidInput, match=message):
        client.pipelines.run(source, inputs)


def test_a_budget_of_money_ends_a_run(client: Client) -> None:
    run = client.pipelines.run(ECHO, {"text": "hello"}, limits={"cost_usd": 0.5})
    assert run["state"] == "failed" and run["error"]["code"] == "budget_exceeded"
    assert "budget of the run exceeded: $0.500000 of $0.500000 is left" in run["error"]["message"]
    unknown = json.loads(json.dumps(ECHO).replace("echo/echo", "faults/ok"))
    run = client.pipelines.run(unknown, {"text": "hello"}, limits={"cost_usd": 0.5})
    assert run["error"]["code"] in ("price_unknown", "budget_exceeded")


def test_limits_of_the_key_apply_to_the_calls(server: Server, client: Client) -> None:
    with server.platform.scope(server.project_id) as connection:
        scoped = access.create_key(connection, "narrow", role="member").secret
    run = Client(server.url, scoped).pipelines.run(ECHO, {"text": "x"})
    assert run["started_by"] == "narrow"
    assert {span.key for span in server.spans() if span.trace_id == run["trace_id"]} == {"narrow"}


def test_a_secret_is_readable_after_the_key_was_rotated(server: Server, client: Client) -> None:
    client.pipelines.set_secret("rotated", "abc", origin="https://api.example")
    platform = server.platform
    result = rotate_key(platform.database, platform.settings.home_folder, grace_seconds=0)
    assert result.reencrypted == 1 and result.unreadable == ()
    assert load_secret(platform, server.project_id, "rotated", "https://api.example/path") == "abc"
    client.pipelines.delete_secret("rotated")


def test_secrets_are_stored_listed_and_deleted(client: Client) -> None:
    client.pipelines.set_secret("token", "abc", origin="https://api.example")
    listed = client.pipelines.secrets()
    assert [(one["name"], one["origin"]) for one in listed] == [("token", "https://api.example:443")]
    assert "abc" not in json.dumps(listed)
    step = {"kind": "http", "url": "https://other.example/", "secret_headers": {"X": "token"}}
    run = client.pipelines.run({"steps": {"a": step}})
    assert "may be sent to https://api.example:443 only" in run["error"]["message"]
    client.pipelines.delete_secret("token")
    with pytest.raises(NotFound, match="there is no pipeline secret 'token'"):
        client.pipelines.delete_secret("token")


def test_commands_run_watch_and_decide(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    file = tmp_path / "p.json"
    file.write_text(json.dumps(ECHO, indent=1))
    result = CliRunner().invoke(group, ["run", str(file), "--input", "text=hello"], catch_exceptions=False)
    assert result.exit_code == 0 and "hello again" in result.output
    file.write_text(json.dumps(APPROVAL, indent=1))
    found = CliRunner().invoke(group, ["run", str(file), "--json"], catch_exceptions=False)
    run = json.loads(found.output)
    assert run["state"] == "waiting"
    shown = CliRunner().invoke(group, ["runs", "show", run["id"]], catch_exceptions=False)
    assert f"vong pipelines approve {run['id']} ok" in shown.output
    CliRunner().invoke(group, ["reject", run["id"], "ok", "--comment", "no"], catch_exceptions=False)
    deadline = time.monotonic() + 10
    while True:
        watched = CliRunner().invoke(group, ["runs", "watch", run["id"], "--json"], catch_exceptions=False)
        events = [json.loads(line) for line in watched.output.splitlines() if line.startswith("{")]
        if events[-1]["event"] == "run_ended" or time.monotonic() > deadline:
            break
    assert events[-1]["state"] == "succeeded" and events[-1]["outputs"] == {"by": "tester"}
    listed = CliRunner().invoke(group, ["runs", "list", "--json"], catch_exceptions=False)
    assert json.loads(listed.output)[0]["id"] == run["id"]
    assert "retrieve" in CliRunner().invoke(group, ["kinds"], catch_exceptions=False).output
