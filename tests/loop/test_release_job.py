"""The job of a release with real routes, spans and scores, killed with SIGKILL at each stage."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vong import access, gateway
from vong.api.http import problems
from vong.api.routes import loop_releases
from vong.app import Platform, releases
from vong.app import feedback as scoring
from vong.config import ProviderSettings, Settings
from vong.feedback import ScoreCreate
from vong.gateway.cache.shadow_result_store import insert_shadow_result
from vong.loop import release_store
from vong.loop.release_records import Release
from vong.records import RouteTarget, Span, SpanVersions, new_id, now
from vong.records.cache import ShadowResult
from vong.store.database import Database

CANDIDATE = "echo/new"
DRIVER = """
import sys
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from uuid import UUID

from vong.app import Platform, releases
from vong.config import Settings

home, url, project, release = sys.argv[1:]
job = SimpleNamespace(
    id=UUID(release), project_id=UUID(project), params={"release": release}, stop_event=Event(),
    check=lambda: None, progress=lambda *_, **__: None, log=print,
)
releases.POLL_SECONDS = 0.05
print(releases.run(job, Platform(Settings(home=Path(home), database_url=url))), flush=True)
"""


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    settings = Settings(home=tmp_path, database_url=database_url, providers={"echo": ProviderSettings(kind="echo")})
    record = Platform(settings)
    record.score_listeners.append(releases.on_score)
    yield record
    record.close()


@pytest.fixture
def http(platform: Platform, database: Database, project_id: UUID) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    app.include_router(loop_releases.routes)
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "lan").secret
        gateway.set_route(connection, "triage", [RouteTarget(model="echo/base")])
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


class Traffic:
    """Calls of the route, recorded as the gateway records them."""

    def __init__(self, platform: Platform, database: Database, project_id: UUID) -> None:
        self.platform, self.database, self.project_id = platform, database, project_id

    def weights(self) -> dict[str, float]:
        """Return the weights of the targets."""
        with self.database.scope(self.project_id) as connection:
            return {one.model: one.weight for one in gateway.get_route(connection, "triage").targets}

    def release(self, id: str) -> Release:
        """Return a release."""
        with self.database.scope(self.project_id) as connection:
            return release_store.get_release(connection, UUID(id))

    def answer(self, model: str, text: str = "{}", **changes: Any) -> Span:
        """Record an answer under the current version of the route."""
        with self.database.scope(self.project_id) as connection:
            version = gateway.get_route(connection, "triage").version
        values: dict[str, Any] = {
            "id": new_id(),
            "trace_id": uuid4().hex,
            "span_id": uuid4().hex[:16],
            "name": "chat triage",
            "kind": "chat",
            "started_at": now(),
            "duration_ms": 20.0,
            "model": model,
            "versions": SpanVersions(route="triage", route_version=version),
            "input": {"messages": [{"role": "user", "content": "hi"}]},
            "output": {"choices": [{"message": {"role": "assistant", "content": text}}]},
            **changes,
        }
        span = Span(**values)
        self.platform.span_writer.append_durable(self.project_id, span).result(10)
        return span

    def score(self, span: Span, value: float) -> None:
        """Score an answer as a person does."""
        scoring.add_score(self.platform, self.project_id, ScoreCreate(span_id=span.id, value=value))

    def pair(self, candidate: float, incumbent: float) -> None:
        """Record and score one answer of each side."""
        self.score(self.answer("echo/base"), incumbent)
        self.score(self.answer(CANDIDATE), candidate)

    def shadow(self, candidate: str, incumbent: str) -> None:
        """Record a pair of answers of the shadow stage."""
        original = self.answer("echo/base", incumbent)
        copy = self.answer(CANDIDATE, candidate, versions=SpanVersions())
        result = ShadowResult(
            span_id=copy.id,
            original_span_id=original.id,
            kind="shadow",
            route="triage",
            target=CANDIDATE,
            agreement=0.5,
            created_at=now(),
        )
        with self.database.scope(self.project_id) as connection:
            insert_shadow_result(connection, result)


@pytest.fixture
def traffic(platform: Platform, database: Database, project_id: UUID) -> Traffic:
    return Traffic(platform, database, project_id)


def start(http: TestClient, **plan: Any) -> str:
    given = {"steps": [0.1, 0.5], "step_pairs": 2, **plan}
    started = http.post("/api/v1/loop/releases", json={"route": "triage", "candidate": CANDIDATE, "plan": given})
    assert started.status_code == 201, started.text
    return started.json()["id"]


def test_scores_of_people_promote_a_better_candidate(http: TestClient, traffic: Traffic) -> None:
    id = start(http)
    for _ in range(24):  # the latency limit follows from the first 20 answers of the incumbent
        traffic.pair(1.0, 0.0)
    shown = http.get(f"/api/v1/loop/releases/{id}").json()
    assert (shown["status"], shown["decided_by"]) == ("promoted", "evidence"), shown
    assert traffic.weights() == {"echo/base": 0.0, CANDIDATE: 1.0}
    assert [state["candidate_calls"] > 0 for state in shown["evidence"]["guard_rails"]] == [True, True]
    assert http.get("/api/v1/loop/releases", params={"route": "triage"}).json()[0]["id"] == id


def test_the_route_is_restored_seconds_after_the_deciding_score(http: TestClient, traffic: Traffic) -> None:
    id = start(http)
    for _ in range(40):
        traffic.pair(0.0, 1.0)
        if traffic.release(id).status != "running":
            break
    assert traffic.weights() == {"echo/base": 1.0}
    reaction = traffic.release(id).reaction_seconds
    assert reaction is not None and 0 <= reaction < 30


def test_failing_calls_are_those_of_the_target_that_failed(http: TestClient, traffic: Traffic) -> None:
    id = start(http, guard_rails=[{"metric": "errors", "margin": 0.05}])
    for _ in range(25):
        traffic.answer("echo/base")
        call = traffic.answer("echo/base")  # the fallback answered
        traffic.answer(CANDIDATE, kind="attempt", status="error", error="500", parent_span_id=call.span_id)
        traffic.answer("echo/base", kind="attempt", parent_span_id=call.span_id)
    ended = http.post(f"/api/v1/loop/releases/{id}/evaluate").json()
    assert ended["status"] == "rolled_back"
    assert "guard rail 'errors'" in ended["reason"]


def test_answers_of_another_version_of_the_route_do_not_count(http: TestClient, traffic: Traffic) -> None:
    old = [traffic.answer("echo/base") for _ in range(5)]
    id = start(http)
    for span in old:
        traffic.score(span, 1.0)
    traffic.score(traffic.answer(CANDIDATE, attributes={"vong.cache": "hit"}), 1.0)
    shown = http.post(f"/api/v1/loop/releases/{id}/evaluate").json()["evidence"]
    assert (shown["quality"]["incumbent_scores"], shown["quality"]["candidate_scores"]) == (0, 1)
    assert shown["guard_rails"][0]["candidate_calls"] == 0


def test_actions_of_people_are_recorded_with_their_names(http: TestClient, traffic: Traffic) -> None:
    id = start(http, manual=True)
    path = f"/api/v1/loop/releases/{id}"
    assert http.post(f"{path}/pause").json()["paused"] is True
    assert http.post(f"{path}/resume").json()["paused"] is False
    assert http.post(f"{path}/advance", json={"reason": "looks good"}).json()["step"] == 1
    assert http.post(f"{path}/promote", json={"reason": ""}).status_code == 422
    ended = http.post(f"{path}/stop", json={"reason": "complaints"}).json()
    assert (ended["status"], ended["decided_by"]) == ("rolled_back", "lan")
    events = http.get(f"{path}/history").json()
    assert [(one["kind"], one["actor"]) for one in events] == [
        ("created", "lan"),
        ("canary", "lan"),
        ("paused", "lan"),
        ("resumed", "lan"),
        ("step", "lan"),
        ("rolled_back", "lan"),
    ]
    assert http.post(f"{path}/stop", json={"reason": "again"}).status_code == 409
    assert http.get(f"{path}/gate").json()["policies"] == []


def test_invalid_releases_are_rejected_with_one_error(http: TestClient) -> None:
    request = {"route": "triage", "candidate": CANDIDATE}
    for plan, part in (
        ({"steps": [0.5, 0.1]}, "must rise"),
        ({"shadow_pairs": 5, "scorers": ["exact_match"]}, "without a reference"),
        ({"scorers": ["nothing"]}, "nothing"),
        ({"suite": "missing"}, "missing"),
    ):
        refused = http.post("/api/v1/loop/releases", json={**request, "plan": plan})
        assert refused.status_code in (404, 422), refused.text
        assert part in refused.text
    unknown = http.post("/api/v1/loop/releases", json={**request, "candidate": "deployment/none"})
    assert unknown.status_code == 404


@pytest.mark.slow
def test_a_release_survives_sigkill_at_each_stage(
    http: TestClient, traffic: Traffic, platform: Platform, database_url: str, project_id: UUID, tmp_path: Path
) -> None:
    id = start(http, shadow_pairs=6, scorers=["json_valid"], guard_rails=[])
    command = [sys.executable, "-c", DRIVER, str(tmp_path), database_url, str(project_id), id]

    def kill_when(condition: Callable[[Release], bool]) -> None:
        process = subprocess.Popen(command)
        try:
            until = time.monotonic() + 60
            while not condition(traffic.release(id)):
                assert time.monotonic() < until and process.poll() is None, traffic.release(id)
                time.sleep(0.05)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    for _ in range(3):
        traffic.shadow("{}", "no JSON")
    kill_when(lambda release: release.evidence.shadow.pairs == 3)
    for _ in range(4):
        traffic.shadow("{}", "no JSON")
    kill_when(lambda release: release.stage == "canary")
    platform.score_listeners.clear()  # no server counts the scores: the job finds them
    for _ in range(3):
        traffic.pair(1.0, 0.0)
    kill_when(lambda release: release.step == 1)
    for _ in range(20):
        traffic.pair(1.0, 0.0)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "'status': 'promoted'" in done.stdout, done.stderr
    release = traffic.release(id)
    assert traffic.weights() == {"echo/base": 0.0, CANDIDATE: 1.0}
    assert (release.evidence.shadow.pairs, release.evidence.shadow.difference) == (7, 1.0)
    with traffic.database.scope(project_id) as connection:
        kinds = [event.kind for event in release_store.list_events(connection, release.id)]
    assert kinds == ["created", "shadow", "canary", "step", "promoted"]
