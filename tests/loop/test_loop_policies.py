"""Loop policies through the API: consent, triggers, one run at a time, cool-down, pause and cancel."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from vong import access, data, gateway, jobs
from vong.api.http import problems
from vong.api.routes import loop_policies as routes
from vong.app import Platform, loop_policies
from vong.app import feedback as scoring
from vong.app import releases as releases_app
from vong.app.gatekeeper import evidence_gate
from vong.config import ProviderSettings, Settings
from vong.evals import suites
from vong.evals.suites import SuiteDefinition
from vong.feedback import ScoreCreate
from vong.jobs.tables import jobs as jobs_table
from vong.loop import policy_store, release_store, releases
from vong.loop.policy_records import PolicyStep
from vong.loop.tables import policies, policy_runs
from vong.records import Example, Message, RouteTarget, Span, SpanVersions, new_id, now
from vong.store.database import Database

POLICY = "/api/v1/loop/policies/nightly"
DEFINITION: dict[str, Any] = {
    "route": "triage",
    "dataset": "tickets",
    "triggers": {"corrections": 3},
    "training": {"model": "triage", "recipe": "pretrain"},
    "suite": "triage",
    "cool_down": "1h",
}


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    settings = Settings(home=tmp_path, database_url=database_url, providers={"echo": ProviderSettings(kind="echo")})
    record = Platform(settings)
    record.score_listeners.append(lambda platform, *_: loop_policies.watch_once(platform))  # the worker's next look
    yield record
    record.close()


@pytest.fixture
def http(platform: Platform, database: Database, project_id: UUID) -> TestClient:
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    app.include_router(routes.routes)
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "lan").secret
        gateway.set_route(connection, "triage", [RouteTarget(model="echo/base")])
        rows = [row(f"refund of invoice {number} please", split) for number in range(30) for split in ("train", "test")]
        version = data.append(connection, platform.blobs, "tickets", rows)
        entry = {"dataset": version.ref, "thresholds": [{"scorer": "exact_match", "at_least": 0.5}]}
        suites.create_suite(connection, "triage", SuiteDefinition.model_validate({"entries": [entry]}))
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


class Users:
    """Users who call the route, score its answers and correct them."""

    def __init__(self, platform: Platform, project_id: UUID) -> None:
        self.platform, self.project_id = platform, project_id

    def call(self, text: str = "my parcel is late") -> Span:
        """Record a call of the route."""
        span = Span(
            id=new_id(),
            trace_id=uuid4().hex,
            span_id=uuid4().hex[:16],
            name="chat triage",
            kind="chat",
            started_at=now(),
            duration_ms=20.0,
            model="echo/base",
            versions=SpanVersions(route="triage"),
            input={"messages": [{"role": "user", "content": text}]},
            output={"choices": [{"message": {"role": "assistant", "content": "no"}}]},
        )
        self.platform.span_writer.append_durable(self.project_id, span).result(10)
        return span

    def correct(self, count: int, **changes: Any) -> None:
        """Correct answers."""
        for _ in range(count):
            score = ScoreCreate(span_id=self.call().id, value=0.0, correction="yes", **changes)
            scoring.add_score(self.platform, self.project_id, score)


@pytest.fixture
def users(platform: Platform, project_id: UUID) -> Users:
    return Users(platform, project_id)


def row(text: str, split: str) -> Example:
    messages = (Message(role="user", content=text),)
    answer = Message(role="assistant", content=f"{split} {text}")
    return Example(messages=messages, completion=answer, metadata={"split": split})


def create(http: TestClient, *, consent: bool = True, **changes: Any) -> Any:
    """Create the policy and return the response."""
    return http.put(POLICY, json={"definition": {**DEFINITION, **changes}, "consent": consent})


def list_runs(http: TestClient) -> list[dict[str, Any]]:
    return http.get(f"{POLICY}/runs").json()


def end_run(database: Database, project_id: UUID, *, minutes_ago: float = 0) -> None:
    """End the active run as not promoted."""
    with database.scope(project_id) as connection:
        run = policy_store.find_active(connection, "nightly")
        assert run is not None
        finished = now() - timedelta(minutes=minutes_ago)
        policy_store.update_run(connection, run, status="not_promoted", finished_at=finished)


def test_a_policy_needs_the_consent_of_a_person(
    http: TestClient, platform: Platform, database: Database, project_id: UUID
) -> None:
    assert create(http, consent=False).status_code == 409
    created = create(http)
    assert created.status_code == 200, created.text
    assert created.json()["consent"]["by"] == "lan" and created.json()["version"] == 1
    assert create(http, cool_down="2h").json()["version"] == 2
    with database.scope(project_id) as connection:
        internal = access.create_key(connection, "internal").secret
    refused = http.put(
        POLICY,
        json={"definition": DEFINITION, "consent": True},
        headers={"Authorization": f"Bearer {internal}"},
    )
    assert refused.status_code == 403 and "job" in refused.text


@pytest.mark.parametrize(
    ("changes", "status", "part"),
    [
        ({"route": "missing"}, 404, "missing"),
        ({"dataset": "missing"}, 404, "missing"),
        ({"suite": "missing"}, 404, "missing"),
        ({"gate": "missing"}, 404, "vong evals gates set missing"),
        ({"triggers": {}}, 422, "needs a trigger"),
        ({"triggers": {"every": "6h", "cron": "0 * * * *"}}, 422, "cannot be combined"),
        ({"triggers": {"cron": "61 * * * *"}}, 422, "use 0 to 59"),
        ({"triggers": {"every": "soon"}}, 422, "no duration"),
        ({"triggers": {"corrections": 0}}, 422, "corrections"),
        ({"triggers": {"new_base": True}}, 422, "training.base"),
        ({"cool_down": "-1h"}, 422, "no duration"),
        ({"release": {"manual": True}}, 422, "manual"),
        ({"training": {"model": "triage", "recipe": "nothing"}}, 404, "nothing"),
        ({"training": {"model": "triage", "base": "missing"}}, 404, "missing"),
        ({"training": {"model": "triage", "recipe": "pretrain", "settings": {"epoch": 1}}}, 422, "epoch"),
        ({"budget": {"minutes": 0}}, 422, "minutes"),
    ],
)
def test_an_invalid_policy_is_one_error(http: TestClient, changes: dict[str, Any], status: int, part: str) -> None:
    refused = create(http, **changes)
    assert (refused.status_code, part in refused.text) == (status, True), refused.text


def test_the_last_needed_correction_starts_one_run_and_later_ones_count_for_the_next(
    http: TestClient, users: Users, database: Database, project_id: UUID
) -> None:
    create(http)
    users.correct(2)
    assert list_runs(http) == []
    assert http.get(POLICY).json()["triggers"][0]["detail"].startswith("2 of 3 newly corrected answers")
    users.correct(1)
    (run,) = list_runs(http)
    assert (run["status"], run["number"], run["trigger"]["kind"]) == ("queued", 1, "corrections")
    with database.scope(project_id) as connection:
        assert jobs.get(connection, UUID(run["id"])).kind == "loop.policy_run"

    users.correct(4)
    state = http.get(POLICY).json()
    assert (state["active_run"], state["triggers"][0]["value"]) == (run["id"], 4)
    assert len(list_runs(http)) == 1
    assert http.post(f"{POLICY}/runs").status_code == 409
    assert http.delete(POLICY).status_code == 409

    end_run(database, project_id)
    users.correct(1)
    assert http.get(POLICY).json()["waits_until"] is not None, "the cool-down lasts an hour"
    assert len(list_runs(http)) == 1
    with database.scope(project_id) as connection:
        connection.execute(update(policy_runs).values(finished_at=now() - timedelta(hours=2)))
    users.correct(1)
    assert [one["number"] for one in list_runs(http)] == [2, 1]


def test_a_paused_policy_starts_no_run_and_the_worker_catches_up_after_it(
    http: TestClient, users: Users, platform: Platform
) -> None:
    create(http)
    assert http.post(f"{POLICY}/pause").json()["policy"]["paused"] is True
    users.correct(5)
    loop_policies.watch_once(platform)
    assert list_runs(http) == []
    http.post(f"{POLICY}/resume")
    loop_policies.watch_once(platform)
    loop_policies.watch_once(platform)
    assert len(list_runs(http)) == 1


def test_only_feedback_that_the_harvest_takes_counts(http: TestClient, users: Users) -> None:
    create(http, harvest={"name": "fields", "source": "human"})
    users.correct(5)
    users.correct(5, name="fields", source="replay")
    assert list_runs(http) == []
    users.correct(3, name="fields")
    assert len(list_runs(http)) == 1


def test_a_schedule_starts_a_run(http: TestClient, platform: Platform, database: Database, project_id: UUID) -> None:
    create(http, triggers={"every": "6h"})
    loop_policies.watch_once(platform)
    assert list_runs(http) == []
    with database.scope(project_id) as connection:
        connection.execute(update(policies).values(updated_at=now() - timedelta(hours=7)))
    loop_policies.watch_once(platform)
    assert list_runs(http)[0]["trigger"]["kind"] == "schedule"


def test_drift_of_the_calls_starts_a_run(http: TestClient, users: Users, platform: Platform) -> None:
    create(http, triggers={"drift": {"bound": 0.6, "calls": 20, "every": "1s"}})
    for _ in range(19):
        users.call("where is the courier with my parcel")
    loop_policies.watch_once(platform)
    assert list_runs(http) == [] and http.get(POLICY).json()["triggers"][0]["value"] is None
    users.call("where is the courier with my parcel")
    with platform.database.owner() as connection:
        connection.execute(update(policies).values(state={}))
    loop_policies.watch_once(platform)
    (run,) = list_runs(http)
    assert run["trigger"]["kind"] == "drift" and "courier" in run["trigger"]["detail"]


def test_a_run_whose_job_failed_is_failed_and_the_policy_continues(
    http: TestClient, users: Users, platform: Platform, database: Database, project_id: UUID
) -> None:
    create(http, cool_down="0s")
    users.correct(3)
    with database.scope(project_id) as connection:
        connection.execute(update(jobs_table).values(status="failed", error="out of memory"))
    users.correct(3)
    loop_policies.watch_once(platform)
    newest, failed = list_runs(http)
    assert (failed["status"], failed["reason"]) == ("failed", "out of memory")
    assert newest["number"] == 2


def test_a_cancelled_run_cancels_its_job(http: TestClient, users: Users, database: Database, project_id: UUID) -> None:
    create(http)
    users.correct(3)
    (run,) = list_runs(http)
    path = f"/api/v1/loop/policy-runs/{run['id']}"
    cancelled = http.post(f"{path}/cancel").json()
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "cancelled by lan")
    with database.scope(project_id) as connection:
        assert jobs.get(connection, UUID(run["id"])).status == "cancelled"
    assert http.post(f"{path}/cancel").status_code == 409
    assert http.get(f"{path}/report").text.startswith("# Loop policy nightly, run 1: cancelled")
    assert http.get(f"/api/v1/loop/policy-runs/{uuid4()}").status_code == 404
    assert http.delete(POLICY).status_code == 200


def test_a_cancelled_run_cancels_the_job_that_its_step_waits_for(
    http: TestClient, users: Users, database: Database, project_id: UUID
) -> None:
    create(http)
    users.correct(3)
    id = UUID(list_runs(http)[0]["id"])
    with database.scope(project_id) as connection:
        training = jobs.submit(connection, "training.run", {})
        policy_store.set_step(connection, id, PolicyStep(name="train", status="running", job=training.id))
    assert http.get(f"/api/v1/loop/policy-runs/{id}").json()["status"] == "running"
    cancelled = http.post(f"/api/v1/loop/policy-runs/{id}/cancel").json()
    assert cancelled["steps"][0]["status"] == "stopped"
    with database.scope(project_id) as connection:
        assert jobs.get(connection, training.id).status == "cancelled"


def test_a_cancelled_run_stops_its_release(
    http: TestClient, users: Users, platform: Platform, database: Database, project_id: UUID
) -> None:
    create(http)
    users.correct(3)
    id = UUID(list_runs(http)[0]["id"])
    with database.scope(project_id) as connection:
        services = releases_app.build_services(connection, evidence_gate(platform))
        release = releases.start(connection, route="triage", candidate="echo/new", services=services)
        policy_store.set_step(connection, id, PolicyStep(name="release", status="running", job=release.id))
    http.post(f"/api/v1/loop/policy-runs/{id}/cancel")
    with database.scope(project_id) as connection:
        ended = release_store.get_release(connection, release.id)
        targets = {one.model: one.weight for one in gateway.get_route(connection, "triage").targets}
    assert (ended.status, ended.reason) == ("rolled_back", "cancelled by lan")
    assert targets == {"echo/base": 1.0}
