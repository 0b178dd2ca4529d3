"""Monitors: sampling, scoring once, limits, feedback, drift alarms, webhooks and the review list."""

import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from tests.feedback.factories import span
from vong import access, feedback
from vong.api.http import problems
from vong.api.routes import evals_monitors, evals_reviews
from vong.app import Platform, alarm_webhooks, monitor_scoring, monitors
from vong.app.key_rotation import rotate_key
from vong.app.monitor_worker import run_pass
from vong.client.evals_monitors import MonitorsClient, ReviewsClient
from vong.client.transport import Transport
from vong.config import Settings
from vong.errors import Conflict, InvalidInput, NotFound
from vong.evals.judges import JudgeDefinition
from vong.evals.judges.store import save_judge
from vong.evals.monitor_tables import alarms as alarm_table
from vong.evals.monitor_tables import monitors as monitor_table
from vong.evals.monitor_tables import samples as sample_table
from vong.evals.monitors import store
from vong.evals.monitors.samples import is_sampled
from vong.evals.monitors.store import LeasedMonitor
from vong.gateway.limits.store import list_limits
from vong.records import Span, now

from .tickets import Scope

Answer = Callable[[httpx.Request], httpx.Response]
OWNER = "host:1:test"


class Setup:
    """A project with spans and the API of monitors, and passes of a worker."""

    def __init__(self, platform: Platform, project_id: UUID, scope: Scope, http: TestClient) -> None:
        self.platform, self.project_id, self.scope, self.http = platform, project_id, scope, http
        transport = Transport("http://testserver", None)
        vars(transport)["http"] = http
        self.monitors, self.reviews = MonitorsClient(transport), ReviewsClient(transport)

    def add(self, *spans: Span) -> None:
        stored = [self.platform.span_writer.append_durable(self.project_id, one) for one in spans]
        assert all(one.result(10) is None for one in stored)

    def run(self, name: str = "m", owner: str = OWNER) -> int:
        """Run one pass as a worker does, and return how many answers were scored."""
        id = UUID(self.monitors.get(name)["id"])
        with self.platform.database.owner() as connection:
            store.acquire_lease(connection, id, owner)
        return run_pass(self.platform, LeasedMonitor(id, self.project_id), owner, threading.Event())

    def scores(self) -> list[tuple[str, float | None, str, str | None]]:
        with self.scope() as connection:
            found = feedback.list_scores(connection, limit=500)
        return [(one.name, one.value, one.source, one.author) for one in found]


@pytest.fixture
def setup(database_url: str, tmp_path: Path, project_id: UUID, scope: Scope) -> Iterator[Setup]:
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    app = FastAPI()
    app.state.platform = platform
    problems.install_handlers(app)
    for routes in (evals_monitors.routes, evals_reviews.routes):
        app.include_router(routes)
    with scope() as connection:
        secret = access.create_key(connection, "ann").secret
    yield Setup(platform, project_id, scope, TestClient(app, headers={"Authorization": f"Bearer {secret}"}))
    platform.close()


def connect_model(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    """Let the scorers of monitors call this model."""

    def connect(_: object) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://vong")

    monkeypatch.setattr("vong.app.caller_client.CallerClient._connect", connect)


def verdict(value: bool, span_id: UUID | None = None) -> httpx.Response:
    text = json.dumps({"reason": "because", "pass": value})
    headers = {"x-vong-span-id": str(span_id)} if span_id else {}
    return httpx.Response(200, json={"choices": [{"message": {"content": text}}]}, headers=headers)


def add_judge(setup: Setup) -> None:
    definition = JudgeDefinition(kind="pass_fail", model="judging", prompt="Is the answer polite?")
    with setup.scope() as connection:
        save_judge(connection, "polite", definition, author="ann")


def tagged(*tags: str, answer: str = "{}") -> Span:
    return span(answer=answer, attributes={"vong.tags": list(tags)})


def test_each_answer_is_scored_once_and_becomes_feedback(setup: Setup) -> None:
    setup.add(span(answer="{}"))
    setup.monitors.create("m", ["json_valid"], filter={"route": "support"}, share=1)
    setup.add(span(answer="{}"), span(answer="no"), span(answer="{}", route="other"), span(answer=None))
    assert setup.run() == 3  # not the earlier call, nor the other route
    assert setup.run() == 0
    assert sorted(setup.scores()) == [
        ("json_valid", 0.0, "program", "monitor:m"),
        ("json_valid", 1.0, "program", "monitor:m"),
    ]
    found = setup.monitors.get("m")
    assert (found["scored"], found["skipped"], found["pending"], found["counts"]["matched"]) == (2, 1, 0, 3)
    (point,) = setup.monitors.history("m")
    assert (point["n"], point["means"]) == (2, {"json_valid": 0.5})
    assert {one["status"] for one in setup.monitors.samples("m")} == {"scored", "skipped"}


def test_own_calls_are_never_scored(setup: Setup) -> None:
    setup.monitors.create("m", ["json_valid"], share=1)
    own = [tagged("vong:job"), tagged("monitor:m", "vong:job"), tagged("judge:polite@1"), span(key="shadow")]
    setup.add(*own, tagged("checkout"))
    setup.run()
    assert (setup.monitors.get("m")["counts"]["own"], len(setup.scores())) == (4, 1)
    assert all(monitor_scoring.find_refusal(one) for one in own)  # also if a sample of one were pending


def test_calls_of_scorers_are_tagged(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    add_judge(setup)
    requests: list[httpx.Request] = []
    judge_span = span(answer="{}", usage={"cost": 700})
    setup.add(judge_span)

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return verdict(False, judge_span.id)

    connect_model(monkeypatch, answer)
    setup.monitors.create("m", ["judge:name=polite"], share=1, daily_budget=5000)
    with setup.scope() as connection:
        (limit,) = list_limits(connection)
    assert (limit.subject_type, limit.subject, limit.metric, limit.window) == ("tag", "monitor:m", "cost", "day")
    assert limit.amount == 5000
    setup.add(span(answer="go away"))
    setup.run()
    tags = requests[0].headers["x-vong-tags"].split(",")
    assert {"vong:job", "monitor:m"} <= set(tags) and requests[0].headers["x-vong-priority"] == "low"
    assert setup.scores() == [("judge", 0.0, "judge", "monitor:m")]
    found = setup.monitors.get("m")
    assert (found["cost_today"], found["calls_today"], found["settings"]["daily_budget"]) == (700, 1, 5000)
    setup.monitors.delete("m")
    with setup.scope() as connection:
        assert list_limits(connection) == []


def test_sampling_is_deterministic_nested_and_keeps_its_share() -> None:
    ids = [uuid4() for _ in range(4000)]
    half, tenth = ({id for id in ids if is_sampled(id, share)} for share in (0.5, 0.1))
    assert tenth < half and {id for id in ids if is_sampled(id, 1)} == set(ids)
    assert 1850 < len(half) < 2150 and 300 < len(tenth) < 500


def test_the_hourly_limit_and_the_tag_hold(setup: Setup) -> None:
    setup.monitors.create("m", ["json_valid"], share=1, max_per_hour=2, filter={"tag": "checkout"})
    setup.add(*(tagged("checkout") for _ in range(5)), tagged("other"))
    setup.run()
    setup.add(tagged("checkout"))
    setup.run()
    found = setup.monitors.get("m")
    assert (found["scored"], found["hour"], found["counts"]["over_limit"]) == (2, 2, 4)


def test_a_spent_budget_stops_the_monitor_until_the_next_day(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    add_judge(setup)
    answers = [verdict(True)]
    connect_model(monkeypatch, lambda _: answers.pop() if answers else httpx.Response(402, json={}))
    setup.monitors.create("m", ["judge:name=polite"], share=1)
    setup.add(*(span(answer=f"answer {number}") for number in range(4)))
    setup.run()
    setup.add(span(answer="later"))
    setup.run()
    found = setup.monitors.get("m")
    assert (found["scored"], found["skipped"], found["pending"]) == (1, 3, 0)
    assert found["counts"]["over_budget"] == 4 and "the daily budget of $1 is spent" in found["blocked"]
    assert found["blocked_until"].endswith("T00:00:00Z")


def test_a_failed_call_is_repeated_and_not_final(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vong.app.chat_client.RETRY_TIMEOUT_SECONDS", 0.0)
    monkeypatch.setattr(monitor_scoring, "FIRST_RETRY", timedelta())
    add_judge(setup)
    answers = [verdict(True), httpx.Response(503, json={}), httpx.Response(503, json={})]
    connect_model(monkeypatch, lambda _: answers.pop())
    setup.monitors.create("m", ["judge:name=polite", "json_valid"], share=1)
    setup.add(span(answer="hello"))
    setup.run()
    assert setup.monitors.samples("m")[0]["attempts"] == 1 and setup.scores() == []
    setup.run()
    setup.run()
    (sample,) = setup.monitors.samples("m")
    assert (sample["status"], sample["attempts"], sample["error"]) == ("scored", 3, None)
    assert len(setup.scores()) == 2


def test_a_refused_caller_blocks_the_monitor_without_losing_answers(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_judge(setup)
    connect_model(monkeypatch, lambda _: httpx.Response(403, json={"error": {"message": "out of scope"}}))
    setup.monitors.create("m", ["judge:name=polite"], share=1)
    setup.add(span(answer="hello"))
    setup.run()
    found = setup.monitors.get("m")
    assert "out of scope" in found["blocked"] and found["pending"] == 1
    connect_model(monkeypatch, lambda _: verdict(True))
    with setup.platform.database.owner() as connection:
        connection.execute(update(sample_table).values(retry_at=None))
    resumed = setup.monitors.update("m", enabled=True)["monitor"]
    assert resumed["blocked"] is None
    setup.run()
    assert setup.monitors.get("m")["scored"] == 1


def test_a_worker_without_the_lease_stores_nothing(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.monitors.create("m", ["json_valid"], share=1)
    setup.add(span(answer="{}"))
    scored = monitor_scoring.score_answer

    def take_over(*given: Any) -> Any:
        with setup.platform.database.owner() as connection:
            connection.execute(update(monitor_table).values(lease_until=now() - timedelta(seconds=1)))
            assert store.acquire_lease(connection, UUID(setup.monitors.get("m")["id"]), "other")
        return scored(*given)

    monkeypatch.setattr(monitor_scoring, "score_answer", take_over)
    assert setup.run() == 0
    assert setup.scores() == []
    monkeypatch.undo()
    assert setup.run(owner="other") == 1
    assert len(setup.scores()) == 1


def test_calls_stored_late_or_during_an_outage_are_found(setup: Setup) -> None:
    setup.monitors.create("m", ["json_valid"], share=1)
    setup.add(span(answer="{}", started_at=now() - timedelta(minutes=30)))  # a long call ends after later ones
    setup.run()
    setup.add(span(answer="{}"))
    with setup.platform.database.owner() as connection:  # batches are stored for an hour only
        connection.exec_driver_sql("DELETE FROM traces_span_events")
        connection.execute(update(monitor_table).values(cursor_at=now() - timedelta(hours=3)))
    setup.run()
    assert setup.monitors.get("m")["scored"] == 2


def test_two_monitors_add_one_score_of_a_name(setup: Setup) -> None:
    for name in ("a", "b"):
        setup.monitors.create(name, ["json_valid"], share=1)
    setup.add(span(answer="{}"))
    assert [setup.run("a"), setup.run("b")] == [1, 1]
    assert setup.scores() == [("json_valid", 1.0, "program", "monitor:a")]
    assert setup.monitors.get("b")["scored"] == 1


def test_a_drop_raises_one_alarm_that_is_sent_signed(setup: Setup) -> None:
    received: list[tuple[dict[str, str], bytes]] = []
    statuses = [200, 500]

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(statuses.pop())
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = TCPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rules = {"window": 12, "alpha": 0.2, "tolerance": 0.0}
    url = f"http://127.0.0.1:{server.server_address[1]}/alarms"
    created = setup.monitors.create("m", ["json_valid"], share=1, filter={"route": "support"}, drift=rules, webhook=url)
    setup.add(*(span(answer="{}") for _ in range(14)), *(span(answer="no") for _ in range(11)))
    while setup.run():
        pass
    (alarm,) = setup.monitors.alarms(monitor="m", status="open")
    assert alarm["metric"] == "json_valid" and alarm["evidence"] >= 2 / alarm["alpha"] and alarm["n"] < 35
    assert alarm_webhooks.deliver_due(setup.platform) == 0
    waiting = setup.monitors.alarms()[0]
    assert waiting["delivery"] == "pending" and "status 500" in waiting["delivery_error"]
    with setup.platform.database.owner() as connection:
        connection.execute(update(alarm_table).values(deliver_at=now()))
    rotate_key(setup.platform.database, setup.platform.settings.home_folder, grace_seconds=0)
    assert alarm_webhooks.deliver_due(setup.platform) == 1
    server.shutdown()
    headers, body = received[-1]
    time, _, digest = headers["x-vong-signature"].partition(",v1=")
    secret = created["webhook_secret"].encode()
    assert hmac.new(secret, time.removeprefix("t=").encode() + b"." + body, sha256).hexdigest() == digest
    assert json.loads(body)["alarm"]["id"] == headers["x-vong-event-id"] == alarm["id"]
    assert setup.monitors.resolve(alarm["id"])["status"] == "resolved"
    with pytest.raises(Conflict):
        setup.monitors.resolve(alarm["id"])
    setup.add(*(span(answer="no") for _ in range(11)))
    while setup.run():
        pass
    assert len(setup.monitors.alarms(status="open")) == 1  # the same reference, tested again


def test_a_promoted_model_gets_a_new_reference(setup: Setup) -> None:
    rules = {"window": 12, "alpha": 0.2, "tolerance": 0.0}
    filters = {"m": {"route": "support"}, "pinned": {"route": "support", "model": "echo/other"}}
    for name, filter in filters.items():
        setup.monitors.create(name, ["json_valid"], share=1, filter=filter, drift=rules)
    setup.add(*(span(answer="{}") for _ in range(14)))
    while setup.run():
        pass
    late = [span(answer="{}") for _ in range(20)]  # answers of the model before, scored after the promotion
    with setup.scope() as connection:
        monitors.reset_references(connection, "other")
        assert store.get_state(connection, UUID(setup.monitors.get("m")["id"])).drift["json_valid"]["reference"]
        monitors.reset_references(connection, "support")
        assert store.get_state(connection, UUID(setup.monitors.get("pinned")["id"])).drift == {}
    setup.add(*late, *(span(answer="no") for _ in range(40)))
    while setup.run():
        pass
    assert setup.monitors.alarms() == []  # the level of the new model is its reference
    with setup.scope() as connection:
        drift = store.get_state(connection, UUID(setup.monitors.get("m")["id"])).drift["json_valid"]
    assert (drift["reference"]["mean"], drift["reference"]["n"], drift["n"]) == (0.0, 12, 28)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "http://[::ffff:169.254.169.254]/", "file:///etc/passwd", "http://u:p@h/"]
)
def test_a_webhook_leads_to_no_metadata_service(setup: Setup, url: str) -> None:
    with pytest.raises(InvalidInput, match="webhook"):
        setup.monitors.create("m", ["json_valid"], webhook=url)


def test_a_failing_answer_is_reviewed_once_and_its_correction_is_harvested(setup: Setup) -> None:
    setup.monitors.create("m", ["json_valid"], share=1, review_below=0.5)
    setup.add(span(answer="no"), span(answer="bad"), span(answer="{}"))
    setup.run()
    first, second = setup.reviews.list(status="open", monitor="m")
    assert first["value"] == 0 and first["metric"] == "json_valid" and first["bound"] == 0.5 and first["reason"]
    assert setup.reviews.take(first["id"])["assignee"] == "ann"
    setup.reviews.assign(second["id"], "bob")
    with pytest.raises(Conflict, match="bob"):
        setup.reviews.take(second["id"])
    with pytest.raises(InvalidInput):
        setup.reviews.complete(first["id"], "corrected")
    done = setup.reviews.complete(first["id"], "corrected", correction='{"a": 1}', comment="JSON, please")
    assert (done["status"], done["resolution"], done["done_by"]) == ("done", "corrected", "ann")
    with pytest.raises(Conflict, match="ann"):
        setup.reviews.complete(first["id"], "accepted")
    assert setup.reviews.complete(second["id"], "accepted")["score_id"]
    with setup.scope() as connection:
        found = feedback.list_scores(connection, spans=(UUID(first["span_id"]),), limit=10)
        (correction,) = [one for one in found if one.correction is not None]
    assert (correction.correction, correction.source, str(correction.id)) == ('{"a": 1}', "human", done["score_id"])
    assert setup.reviews.reopen(second["id"])["status"] == "open"
    assert setup.monitors.get("m")["open_reviews"] == 1
    with pytest.raises(NotFound):
        setup.reviews.get(uuid4())


def test_settings_are_checked(setup: Setup) -> None:
    with pytest.raises(InvalidInput, match=r"exact_match.*reference"):
        setup.monitors.create("m", ["exact_match"])
    with pytest.raises(InvalidInput, match="no scorer"):
        setup.monitors.create("m")
    with pytest.raises(NotFound):
        setup.monitors.create("m", ["judge:name=missing"])
    with pytest.raises(NotFound):
        setup.monitors.create("m", ["json_valid"], drift={"suite_run": str(uuid4())})
    for bad in ({"share": 0}, {"share": 2}, {"daily_budget": 0}, {"max_per_hour": 0}, {"drift": {"alpha": 0}}):
        assert setup.http.post("/api/v1/evals/monitors", json={"name": "m", "scorers": ["json_valid"], **bad}).is_error
    setup.monitors.create("m", ["json_valid"])
    with pytest.raises(Conflict):
        setup.monitors.create("m", ["json_valid"])
    changed = setup.monitors.update("m", share=0.5, review_below=None)["monitor"]["settings"]
    assert (changed["share"], changed["review_below"], changed["scorers"]) == (0.5, None, ["json_valid"])
    assert setup.http.patch("/api/v1/evals/monitors/m", json={"share": 7}).is_error
