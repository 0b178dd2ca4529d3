"""Canaries on the server, end to end: route, spans, scores of feedback and decision."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vong import access, gateway
from vong.api.http import problems
from vong.api.routes import loop as surface
from vong.app import Platform
from vong.app import feedback as scoring
from vong.app import loop as wired
from vong.config import ProviderSettings, Settings
from vong.feedback import ScoreCreate
from vong.records import RouteTarget, Span, SpanVersions, new_id, now
from vong.store.database import Database

CANDIDATE = "echo/tuned"
CANARY_REQUEST = {"route": "triage", "candidate": CANDIDATE, "share": 0.5}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    settings = Settings(home=tmp_path, database_url=database_url, providers={"echo": ProviderSettings(kind="echo")})
    record = Platform(settings)
    record.score_listeners.append(wired.on_score)
    yield record
    record.close()


@pytest.fixture
def http(platform: Platform, database: Database, project_id: UUID) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    app.include_router(surface.routes)
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "lan").secret
        gateway.set_route(connection, "triage", [RouteTarget(model="echo/base")])
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


def record_answer(platform: Platform, project: UUID, canary: dict[str, Any], model: str) -> UUID:
    """Record an answer of the route during the canary, as the gateway records it."""
    span = Span(
        id=new_id(),
        trace_id=uuid4().hex,
        span_id=uuid4().hex[:16],
        name="chat triage",
        kind="chat",
        started_at=now(),
        duration_ms=1.0,
        model=model,
        versions=SpanVersions(route="triage", route_version=canary["route_version"]),
    )
    platform.span_writer.append_durable(project, span).result(10)
    return span.id


def replay(
    platform: Platform, project: UUID, canary: dict[str, Any], candidate: float, incumbent: float, size: int
) -> None:
    generator = np.random.default_rng(2)
    for _ in range(size):
        mine = bool(generator.random() < 0.5)
        span = record_answer(platform, project, canary, CANDIDATE if mine else "echo/base")
        value = float(generator.random() < (candidate if mine else incumbent))
        scoring.add_score(platform, project, ScoreCreate(span_id=span, value=value))


def weights(database: Database, project: UUID) -> dict[str, float]:
    with database.scope(project) as connection:
        return {target.model: target.weight for target in gateway.get_route(connection, "triage").targets}


def test_feedback_scores_promote_a_better_candidate(
    http: TestClient, platform: Platform, database: Database, project_id: UUID
) -> None:
    started = http.post("/api/v1/loop/canaries", json=CANARY_REQUEST)
    assert started.status_code == 201
    canary = started.json()
    assert weights(database, project_id) == {"echo/base": 0.5, CANDIDATE: 0.5}
    replay(platform, project_id, canary, 0.95, 0.05, 45)
    shown = http.get(f"/api/v1/loop/canaries/{canary['id']}").json()
    assert (shown["status"], shown["decided_by"]) == ("promoted", "evidence")
    assert len(shown["evidence_history"]) == shown["evidence"]["pairs"] >= 10
    assert weights(database, project_id) == {"echo/base": 0.0, CANDIDATE: 1.0}
    assert http.get("/api/v1/loop/canaries", params={"status": "running"}).json() == []


def test_a_worse_candidate_is_removed_from_the_route(
    http: TestClient, platform: Platform, database: Database, project_id: UUID
) -> None:
    canary = http.post("/api/v1/loop/canaries", json=CANARY_REQUEST).json()
    replay(platform, project_id, canary, 0.05, 0.95, 45)
    assert http.get(f"/api/v1/loop/canaries/{canary['id']}").json()["status"] == "rolled_back"
    assert weights(database, project_id) == {"echo/base": 1.0}


def test_scores_missed_by_a_killed_server_are_counted_later_or_on_demand(
    http: TestClient, platform: Platform, project_id: UUID
) -> None:
    canary = http.post("/api/v1/loop/canaries", json=CANARY_REQUEST).json()
    platform.score_listeners.clear()
    replay(platform, project_id, canary, 0.95, 0.05, 6)
    path = f"/api/v1/loop/canaries/{canary['id']}"
    assert http.get(path).json()["evidence"]["candidate_scores"] == 0
    platform.score_listeners.append(wired.on_score)
    replay(platform, project_id, canary, 0.95, 0.05, 1)
    evidence = http.post(f"{path}/evaluate").json()["evidence"]
    assert evidence["candidate_scores"] + evidence["incumbent_scores"] == 7


def test_manual_decisions_are_applied_and_invalid_requests_name_the_next_step(
    http: TestClient, database: Database, project_id: UUID
) -> None:
    canary = http.post("/api/v1/loop/canaries", json=CANARY_REQUEST).json()
    path = f"/api/v1/loop/canaries/{canary['id']}/decision"
    decided = http.post(path, json={"verdict": "roll_back", "reason": "complaints"}).json()
    assert (decided["status"], decided["decided_by"], decided["reason"]) == ("rolled_back", "lan", "complaints")
    assert weights(database, project_id) == {"echo/base": 1.0}
    assert http.post(path, json={"verdict": "promote", "reason": "no"}).status_code == 409
    unknown = http.post("/api/v1/loop/canaries", json={**CANARY_REQUEST, "candidate": "deployment/none"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert http.post("/api/v1/loop/canaries", json={**CANARY_REQUEST, "share": 1.0}).status_code == 422


def test_the_share_of_a_running_canary_can_be_changed(http: TestClient) -> None:
    first = http.post("/api/v1/loop/canaries", json=CANARY_REQUEST).json()
    moved = http.put(f"/api/v1/loop/canaries/{first['id']}/traffic", json={"share": 0.2}).json()
    assert (moved["status"], moved["share"], moved["route"]) == ("running", 0.2, "triage")
    assert moved["id"] != first["id"]
    assert http.get(f"/api/v1/loop/canaries/{first['id']}").json()["status"] == "superseded"
    assert http.put(f"/api/v1/loop/canaries/{moved['id']}/traffic", json={"share": 1.5}).status_code == 422
    assert http.put(f"/api/v1/loop/canaries/{first['id']}/traffic", json={"share": 0.3}).status_code == 409
