"""Routes and commands of traces over HTTP, as the client and the console use them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.traces.factories import span
from vong import access
from vong.api.http import problems
from vong.api.routes.traces import routes
from vong.app import Platform
from vong.cli import traces as commands
from vong.cli.output import parse_time
from vong.client.traces import TracesClient
from vong.client.transport import Transport
from vong.config import Settings
from vong.errors import InvalidInput, NotFound
from vong.records import Usage, new_id
from vong.records.trace import SpanBatch
from vong.store.database import Database


@pytest.fixture
def transport(database: Database, database_url: str, project_id: UUID, tmp_path: Path) -> Iterator[Transport]:
    """Return the transport of the client, connected to an application with only these routes."""
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "test").secret
    app = FastAPI()
    app.include_router(routes)
    problems.install_handlers(app)
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    app.state.platform = platform
    opened = Transport("http://testserver", secret)
    opened.http.close()
    vars(opened)["http"] = TestClient(app, headers={"Authorization": f"Bearer {secret}"})
    yield opened
    platform.close()


@pytest.fixture
def client(transport: Transport) -> TracesClient:
    return TracesClient(transport)


@pytest.fixture
def run(client: TracesClient, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a `vong traces` command and returns its output."""

    class Connected:
        traces = client

    monkeypatch.setattr(commands, "Client", Connected)

    def command(*arguments: str) -> str:
        done = CliRunner().invoke(commands.group, list(arguments), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return command


def test_sent_spans_are_committed_before_the_response_and_can_be_read(client: TracesClient) -> None:
    sent = [span(input={"messages": [{"role": "user", "content": f"number {n}"}]}, output=n) for n in range(3)]
    assert client.ingest(sent) == 3
    assert client.ingest(sent) == 3  # sent again: no span is stored twice
    assert client.count() == 3
    assert client.count(text="number") == 3
    page = client.list(limit=2)
    assert [one.id for one in page] == [sent[2].id, sent[1].id]
    assert [one.id for one in client.list(after=page[-1].id)] == [sent[0].id]
    assert client.get(sent[1].id) == sent[1]
    assert client.tree(sent[0].trace_id).roots[0].span.input_preview == "number 0"


def test_a_span_can_be_read_before_it_is_committed(
    client: TracesClient, transport: Transport, project_id: UUID
) -> None:
    platform: Platform = vars(transport)["http"].app.state.platform
    recorded = span(output="done")
    platform.span_writer.enqueue(project_id, recorded, lambda recorded: recorded, None)
    assert client.get(recorded.id) == recorded


def test_malformed_spans_are_rejected_and_none_is_stored(client: TracesClient) -> None:
    for bad in (span(trace_id="xyz"), span(span_id="0" * 16), span(duration_ms=-1.0), span(parent_span_id="short")):
        with pytest.raises(InvalidInput, match="span 1"):
            client.ingest([span(), bad])
    with pytest.raises(InvalidInput):
        client.ingest([span()] * 1001)
    assert client.count() == 0


def test_unknown_names_and_filters_are_errors(client: TracesClient, transport: Transport) -> None:
    with pytest.raises(NotFound):
        client.get(new_id())
    with pytest.raises(NotFound):
        client.tree("0" * 32)
    for wrong in ("span", "0" * 31, "A" * 32):
        with pytest.raises(InvalidInput, match="trace_id"):
            client.tree(wrong)
    for query in ({"limit": 501}, {"limit": 0}, {"colour": "blue"}, {"status": "meh"}, {"after": "x"}):
        with pytest.raises(InvalidInput):
            transport.get("/api/v1/traces/spans", **query)


def test_the_list_command_has_filters_counts_and_pages(client: TracesClient, run: Any) -> None:
    client.ingest([span(model="small", input="blue printer", usage=Usage(input_tokens=4, output_tokens=2))])
    client.ingest([span(model="large", status="error", error="out of paper")])
    table = run("list")
    assert "blue printer" in table
    assert "4→2" in table
    assert "out of paper" in table
    assert [one["model"] for one in json.loads(run("list", "printer", "--json"))] == ["small"]
    assert json.loads(run("list", "--status", "error", "--since", "1h", "--count", "--json")) == {"count": 1}
    assert run("list", "--since", "2030-01-01T00:00") == ""


def test_tail_prints_the_newest_spans_and_then_each_new_one_once(
    client: TracesClient, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ingest([span(model="small", input="first"), span(model="small", input="second")])
    client.ingest([span(model="large", input="other")])
    shown = client.list(model="small")
    later = span(model="small", input="third")
    client.ingest([later])
    (new,) = client.list(model="small", limit=1)
    seen: list[dict[str, Any]] = []

    def tail(**filters: Any) -> Iterator[SpanBatch]:
        seen.append({name: value for name, value in filters.items() if value is not None})
        yield SpanBatch(spans=(*reversed(shown), new))

    monkeypatch.setattr(client, "tail", tail)
    monkeypatch.setattr(client, "list", lambda **_: shown)
    lines = run("tail", "--model", "small").splitlines()
    assert [line.split()[-2] for line in lines] == ["first", "second", "third"]
    assert seen == [{"model": "small"}]
    (line,) = [json.loads(line) for line in run("tail", "--model", "small", "--limit", "0", "--json").splitlines()][-1:]
    assert line["id"] == str(new.id)


def test_the_show_command_prints_the_tree_and_the_bodies_of_a_span(client: TracesClient, run: Any) -> None:
    root = span(name="answer", duration_ms=200.0)
    child = span(
        name="search", trace_id=root.trace_id, parent_span_id=root.span_id, kind="tool", input="why", output={"a": 1}
    )
    client.ingest([root, child])
    tree = run("show", root.trace_id)
    assert "2 spans" in tree
    assert "└─ search" in tree
    assert "█" in tree
    one = run("show", str(child.id))
    assert '"why"' in one
    assert '"a": 1' in one
    assert "> └─ search" in one
    assert json.loads(run("show", str(child.id), "--json"))["output"] == {"a": 1}


def test_a_time_is_a_duration_ago_or_a_date() -> None:
    assert parse_time("15m")
    assert parse_time("2026-11-22T08:00+07:00") == "2026-11-22T01:00:00+00:00"
    with pytest.raises(InvalidInput):
        parse_time("yesterday")


def test_the_waterfall_places_each_span_at_its_time() -> None:
    assert commands.waterfall(0, 100, 100) == "█" * 30
    assert commands.waterfall(50, 50, 100) == "·" * 15 + "█" * 15
    assert commands.waterfall(100, 0, 100) == "·" * 29 + "█"
    assert commands.waterfall(0, 0, 0) == "█" + "·" * 29
