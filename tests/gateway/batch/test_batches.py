"""Files and batches with the `openai` package, processed by the job of a worker."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import openai
import pytest
from click.testing import CliRunner
from openai.types import Batch
from sqlalchemy import select, update

from tests.gateway.conftest import Server
from vong import access, gateway, jobs
from vong.app import Platform, batch_executor
from vong.app.batch_executor import BatchExecutor
from vong.app.job_handlers import HANDLERS
from vong.cli.gateway import group
from vong.errors import InvalidInput, NotFound
from vong.gateway import tables
from vong.gateway.batch.jsonl import BatchRequestLine, BatchResultLine, validate_lines
from vong.gateway.batch.store import finished_line_numbers, insert_results
from vong.gateway.routing import low_priority
from vong.gateway.routing.catalog import RoutePlan
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.low_priority import low_priority_load_key, wait_for_capacity
from vong.jobs import lifecycle
from vong.jobs import tables as job_tables
from vong.jobs.runner import JobRun, run_job
from vong.records import Route, RoutePolicy, RouteTarget, now
from vong.records.key_scope import KeyLabels, KeyScope
from vong.records.limit import LimitCreate
from vong.records.routing_tree import ConcurrencyCap

CALL = 12_000_000
"""Cost of a call of priced/plain in millionths of a dollar."""


@pytest.fixture(autouse=True)
def short_poll_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the poll interval of batches."""
    monkeypatch.setattr(batch_executor, "STATUS_POLL_SECONDS", 0.05)


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def ask(custom_id: str, model: str = "echo/echo", url: str = "/v1/chat/completions", **body: Any) -> dict[str, Any]:
    asked = body or {"messages": [{"role": "user", "content": custom_id}], "max_tokens": 4}
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": {"model": model, **asked}}


def lines(*asked: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in asked)


def start(client: openai.OpenAI, content: bytes, endpoint: Any = "/v1/chat/completions", **more: Any) -> Batch:
    file = client.files.create(file=("calls.jsonl", content), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more)


def id_of(batch: Batch) -> UUID:
    return UUID(hex=batch.id.removeprefix("batch_"))


def run_batch_job(server: Server, batch: Batch, **settings: Any) -> None:
    """Run the job of a batch in this process, as a worker does."""
    platform = Platform(server.platform.settings.model_copy(update={"public_url": server.url, **settings}))
    id = id_of(batch)
    with platform.scope(server.project_id) as connection:
        task = connection.scalar(select(job_tables.jobs.c.queue_entry_id).where(job_tables.jobs.c.id == id))
        assert task is not None
        job = lifecycle.start_attempt(connection, id, task, "test:1")
    assert job is not None
    run_job(
        JobRun(job, server.project_id, HANDLERS[job.kind], platform.settings.home_folder), platform.database, platform
    )
    platform.close()


def results(client: openai.OpenAI, file: str | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    return [json.loads(line) for line in client.files.content(file).text.splitlines()]


def key(server: Server, name: str, **more: Any) -> openai.OpenAI:
    with server.platform.scope(server.project_id) as connection:
        secret = access.create_key(connection, name, **more).secret
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=secret, max_retries=0)


def until(holds: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return value


# files


def test_files_are_stored_listed_read_and_deleted(client: openai.OpenAI, server: Server) -> None:
    content = lines(ask("a"), ask("ü"))
    first = client.files.create(file=("a.jsonl", content), purpose="batch")
    assert (first.object, first.bytes, first.filename, first.status) == ("file", len(content), "a.jsonl", "processed")
    short = {"anchor": "created_at", "seconds": 3600}
    second = client.files.create(file=("b.jsonl", b"x"), purpose="batch", expires_after=short)  # pyright: ignore[reportArgumentType]
    assert second.expires_at and second.expires_at - second.created_at == 3600
    assert client.files.retrieve(first.id) == first
    assert client.files.content(first.id).content == content
    assert [file.id for file in client.files.list()] == [second.id, first.id]
    assert [file.id for file in client.files.list(order="asc", limit=1)] == [first.id, second.id]
    with server.platform.scope(server.project_id) as connection:
        connection.execute(update(tables.files).where(tables.files.c.filename == "b.jsonl").values(expires_at=now()))
    assert client.files.delete(first.id).deleted
    assert client.files.list().data == []
    for id in (first.id, second.id):
        with pytest.raises(openai.NotFoundError) as caught:
            client.files.retrieve(id)
        assert (caught.value.code, caught.value.param) == ("not_found", "id")


def test_invalid_files_are_rejected_in_openai_format(
    client: openai.OpenAI, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(openai.BadRequestError, match="send one of: batch, fine-tune, assistants, user_data"):
        client.files.create(file=("a.jsonl", b"x"), purpose="vision")
    with pytest.raises(openai.NotFoundError, match="no file has the id"):
        client.files.retrieve("nonsense")
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="vong-x", max_retries=0).files.list()
    with pytest.raises(openai.PermissionDeniedError):
        key(server, "viewer", role="viewer").files.create(file=("a.jsonl", b"x"), purpose="batch")
    settings = server.platform.settings.model_copy(update={"max_upload_bytes": 1000})
    monkeypatch.setattr(server.platform, "settings", settings)
    with pytest.raises(openai.APIStatusError) as caught:
        client.files.create(file=("a.jsonl", b"x" * 1001), purpose="batch")
    assert (caught.value.status_code, caught.value.code) == (413, "request_too_large")
    with pytest.raises(openai.APIStatusError) as caught:
        client.files.create(file=("a.jsonl", b"x" * 2_000_000), purpose="batch")
    assert caught.value.status_code == 413
    headers = {"authorization": f"Bearer {server.key}"}
    odd = httpx.post(f"{server.url}/v1/files", headers=headers, content=b"x")
    assert odd.status_code == 400 and odd.json()["error"]["type"] == "invalid_request_error"
    assert httpx.put(f"{server.url}/v1/files", headers=headers).json()["error"]["code"] == "method_not_allowed"
    assert httpx.get(f"{server.url}/v1/filesystem", headers=headers).json()["error"]["code"] == "unknown_url"


# definition of a batch


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        (b"{", "invalid_json_line", None),
        (b"[1]", "invalid_json_line", None),
        (b'"\xff"', "invalid_json_line", None),
        (json.dumps({**ask("x"), "custom_id": ""}).encode(), "missing_required_parameter", "custom_id"),
        (json.dumps({**ask("x"), "custom_id": 5}).encode(), "invalid_value", "custom_id"),
        (json.dumps(ask("x" * 600)).encode(), "invalid_value", "custom_id"),
        (json.dumps(ask("good")).encode(), "duplicate_custom_id", None),
        (json.dumps({**ask("x"), "method": "GET"}).encode(), "invalid_method", "method"),
        (json.dumps(ask("x", url="/v1/embeddings")).encode(), "invalid_url", "url"),
        (json.dumps({**ask("x"), "body": []}).encode(), "invalid_value", "body"),
        (b'{"custom_id": "x", "method": "POST", "url": "/v1/chat/completions"}', "missing_required_parameter", "body"),
        (json.dumps({**ask("x"), "body": {"a": 1}}).encode(), "missing_required_parameter", "body.model"),
        (json.dumps(ask("x", stream=True)).encode(), "invalid_value", "body.stream"),
    ],
)
def test_invalid_lines_have_an_error_code(wrong: bytes, code: str, param: str | None) -> None:
    good = json.dumps(ask("good")).encode()
    total, (fault,) = validate_lines([good, b"  \n", wrong], "/v1/chat/completions")
    assert (fault.code, fault.line, fault.param) == (code, 3, param)
    assert total <= 2


def test_empty_files_and_files_with_too_many_lines_are_rejected() -> None:
    assert validate_lines([b"\n"], "/v1/embeddings")[1][0].code == "empty_file"
    many = (json.dumps(ask(str(number))).encode() for number in range(50_001))
    assert validate_lines(many, "/v1/chat/completions")[1][0].code == "too_many_requests"
    assert len(validate_lines([b"{"] * 500, "/v1/embeddings")[1]) == 100


def test_a_batch_with_malformed_lines_fails_with_their_line_numbers(client: openai.OpenAI, server: Server) -> None:
    batch = start(client, lines(ask("a"), ask("a")) + b"not json\n")
    assert batch.status == "validating"
    run_batch_job(server, batch)
    failed = client.batches.retrieve(batch.id)
    assert failed.status == "failed" and failed.failed_at and failed.errors and failed.errors.data
    assert [(fault.code, fault.line) for fault in failed.errors.data] == [
        ("duplicate_custom_id", 2),
        ("invalid_json_line", 3),
    ]
    assert failed.output_file_id is None and server.spans() == []


def test_a_batch_without_a_valid_file_is_rejected(client: openai.OpenAI, server: Server) -> None:
    file = client.files.create(file=("a.jsonl", lines(ask("a"))), purpose="batch")

    def create(endpoint: Any = "/v1/chat/completions", window: Any = "24h", id: str = file.id) -> Batch:
        return client.batches.create(input_file_id=id, endpoint=endpoint, completion_window=window)

    with pytest.raises(openai.BadRequestError, match="use one of: /v1/chat/completions"):
        create(endpoint="/v1/images")
    with pytest.raises(openai.BadRequestError, match="invalid completion_window"):
        create(window="soon")
    with pytest.raises(openai.BadRequestError, match="invalid completion_window"):
        create(window="15d")
    with pytest.raises(openai.NotFoundError, match="no file has the id"):
        create(id="file-" + "0" * 32)
    with pytest.raises(openai.BadRequestError, match="endpoint"):
        client.post("/batches", body={"input_file_id": file.id}, cast_to=object)
    assert client.batches.list().data == []


# running batches


def test_each_line_is_called_with_the_key_of_the_batch_and_results_are_in_order(
    client: openai.OpenAI, server: Server
) -> None:
    shop = key(server, "shop", labels=KeyLabels(tags=("web",), user="linh"))
    asked = [ask(f"line {number}", "priced/plain") for number in range(5)]
    bad = [ask("no such", "nothing"), ask("told to", "priced/status-400")]
    batch = start(shop, lines(*asked[:3], *bad, *asked[3:]), metadata={"night": "1"})
    run_batch_job(server, batch)
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.metadata) == ("completed", {"night": "1"})
    assert done.request_counts and (done.request_counts.total, done.request_counts.completed) == (7, 5)
    assert done.in_progress_at and done.finalizing_at and done.completed_at
    answers = results(client, done.output_file_id)
    assert [answer["custom_id"] for answer in answers] == [line["custom_id"] for line in asked]
    for answer in answers:
        assert answer["response"]["status_code"] == 200 and answer["error"] is None
        assert answer["response"]["body"]["choices"][0]["message"]["content"] == "Xin chào vòng"
        assert answer["response"]["request_id"].startswith("req_") and answer["id"].startswith("batch_req_")
    refused = {one["custom_id"]: one["response"] for one in results(client, done.error_file_id)}
    assert refused["no such"]["status_code"] == 404 and refused["told to"]["status_code"] == 400
    assert refused["no such"]["body"]["error"]["code"] == "model_not_found"
    spans = server.spans()
    assert len(spans) == 7 and {(span.key, span.user) for span in spans} == {("shop", "linh")}
    assert all(span.attributes["vong.tags"] == ["web", batch.id] for span in spans)
    by_tag = {line.group: (line.calls, line.cost) for line in server.client.gateway.ledger(by="tag")}
    assert by_tag[batch.id] == (7, 5 * CALL)
    assert client.files.retrieve(done.output_file_id or "").purpose == "batch_output"
    with server.platform.scope(server.project_id) as connection:
        assert finished_line_numbers(connection, id_of(batch)) == set()
        assert [one.name for one in access.list_keys(connection)] == ["tester", "shop"]
        assert jobs.get(connection, id_of(batch)).result == {
            **{"batch": batch.id, "status": "completed"},
            **{"total": 7, "completed": 5, "failed": 2},
        }


@pytest.mark.full
def test_batches_support_every_endpoint(client: openai.OpenAI, server: Server) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/v1/embeddings": {"input": "hi"},
        "/v1/completions": {"prompt": "hi"},
        "/v1/responses": {"input": "hi"},
        "/v1/messages": {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5},
    }
    kinds = dict[str, str]()
    for endpoint, body in bodies.items():
        batch = start(client, lines(ask("a", url=endpoint, **body)), endpoint)
        run_batch_job(server, batch)
        (answer,) = results(client, client.batches.retrieve(batch.id).output_file_id)
        kinds[endpoint] = answer["response"]["body"].get("object") or answer["response"]["body"]["type"]
    assert list(kinds.values()) == ["list", "text_completion", "response", "message"]
    listed = client.batches.list(limit=3)
    assert [batch.endpoint for batch in listed.data] == list(bodies)[:0:-1]
    assert [batch.endpoint for batch in listed.get_next_page().data] == ["/v1/embeddings"]


def test_an_exceeded_budget_rejects_the_remaining_lines(client: openai.OpenAI, server: Server) -> None:
    with server.platform.scope(server.project_id) as connection:
        limit = LimitCreate(subject_type="key", subject="shop", metric="cost", window="month", amount=400 * 1_000_000)
        gateway_limits(connection, limit)
    batch = start(key(server, "shop"), lines(*(ask(f"{n}", "priced/plain") for n in range(40))))
    run_batch_job(server, batch, batch_concurrency=2)
    done = client.batches.retrieve(batch.id)
    good, refused = results(client, done.output_file_id), results(client, done.error_file_id)
    assert done.status == "completed" and len(good) + len(refused) == 40 and good and refused
    assert {one["response"]["status_code"] for one in refused} == {402}
    assert refused[0]["response"]["body"]["error"]["code"] == "insufficient_quota"
    server.platform.span_writer.flush(10)
    (line,) = server.client.gateway.ledger(by="key")
    assert line.cost == len(good) * CALL <= 400 * 1_000_000


def test_a_scoped_key_runs_batches_within_its_scope_and_lists_only_its_own(
    client: openai.OpenAI, server: Server
) -> None:
    shop = key(server, "shop", scope=KeyScope(models=("echo/*",), endpoints=("chat",)))
    batch = start(shop, lines(ask("in"), ask("out", "fake/plain")))
    theirs = start(client, lines(ask("theirs")))
    run_batch_job(server, batch)
    done = shop.batches.retrieve(batch.id)
    assert [one["custom_id"] for one in results(shop, done.output_file_id)] == ["in"]
    (refused,) = results(shop, done.error_file_id)
    assert refused["response"]["status_code"] == 403
    assert refused["response"]["body"]["error"]["code"] == "out_of_scope"
    with pytest.raises(openai.PermissionDeniedError, match="endpoints in its scope: chat"):
        start(shop, lines(ask("x", url="/v1/embeddings", input="hi")), "/v1/embeddings")
    assert [one.id for one in shop.batches.list()] == [batch.id]
    for call in (shop.batches.retrieve, shop.batches.cancel):
        with pytest.raises(openai.NotFoundError):
            call(theirs.id)
    with pytest.raises(openai.NotFoundError):
        shop.files.content(theirs.input_file_id)


def test_a_batch_of_a_revoked_key_sends_no_further_calls(client: openai.OpenAI, server: Server) -> None:
    batch = start(key(server, "shop"), lines(ask("a")))
    with server.platform.scope(server.project_id) as connection:
        access.revoke_key(connection, "shop")
    run_batch_job(server, batch)
    (refused,) = results(client, client.batches.retrieve(batch.id).error_file_id)
    assert refused["response"]["status_code"] == 401 and server.spans() == []


# end of a batch


def test_a_queued_batch_is_cancelled_at_once(client: openai.OpenAI) -> None:
    batch = start(client, lines(ask("a")))
    ended = client.batches.cancel(batch.id)
    assert ended.status == "cancelled" and ended.cancelling_at and ended.cancelled_at
    assert client.batches.retrieve(batch.id) == ended
    with pytest.raises(openai.ConflictError, match="is cancelled"):
        client.batches.cancel(batch.id)


def test_a_running_batch_is_cancelled_with_partial_results(client: openai.OpenAI, server: Server) -> None:
    batch = start(client, lines(ask("quick"), *(ask(f"slow {n}", "echo/echo?first=60") for n in range(20))))
    running = threading.Thread(target=run_batch_job, args=(server, batch), daemon=True)
    running.start()
    until(lambda: (counts := client.batches.retrieve(batch.id).request_counts) and counts.completed == 1)
    assert client.batches.cancel(batch.id).status == "cancelling"
    running.join(30)
    ended = client.batches.retrieve(batch.id)
    assert ended.status == "cancelled" and ended.error_file_id is None
    assert [one["custom_id"] for one in results(client, ended.output_file_id)] == ["quick"]
    left = [span for span in server.spans() if span.status == "error"]
    assert len(left) == 8 and all(span.attributes["http.response.status_code"] == 499 for span in left)


def test_unfinished_lines_of_an_expired_batch_are_reported_as_expired(client: openai.OpenAI, server: Server) -> None:
    batch = start(client, lines(ask("quick"), *(ask(f"slow {n}", "echo/echo?first=60") for n in range(20))))
    with server.platform.scope(server.project_id) as connection:
        connection.execute(update(tables.batches).values(expires_at=now() + timedelta(seconds=3)))
    run_batch_job(server, batch)
    ended = client.batches.retrieve(batch.id)
    assert ended.status == "expired" and ended.expired_at
    assert ended.request_counts and (ended.request_counts.completed, ended.request_counts.failed) == (1, 20)
    missed = results(client, ended.error_file_id)
    assert [one["custom_id"] for one in missed] == [f"slow {n}" for n in range(20)]
    assert missed[0]["response"] is None and missed[0]["error"]["code"] == "batch_expired"


def test_a_cancelled_or_failed_job_ends_its_batch(client: openai.OpenAI, server: Server) -> None:
    batch, lost = start(client, lines(ask("a"))), start(client, lines(ask("a")))
    with server.platform.scope(server.project_id) as connection:
        jobs.cancel(connection, id_of(batch))
        values = {"status": "failed", "error": "its worker died"}
        connection.execute(update(job_tables.jobs).where(job_tables.jobs.c.id == id_of(lost)).values(values))
    assert client.batches.retrieve(batch.id).status == "cancelled"
    failed = client.batches.retrieve(lost.id)
    with server.platform.scope(server.project_id) as connection:
        insert_results(
            connection, id_of(lost), [BatchResultLine(1, True, "{}")]
        )  # by a run without knowledge of the cancellation
        assert finished_line_numbers(connection, id_of(lost)) == set()
    assert failed.status == "failed" and failed.errors and failed.errors.data
    assert failed.errors.data[0].message == "its worker died"


@pytest.mark.slow
def test_the_worker_after_a_killed_one_repeats_no_answered_line(dedicated_server: Server, tmp_path: Path) -> None:
    """Use a dedicated server, because a worker runs every queued job."""
    client = openai.OpenAI(base_url=f"{dedicated_server.url}/v1", api_key=dedicated_server.key, max_retries=0)
    names = [f"line {number}" for number in range(24)]
    batch = start(client, lines(*(ask(name, "echo/echo?first=0.25") for name in names)))
    home = {
        "VONG_HOME": str(tmp_path),
        "VONG_DATABASE_URL": dedicated_server.platform.database.url,
        "VONG_PUBLIC_URL": dedicated_server.url,
    }
    environment = {**os.environ, **home, "VONG_BATCH_CONCURRENCY": "3"}
    workers = list[subprocess.Popen[bytes]]()

    def worker() -> subprocess.Popen[bytes]:
        with (tmp_path / f"worker{len(workers)}.log").open("wb") as log:
            command = [sys.executable, "-m", "vong.app.worker"]
            workers.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        return workers[-1]

    try:
        first = worker()
        until(lambda: (counts := client.batches.retrieve(batch.id).request_counts) and counts.completed >= 6)
        first.kill()
        first.wait()
        with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
            kept = len(finished_line_numbers(connection, id_of(batch)))
        assert 6 <= kept < len(names)
        worker()
        done = until(lambda: (found := client.batches.retrieve(batch.id)).status == "completed" and found)
    finally:
        for process in workers:
            process.kill()
            process.wait()
    assert [one["custom_id"] for one in results(client, done.output_file_id)] == names
    assert done.error_file_id is None and done.request_counts.completed == len(names)
    asked = [span.input["messages"][0]["content"] for span in dedicated_server.spans()]
    assert set(asked) == set(names)
    assert len(asked) <= len(names) + 6  # lines in flight at the kill, and responses that were not stored yet


# waiting behind others


def test_a_line_is_retried_while_the_response_has_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_executor, "INITIAL_RETRY_DELAY_SECONDS", 0.001)
    monkeypatch.setattr(batch_executor, "MAX_RETRY_DELAY_SECONDS", 0.002)
    seen = list[str]()
    statuses = {"busy": [429] * 30 + [200], "down": [503, 200], "broken": [500] * 9, "spent": [402], "quota": [429]}

    def answer(request: httpx.Request) -> httpx.Response:
        name = json.loads(request.content)["model"]
        seen.append(name)
        if name == "lost" and seen.count(name) == 1:
            raise httpx.ConnectError("restarting")
        status = statuses.get(name, [200])[seen.count(name) - 1 if name in statuses else 0]
        code = "insufficient_quota" if name in ("quota", "spent") else "x"
        return httpx.Response(status, json={"error": {"message": "wait", "code": code}} if status > 200 else {})

    kept = list[BatchResultLine]()

    async def run() -> str:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://vong") as http:
            calls = BatchExecutor(
                http, "/v1/chat/completions", store_results=kept.extend, report_progress=lambda *_: "in_progress"
            )
            asked = [
                BatchRequestLine(n, name, json.dumps({"model": name}).encode())
                for n, name in enumerate((*statuses, "lost"))
            ]
            return await calls.run(asked, 3, now() + timedelta(minutes=1))

    assert asyncio.run(run()) == "completed"
    assert {json.loads(one.text)["custom_id"]: one.ok for one in kept} == {
        **{"busy": True, "down": True, "lost": True},
        **{"broken": False, "spent": False, "quota": False},
    }
    counts = {name: seen.count(name) for name in (*statuses, "lost")}
    assert counts == {"busy": 31, "down": 2, "broken": 3, "spent": 1, "quota": 1, "lost": 2}


def test_low_priority_calls_use_at_most_half_of_a_concurrency_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(low_priority, "CAPACITY_TIMEOUT_SECONDS", 0.2)
    policy = RoutePolicy(cap=ConcurrencyCap(max_in_flight=4, queue=10, wait=5))
    at = now()
    route = Route(name="triage", version="1", targets=(), policy=policy, created_at=at, updated_at=at)
    way = RoutePlan(route, ("fake/plain",))

    async def run() -> None:
        own, target = TargetLoad(), TargetLoad()
        await wait_for_capacity(way, own, target)
        await wait_for_capacity(way, own, target)
        with pytest.raises(Exception, match="is busy"):
            await wait_for_capacity(way, own, target)
        own.release()
        for _ in range(2):
            await target.acquire(policy.cap)
        with pytest.raises(Exception, match="is busy"):
            await wait_for_capacity(way, own, target)
        waiting = asyncio.create_task(wait_for_capacity(way, own, target))
        await asyncio.sleep(0)
        target.release()
        await waiting
        assert own.in_flight == 2

    asyncio.run(run())
    assert low_priority_load_key(way) == "background fake/plain"
    assert low_priority_load_key(RoutePlan(None, ("openai/anything",))) == "background openai"
    assert low_priority_load_key(RoutePlan(None, ("deployment/triage",))) == "background deployment/triage"


def test_interactive_calls_are_answered_while_a_batch_runs(client: openai.OpenAI, server: Server) -> None:
    policy = RoutePolicy(cap=ConcurrencyCap(max_in_flight=2, queue=0, wait=1))
    with server.platform.scope(server.project_id) as connection:
        targets = [RouteTarget(model="echo/echo?first=0.4")]
        gateway.set_route(connection, "narrow", targets, lambda _: None, policy)
    batch = start(client, lines(*(ask(f"{n}", "narrow") for n in range(8))))
    running = threading.Thread(target=run_batch_job, args=(server, batch), daemon=True)
    running.start()
    until(lambda: (counts := client.batches.retrieve(batch.id).request_counts) and counts.completed >= 1)
    for _ in range(3):
        assert client.chat.completions.create(model="narrow", messages=[{"role": "user", "content": "hi"}])
    running.join(60)
    done = client.batches.retrieve(batch.id)
    assert done.status == "completed" and done.request_counts and done.request_counts.completed == 8
    assert [span.status for span in server.spans()] == ["ok"] * 11


def test_client_and_commands_manage_batches(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)
    file = tmp_path / "night.jsonl"
    file.write_bytes(lines(ask("good", "priced/plain"), ask("bad", "nothing")))

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(group, list(arguments))
        assert result.exit_code == code, result.output
        return result.output

    started = json.loads(run("batches", "start", str(file), "--detach", "--json"))
    id = f"batch_{started['id'].replace('-', '')}"
    running = threading.Thread(target=run_batch_job, args=(server, Batch.model_construct(id=id)), daemon=True)
    running.start()
    ended = server.client.gateway.batches.wait(id)
    running.join(30)
    server.platform.span_writer.flush(10)
    assert (ended.status, ended.completed, ended.failed) == ("completed", 1, 1)
    assert server.client.gateway.batches.get(id).cost == CALL
    (line,) = run("batches", "list").splitlines()[1:]
    assert line.split()[:5] == [id, "completed", "2/2", "1", "$12.000000"]
    assert json.loads(run("batches", "export", id))["custom_id"] == "good"
    assert json.loads(run("batches", "export", id, "--errors"))["custom_id"] == "bad"
    assert "output" in run("batches", "show", id)
    unpriced = start(openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key), lines(ask("free")))
    run_batch_job(server, unpriced)
    server.platform.span_writer.flush(10)
    free = server.client.gateway.batches.get(unpriced.id)
    assert (free.completed, free.input_tokens, free.cost) == (1, 1, None)
    files = run("batches", "files")
    assert "night.jsonl" in files and f"{id}_output.jsonl" in files
    run("batches", "delete-file", f"file-{ended.input_file.hex}")
    assert "night.jsonl" not in run("batches", "files")
    other = server.client.gateway.batches.start(file)
    assert "cancelled" in run("batches", "cancel", other.tag)
    with pytest.raises(NotFound, match="has no file of successful lines"):
        next(server.client.gateway.batches.results(other.id))
    with pytest.raises(NotFound, match="no batch has the id"):
        server.client.gateway.batches.get(UUID(int=1))
    with pytest.raises(InvalidInput, match="invalid completion_window"):
        server.client.gateway.batches.start(file, window="soon")


def gateway_limits(connection: Any, limit: LimitCreate) -> None:
    from vong.gateway.limits.store import set_limit

    set_limit(connection, limit)
