"""Routes of feedback: scores of recent spans, listeners of scores, and the harvest into a dataset."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.feedback.factories import span
from vong import access, data
from vong.api.http import problems
from vong.api.routes import feedback as routes
from vong.app import Platform
from vong.cli import feedback as commands
from vong.client.feedback import FeedbackClient
from vong.client.transport import Transport
from vong.config import Settings
from vong.errors import Conflict, InvalidInput, NotFound, PreconditionFailed
from vong.records import Example, Message, Operation, Score, Span, new_id
from vong.store.database import Database


class Server:
    """Routes of feedback on a real database."""

    def __init__(self, platform: Platform, project_id: UUID) -> None:
        self.platform, self.project_id = platform, project_id
        app = FastAPI()
        app.state.platform = platform
        problems.install_handlers(app)
        app.include_router(routes.routes)
        with platform.scope(project_id) as connection:
            secret = access.create_key(connection, "test").secret
        self.http = TestClient(app, headers={"Authorization": f"Bearer {secret}"})
        transport: Any = Transport("http://testserver", secret)
        transport.http = self.http
        self.feedback = FeedbackClient(transport)

    def record_call(self, *args: Any, **fields: Any) -> Span:
        """Append a span to the span writer and return it. It may not be committed yet."""
        made = span(*args, **fields)
        self.platform.span_writer.append_durable(self.project_id, made)
        return made

    def rows(self, ref: str) -> list[Example]:
        with self.platform.scope(self.project_id) as connection:
            return list(data.read(self.platform.blobs, data.find(connection, ref)))


@pytest.fixture
def server(database: Database, database_url: str, project_id: UUID, tmp_path: Path) -> Iterator[Server]:
    platform = Platform(Settings(home=tmp_path / "home", database_url=database_url))
    yield Server(platform, project_id)
    platform.close()


def test_a_span_can_be_scored_before_it_is_committed(server: Server) -> None:
    record_call = server.record_call()
    stored = server.feedback.create(record_call.id, value=1.0, comment="good")
    assert (stored.span_id, stored.value, stored.author) == (record_call.id, 1.0, "test")
    assert server.feedback.scores(spans=[str(record_call.id)]) == [stored]


def test_a_score_waits_for_an_unknown_span_only_if_the_span_may_still_arrive(server: Server) -> None:
    for id, least, most in ((uuid4(), 0.0, 1.0), (new_id(), 2.0, 5.0)):
        started = time.monotonic()
        with pytest.raises(NotFound, match="x-vong-span-id"):
            server.feedback.create(id, value=1.0)
        assert least <= time.monotonic() - started < most


def test_listeners_receive_a_score_once(server: Server) -> None:
    heard: list[tuple[UUID, Score]] = []

    def listen(_: Platform, project_id: UUID, score: Score) -> None:
        heard.append((project_id, score))
        raise PreconditionFailed("the canary is over", "start another")

    server.platform.score_listeners.append(listen)
    record_call, id = server.record_call(), new_id()
    stored = server.feedback.create(record_call.id, value=0.5, id=id)
    assert server.feedback.create(record_call.id, value=0.5, id=id) == stored
    with pytest.raises(Conflict):
        server.feedback.create(record_call.id, value=0.6, id=id)
    assert heard == [(server.project_id, stored)]


def test_repeated_requests_with_one_idempotency_key_create_one_score(server: Server) -> None:
    body = {"span_id": str(server.record_call().id), "value": 1.0}
    answers = [
        server.http.post("/api/v1/feedback", json=body, headers={"Idempotency-Key": "k"}).json() for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(server.feedback.scores()) == 1


def test_a_harvest_extends_a_dataset_and_reports_the_result(server: Server) -> None:
    wrong, right, poor = (
        server.record_call("a", "bad"),
        server.record_call("b", "fine"),
        server.record_call("c", "poor"),
    )
    server.feedback.create(wrong.id, value=0, correction="good")
    server.feedback.create(right.id, value=1)
    server.feedback.create(poor.id, value=0.2)
    preview = server.feedback.preview(min_value=0.9)
    assert (preview["corrections"], preview["good"], preview["skipped"]) == (1, 1, {"score too low": 1})
    found = server.feedback.harvest("corrections", split="train", min_value=0.9)
    assert (found["added"], found["rows"], found["splits"]) == (2, 2, {"train": 2})
    rows = server.rows(found["ref"])
    assert [(row.prompt_text, row.completion_text) for row in rows] == [("a", "good"), ("b", "fine")]
    again = server.feedback.harvest("corrections", split="train", min_value=0.9)
    assert (again["ref"], again["added"]) == (found["ref"], 0)
    named = server.feedback.harvest("one", spans=[right.id])
    assert (named["good"], named["corrections"], named["skipped"]) == (1, 0, {})


def test_a_harvest_excludes_rows_of_evaluation_splits(server: Server) -> None:
    text = "the till freezes each time the cash drawer is opened by hand"
    held_back = Example(
        messages=(Message(role="user", content=text),),
        completion=Message(role="assistant", content="defect"),
        metadata={"split": "test"},
    )
    traffic = held_back.model_copy(
        update={"messages": (Message(role="user", content="please refund me"),), "metadata": {"split": "traffic"}}
    )
    with server.platform.scope(server.project_id) as connection:
        data.write(connection, server.platform.blobs, "tickets", [held_back, traffic], Operation(name="import"))
    near, replayed = server.record_call(text + "!", "defect"), server.record_call("please refund me", "bad")
    server.feedback.create(near.id, value=1)
    server.feedback.create(replayed.id, value=0, correction="defect")
    found = server.feedback.harvest("tickets", split="train")
    assert (found["excluded"], found["added"], found["splits"]) == (1, 1, {"test": 1, "traffic": 1, "train": 1})


def test_an_answer_that_no_dataset_can_hold_is_skipped(server: Server) -> None:
    good = server.record_call("a", "fine")
    broken = server.record_call("b", "fine", input={"messages": [{"role": "user", "content": None}]})
    for call in (good, broken):
        server.feedback.create(call.id, value=1)
    found = server.feedback.harvest("answers")
    assert (found["added"], found["skipped"]) == (1, {"content that cannot be stored": 1})


def test_an_empty_harvest_creates_no_dataset(server: Server) -> None:
    server.feedback.create(server.record_call().id, value=0)
    with pytest.raises(InvalidInput, match="1 score too low"):
        server.feedback.harvest("none")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"span_id": "no", "value": 1}),
        ("POST", "", {"span_id": str(new_id()), "value": 2}),
        ("POST", "", {"span_id": str(new_id()), "valu": 1}),
        ("GET", "?limit=0", None),
        ("GET", "?nam=tone", None),
        ("GET", "/summary?by=colour", None),
        ("POST", "/harvest", {"dataset": "a b"}),
    ],
)
def test_client_errors_are_problems_with_a_hint(server: Server, method: str, path: str, body: Any) -> None:
    answer = server.http.request(method, f"/api/v1/feedback{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input"), answer.text
    assert answer.json()["hint"]


def test_the_commands_have_the_same_results_as_the_routes(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Offline:
        feedback = server.feedback

    monkeypatch.setattr(commands, "Client", Offline)

    def vong(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(commands.group, list(words), catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.stdout

    record_call = server.record_call("a", "bad")
    assert "0.5" in vong("create", str(record_call.id), "--value", "0.5", "--correction", "good")
    assert "good" in vong("list", "--route", "support")
    assert '"mean": 0.5' in vong("summary", "--by", "name", "--by", "route", "--json")
    assert "corrections" in vong("harvest", "--preview")
    assert "tickets@" in vong("harvest", "tickets", "--split", "train")
    vong("harvest", code=2)


def test_the_inbox_shows_scored_and_harvested_spans(server: Server) -> None:
    spans = [server.record_call(f"question {n}", f"answer {n}", route=f"route-{n % 2}") for n in range(4)]
    server.feedback.create(spans[0].id, value=1.0)
    server.feedback.create(spans[1].id, correction="better")
    server.feedback.create(spans[2].id, comment="odd")
    items = server.feedback.inbox()
    assert [item["span"]["output_preview"] for item in items] == ["answer 2", "answer 1", "answer 0"]
    assert [item["span"]["input_preview"] for item in server.feedback.inbox(kind="correction")] == ["question 1"]
    assert [item["span"]["scores"] for item in server.feedback.inbox(route="route-0")] == [1, 1]
    assert server.feedback.inbox(model="nobody") == []
    second = server.feedback.inbox(limit=1, after=items[0]["score"]["id"])
    assert [item["score"]["id"] for item in second] == [items[1]["score"]["id"]]
    server.feedback.harvest("corrections")
    assert [item["score"]["comment"] for item in server.feedback.inbox(harvested=False)] == ["odd"]
    assert len(server.feedback.inbox(harvested=True)) == 2
    server.feedback.create(spans[1].id, correction="better still")
    assert server.feedback.inbox(harvested=False)[0]["score"]["correction"] == "better still"
