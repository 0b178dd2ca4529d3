import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Table, insert, update

from vong import access, feedback, gateway
from vong.api import app as rest
from vong.api.app import create_app
from vong.app import Platform
from vong.app.overview import overview
from vong.cli import info
from vong.client import Client
from vong.config import Settings
from vong.data.tables import versions as datasets
from vong.evals.tables import runs as evals
from vong.experiments.tables import runs
from vong.jobs.tables import jobs
from vong.loop.tables import canaries
from vong.records import RouteTarget, Span, new_id, now
from vong.records.span import SpanVersions
from vong.registry.tables import aliases
from vong.registry.tables import versions as models
from vong.serving.tables import deployments
from vong.store.database import Database
from vong.store.spans.writer import SpanWriter


def insert_row(connection: Connection, table: Table, **values: Any) -> None:
    """Insert a row with a value in every required column."""
    for column in table.c:
        if column.nullable or column.name in values or column.name == "project_id":
            continue
        kind = str(column.type)
        made: Any = {"TEXT": "x", "INTEGER": 1, "BIGINT": 1, "JSONB": {}, "UUID": new_id(), "DATETIME": now()}
        values[column.name] = made.get(kind, 0)
    connection.execute(insert(table).values(values))


def dataset(connection: Connection, number: int, rows: int, operation: str = "import") -> None:
    values = {"name": "tickets", "number": number, "hash": f"{number}" * 64, "rows": rows}
    insert_row(connection, datasets, **values, operation={"name": operation})


def run(connection: Connection, loss: float) -> None:
    about: dict[str, Any] = {"name": f"run {loss}", "status": "finished", "finished_at": now()}
    insert_row(connection, runs, **about, summary={"best_eval_loss": loss})


def call(database: Database, project_id: UUID, status: str = "ok") -> Span:
    at = now()
    about: dict[str, Any] = {
        "name": "chat",
        "kind": "chat",
        "status": status,
        "model": "m",
        "versions": SpanVersions(route="r"),
    }
    span = Span(id=new_id(at), trace_id="a" * 32, span_id="b" * 16, started_at=at, duration_ms=12.0, **about)
    journal = SpanWriter(database)
    journal.append_durable(project_id, span)
    journal.flush(10)
    journal.close()
    return span


def test_the_next_action_follows_the_loop(database: Database, project_id: UUID, connection: Connection) -> None:
    def action() -> str:
        return overview(connection).next.action

    assert action() == "import_data"
    dataset(connection, 1, 10)
    dataset(connection, 2, 7)
    assert action() == "train"
    run(connection, 1.5)
    run(connection, 1.2)
    insert_row(connection, models, name="triage", hash="f" * 64, number=1, run=new_id(), kind="adapter")
    assert action() == "evaluate"
    insert_row(connection, evals, status="finished", model="triage@1", scores={"exact_match": 0.5})
    assert action() == "deploy"
    insert_row(connection, deployments, name="triage", desired_state="running", state="ready")
    assert action() == "route"
    gateway.set_route(connection, "triage", [RouteTarget(model="echo/echo")], check=lambda _: None)
    assert action() == "send_traffic"
    connection.commit()
    with database.scope(project_id) as again:
        span = call(database, project_id)
        call(database, project_id, "error")
        assert overview(again).next.action == "give_feedback"
        judged = feedback.ScoreCreate(span_id=span.id, name="quality", value=0.0, correction="better")
        feedback.add_score(again, span, request=judged)
        assert overview(again).next.action == "harvest"
        dataset(again, 3, 8, "harvest")
        assert overview(again).next.action == "start_canary"
        insert_row(again, canaries, status="running", route="triage", model="triage@" + "f" * 12)
        assert overview(again).next.action == "decide_canary"
        again.execute(update(canaries).values(status="promoted", decided_at=now()))
        assert overview(again).next.action == "none"
        insert_row(again, aliases, name="triage", alias="prod", hash="f" * 64)

    with database.scope(project_id) as later:
        found = overview(later)
    assert (found.data.datasets, found.data.rows) == (1, 8)
    assert (found.training.finished, found.training.best_loss) == (2, 1.2)
    assert found.registry.prod == "triage@" + "f" * 12
    assert (found.serving.ready, found.serving.total) == (1, 1)
    assert (found.gateway.calls, found.gateway.error_rate) == (2, 0.5)
    assert found.gateway.latency_p50 == pytest.approx(12.0, rel=0.13)
    assert (found.feedback.scores, found.feedback.corrections, found.feedback.open_corrections) == (1, 1, 0)
    assert found.loop.last_decision == "promoted"
    assert {event.kind for event in found.recent} == {"dataset", "training_run", "model", "canary", "alias"}
    assert sum(event.kind == "dataset" for event in found.recent) == 1
    times = [event.occurred_at for event in found.recent]
    assert times == sorted(times, reverse=True)


def test_no_action_is_suggested_while_a_job_runs(connection: Connection) -> None:
    insert_row(connection, jobs, kind="loop.run", status="running")
    found = overview(connection)
    assert (found.next.action, found.jobs) == ("none", {"loop.run": 1})


def test_the_overview_of_another_project_is_empty(database: Database, project_id: UUID) -> None:
    with database.scope(project_id) as connection:
        dataset(connection, 1, 10)
        run(connection, 1.0)
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    with database.scope(other) as foreign:
        found = overview(foreign)
    assert (found.data.rows, found.training.finished, found.recent) == (0, 0, ())


@pytest.fixture
def client(
    database_url: str, database: Database, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    monkeypatch.setattr(rest, "ROUTES", ("access", "loop", "system"))
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "tester").secret
        viewer = access.create_key(connection, "viewer", role="viewer").secret
        dataset(connection, 1, 10)
    app = create_app(Platform(Settings(database_url=database_url)))
    yield TestClient(app, headers={"authorization": f"Bearer {secret}", "x-viewer": viewer})


def test_the_overview_is_fast(client: TestClient) -> None:
    taken: list[float] = []
    for _ in range(8):
        started = time.perf_counter()
        assert client.get("/api/v1/loop/overview").json()["data"]["rows"] == 10
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.1, taken


def test_the_installation_lists_versions_and_sizes(client: TestClient) -> None:
    found = client.get("/api/v1/system").json()
    assert found["postgres"].startswith("18") and found["pgvector"]
    assert found["storage"]["database_bytes"] > 1_000_000
    assert {"torch", "fastapi"} <= {library["name"] for library in found["libraries"]}
    viewer = {"authorization": f"Bearer {client.headers['x-viewer']}"}
    assert client.get("/api/v1/system", headers=viewer).status_code == 403


def test_the_info_command_prints_versions_storage_and_processes(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = Client("http://testserver", "unused")
    monkeypatch.setattr(connected.transport, "http", client)
    monkeypatch.setattr(info, "Client", lambda: connected)
    shown = CliRunner().invoke(info.group, [], catch_exceptions=False)
    assert shown.exit_code == 0 and "pgvector" in shown.stdout and "fastapi" in shown.stdout
    assert CliRunner().invoke(info.group, ["--json"], catch_exceptions=False).stdout.startswith("{")
