"""Message batches with the `anthropic` package, processed by the job of a worker."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import anthropic
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import FakeUpstream
from vong import access
from vong.app import Platform, batch_executor
from vong.app.job_handlers import HANDLERS
from vong.gateway import tables
from vong.gateway.batch.message_requests import ResultSources, convert_results, count_expired
from vong.jobs import lifecycle
from vong.jobs import tables as job_tables
from vong.jobs.runner import JobRun, run_job
from vong.records import now
from vong.records.key_scope import KeyScope


@pytest.fixture(autouse=True)
def short_poll_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_executor, "STATUS_POLL_SECONDS", 0.05)


@pytest.fixture
def client(server: Server) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)


def ask(custom_id: str, model: str = "echo/echo", **more: Any) -> Any:
    messages = [{"role": "user", "content": custom_id}]
    return {"custom_id": custom_id, "params": {"model": model, "max_tokens": 4, "messages": messages, **more}}


def id_of(batch: Any) -> UUID:
    return UUID(hex=batch.id.removeprefix("msgbatch_"))


def run_batch_job(server: Server, batch: Any) -> None:
    """Run the job of a batch in this process, as a worker does."""
    platform = Platform(server.platform.settings.model_copy(update={"public_url": server.url}))
    with platform.scope(server.project_id) as connection:
        jobs = job_tables.jobs.c
        task = connection.scalar(select(jobs.queue_entry_id).where(jobs.id == id_of(batch)))
        assert task is not None
        job = lifecycle.start_attempt(connection, id_of(batch), task, "test:1")
    assert job is not None
    home = platform.settings.home_folder
    run_job(JobRun(job, server.project_id, HANDLERS[job.kind], home), platform.database, platform)
    platform.close()


def test_a_batch_is_processed(client: anthropic.Anthropic, server: Server, fake: FakeUpstream) -> None:
    requests = [ask("a"), ask("b", "nothing/x"), ask("c", "claude/plain"), ask("d", "claude/status-400")]
    beta = {"anthropic-beta": "b-1"}
    batch = client.messages.batches.create(requests=requests, extra_headers=beta)
    assert (batch.processing_status, batch.request_counts.processing, batch.results_url) == ("in_progress", 4, None)
    run_batch_job(server, batch)
    batch = client.messages.batches.retrieve(batch.id)
    assert batch.processing_status == "ended" and batch.ended_at is not None and batch.cancel_initiated_at is None
    counts = batch.request_counts
    assert (counts.processing, counts.succeeded, counts.errored, counts.canceled, counts.expired) == (0, 2, 2, 0, 0)
    assert fake.requests[-1].headers["anthropic-beta"] == "b-1"
    results: dict[str, Any] = {found.custom_id: found.result for found in client.messages.batches.results(batch.id)}
    assert list(results) == ["a", "b", "c", "d"]
    assert results["a"].message.content[0].text == "a"
    assert results["b"].error.error.type == "not_found_error"
    assert results["c"].message.usage.output_tokens == 3
    assert results["d"].error.type == "error"
    assert {span.attributes["vong.endpoint"] for span in server.spans()} == {"messages"}


def test_a_batch_is_the_same_for_clients_of_openai(client: anthropic.Anthropic, server: Server) -> None:
    batch = client.messages.batches.create(requests=[ask("a")])
    other = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key)
    (found,) = other.batches.list().data
    assert found.id == f"batch_{id_of(batch).hex}" and found.endpoint == "/v1/messages"
    assert json.loads(other.files.content(found.input_file_id).text)["body"]["model"] == "echo/echo"
    run_batch_job(server, batch)
    assert client.messages.batches.retrieve(found.id).request_counts.succeeded == 1


def test_batches_are_listed_in_pages(client: anthropic.Anthropic) -> None:
    ids = [client.messages.batches.create(requests=[ask("a")]).id for _ in range(4)][::-1]
    assert [batch.id for batch in client.messages.batches.list(limit=3)] == ids
    assert [batch.id for batch in client.messages.batches.list(limit=2, after_id=ids[1]).data] == ids[2:]
    before = client.messages.batches.list(limit=2, before_id=ids[3])
    assert ([batch.id for batch in before.data], before.has_more) == (ids[1:3], True)
    assert not client.messages.batches.list(before_id=ids[2]).has_more


def test_a_cancelled_batch_has_a_result_for_every_request(client: anthropic.Anthropic) -> None:
    batch = client.messages.batches.create(requests=[ask("a"), ask("b")])
    with pytest.raises(anthropic.ConflictError, match="cancel it"):
        client.messages.batches.delete(batch.id)
    cancelled = client.messages.batches.cancel(batch.id)
    assert cancelled.processing_status == "ended" and cancelled.cancel_initiated_at is not None
    assert cancelled.request_counts.canceled == 2
    results = list(client.messages.batches.results(batch.id))
    assert [(found.custom_id, found.result.type) for found in results] == [("a", "canceled"), ("b", "canceled")]
    with pytest.raises(anthropic.ConflictError):
        client.messages.batches.cancel(batch.id)
    deleted = client.messages.batches.delete(batch.id)
    assert (deleted.id, deleted.type) == (batch.id, "message_batch_deleted")
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(batch.id)
    assert not client.beta.files.list().data


def test_requests_of_an_expired_batch_are_counted(client: anthropic.Anthropic, server: Server) -> None:
    batch = client.messages.batches.create(requests=[ask("a", "echo/echo?first=30"), ask("b", "echo/echo?first=30")])
    with server.platform.scope(server.project_id) as connection:
        expired = {"expires_at": now() - timedelta(seconds=1)}
        connection.execute(update(tables.batches).where(tables.batches.c.id == id_of(batch)).values(expired))
    run_batch_job(server, batch)
    assert client.messages.batches.retrieve(batch.id).request_counts.expired == 2
    assert client.messages.batches.list().data[0].request_counts.expired == 2
    assert {found.result.type for found in client.messages.batches.results(batch.id)} == {"expired"}


def test_a_key_with_a_scope_sees_only_its_own_batches(client: anthropic.Anthropic, server: Server) -> None:
    batch = client.messages.batches.create(requests=[ask("a")])
    with server.platform.scope(server.project_id) as connection:
        scoped = access.create_key(connection, "s", scope=KeyScope(models=("echo/*",), endpoints=("messages",))).secret
        other = access.create_key(connection, "o", scope=KeyScope(endpoints=("chat",))).secret
    stranger = client.with_options(api_key=scoped)
    assert stranger.messages.batches.list().data == []
    for refused in (
        stranger.messages.batches.retrieve,
        stranger.messages.batches.cancel,
        stranger.messages.batches.delete,
    ):
        with pytest.raises(anthropic.NotFoundError):
            refused(batch.id)
    assert stranger.messages.batches.create(requests=[ask("a")]).id
    with pytest.raises(anthropic.PermissionDeniedError):
        client.with_options(api_key=other).messages.batches.create(requests=[ask("a")])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "requests"),
        ({"requests": []}, "0 requests"),
        ({"requests": {}}, "requests"),
        ({"requests": [{"params": {}}]}, "custom_id"),
        ({"requests": [{"custom_id": "a"}]}, "params"),
        ({"requests": [{"custom_id": "a", "params": []}]}, "params"),
        ({"requests": [{"custom_id": "a", "params": {}}]}, "params.model"),
        ({"requests": [{"custom_id": "a", "params": {"model": 1}}]}, "params.model"),
        ({"requests": [{"custom_id": "", "params": {"model": "m"}}]}, "custom_id"),
        ({"requests": [ask("a", stream=True)]}, "stream"),
        ({"requests": [ask("a"), ask("a")]}, "requests.1.custom_id"),
    ],
)
def test_a_malformed_batch_is_rejected(client: anthropic.Anthropic, body: Any, named: str) -> None:
    with pytest.raises(anthropic.BadRequestError, match=named):
        client.post("/v1/messages/batches", body=body, cast_to=object)
    assert client.messages.batches.list().data == []


def test_a_batch_of_another_endpoint_is_no_message_batch(client: anthropic.Anthropic, server: Server) -> None:
    other = openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key)
    file = other.files.create(file=("a.jsonl", b"{}"), purpose="batch")
    chats = other.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    assert client.messages.batches.list().data == []
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(chats.id)
    endpoint: Any = "/v1/messages"
    faulty = other.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h")
    run_batch_job(server, type("Batch", (), {"id": faulty.id.removeprefix("batch_")}))
    failed = client.messages.batches.retrieve(faulty.id)
    assert (failed.processing_status, failed.request_counts.errored) == ("ended", 0)
    assert list(client.messages.batches.results(faulty.id)) == []


@given(
    outcomes=st.lists(st.sampled_from(["ok", "error", "expired", "unsent"]), min_size=1, max_size=9),
    cancelled=st.booleans(),
)
def test_every_request_has_one_result_in_its_place(outcomes: list[str], cancelled: bool) -> None:
    requests, successes, failures = list[bytes](), list[bytes](), list[bytes]()
    for number, outcome in enumerate(outcomes):
        id = f"r{number}"
        line = {"custom_id": id, "method": "POST", "url": "/v1/messages", "body": {"model": "m"}}
        requests.append(json.dumps(line).encode())
        response: dict[str, Any] = {"status_code": 200, "body": {"id": id}}
        result: dict[str, Any] = {"custom_id": id, "response": response, "error": None}
        if outcome == "ok":
            successes.append(json.dumps(result).encode())
        elif outcome == "error":
            response["body"] = {"error": {"message": "told to"}}
            failures.append(json.dumps(result).encode())
        elif outcome == "expired":
            failures.append(json.dumps({**result, "response": None, "error": {"code": "batch_expired"}}).encode())
    lines = convert_results(ResultSources(requests, successes, failures), cancelled=cancelled)
    found = [json.loads(line) for line in lines]
    assert [line["custom_id"] for line in found] == [f"r{number}" for number in range(len(outcomes))]
    unsent = "canceled" if cancelled else "errored"
    names = {"ok": "succeeded", "error": "errored", "expired": "expired", "unsent": unsent}
    assert [line["result"]["type"] for line in found] == [names[outcome] for outcome in outcomes]
    assert count_expired(failures) == Counter(outcomes)["expired"]
