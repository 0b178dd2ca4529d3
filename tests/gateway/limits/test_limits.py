"""Limits and budgets under concurrency, with several servers, and for all ends of calls."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import openai
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from tests.gateway.conftest import Server
from tests.gateway.fake_upstream import FakeUpstream
from tests.running_vong import eventually
from vong.cli.gateway import group
from vong.errors import Forbidden, InvalidInput, NotFound, RateLimitExceeded, Unauthenticated
from vong.gateway import tables
from vong.gateway.limits import leases
from vong.gateway.limits.estimate import UsageBound
from vong.gateway.limits.leases import LEASE_TIMEOUT, CounterKey
from vong.gateway.limits.limiter import FENCING_TIMEOUT_SECONDS, IDLE_QUOTA_SECONDS, REPORT_INTERVAL_SECONDS, Limiter
from vong.gateway.limits.quota import LocalQuota
from vong.gateway.limits.store import limit_states, list_limits, set_limit, window_end, window_start
from vong.gateway.limits.subjects import LimitSubjects, parse_tags
from vong.gateway.routing.catalog import ModelCatalog, RoutePlan
from vong.gateway.upstream.client import UpstreamClient
from vong.records import new_id, now
from vong.records.limit import LedgerBy, LimitCreate, LimitWindow
from vong.store.database import Database

ASK: list[Any] = [{"role": "user", "content": "hi"}]
DOLLAR = 1_000_000
CALL = 12 * DOLLAR
"""Cost of a call of priced/plain: 5 input tokens, 2 cached at half the price, 3 output tokens at twice the price."""


@pytest.fixture(autouse=True)
def frequent_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let servers report used and unused quota ten times a second."""
    monkeypatch.setattr("vong.gateway.limits.limiter.REPORT_INTERVAL_SECONDS", 0.1)


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0)


def chat(client: openai.OpenAI, model: str = "priced/plain", **more: Any) -> Any:
    return client.chat.completions.with_raw_response.create(model=model, messages=ASK, max_tokens=4, **more)


def limited(server: Server, *limit: Any, **more: Any) -> Any:
    made = server.client.gateway.set_limit(*limit, **more)
    chat(
        openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.key), "echo/echo"
    )  # servers are notified within a second
    return made


# definition of a limit


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_every_time_is_within_its_window(at: datetime) -> None:
    for per in ("minute", "hour", "day", "month"):
        end = window_end(per, at)
        assert end is not None and window_start(per, at) <= at < end
        assert window_start(per, end) == end
        assert window_start(per, end - timedelta(microseconds=1)) == window_start(per, at)
    later = at + timedelta(days=400)
    assert window_end("lifetime", at) is None and window_start("lifetime", at) == window_start("lifetime", later)


@pytest.mark.parametrize(
    ("what", "per"), [("cost", "minute"), ("requests", "lifetime"), ("concurrency", "day"), ("tokens", "now")]
)
def test_invalid_limits_are_rejected(server: Server, what: Any, per: LimitWindow) -> None:
    with pytest.raises(InvalidInput, match="cannot be limited per"):
        server.client.gateway.set_limit("key", what, per, 1)
    with pytest.raises(InvalidInput, match="has no subject"):
        server.client.gateway.set_limit("project", "requests", "day", 1, subject="x")
    assert server.client.gateway.limits() == []


def test_limits_are_replaced_shown_and_deleted(server: Server) -> None:
    first = server.client.gateway.set_limit("key", "requests", "day", 5, subject="ci")
    again = server.client.gateway.set_limit("key", "requests", "day", 7, subject="ci")
    assert again.id == first.id and again.amount == 7
    (state,) = server.client.gateway.limits()
    assert (state.subject, state.used, state.reserved) == ("ci", 0, 0)
    assert state.resets_at is not None and state.resets_at > now()
    server.client.gateway.delete_limit(first.id)
    with pytest.raises(NotFound, match="no limit has the id"):
        server.client.gateway.delete_limit(first.id)
    assert server.client.gateway.limits() == []


def test_only_owners_set_limits(server: Server) -> None:
    member = server.client.access.create_key("m", role="member")["secret"]
    body = {"subject_type": "project", "metric": "requests", "window": "day", "amount": 1}
    headers = {"authorization": f"Bearer {member}"}
    answer = httpx.put(f"{server.url}/api/v1/gateway/limits", json=body, headers=headers)
    assert answer.status_code == 403 and answer.json()["code"] == Forbidden.code
    answer = httpx.put(f"{server.url}/api/v1/gateway/limits", json=body)
    assert answer.json()["code"] == Unauthenticated.code


def test_subjects_and_tags() -> None:
    assert parse_tags(" a, b ,a", {"tags": "c,b"}) == ("a", "b", "c")
    assert parse_tags(None, {"tags": ["x", "", 5]}) == ("x", "5")
    assert parse_tags(None, None) == ()
    whom = LimitSubjects("ci", None, "triage", ("a", "b"))

    def of(on: Any, name: str = "*") -> list[str]:
        made = LimitCreate(subject_type=on, subject=name, metric="requests", window="day", amount=1)
        return whom.matching(made)  # pyright: ignore[reportArgumentType]

    assert (of("project"), of("key"), of("key", "ci"), of("key", "x")) == (["*"], ["ci"], ["ci"], [])
    assert (of("user"), of("route"), of("tag"), of("tag", "b")) == ([], ["triage"], ["a", "b"], ["b"])


# requests, tokens, concurrency


def test_requests_beyond_the_limit_are_rejected_until_the_window_resets(client: openai.OpenAI, server: Server) -> None:
    limited(server, "key", "requests", "hour", 4)
    for left in (2, 1, 0):
        raw = chat(client)
        assert raw.headers["x-ratelimit-limit-requests"] == "4"
        assert int(raw.headers["x-ratelimit-remaining-requests"]) == left
        assert 0 < float(raw.headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 3600
    with pytest.raises(openai.RateLimitError) as caught:
        chat(client)
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 3601
    assert caught.value.code == "rate_limit_exceeded"
    assert "the key 'tester' has 0 of 4 requests per hour left" in str(caught.value)
    refused = server.spans()[-1]
    assert (refused.status, refused.attributes["error.type"]) == ("error", "rate_limit_exceeded")
    with pytest.raises(RateLimitExceeded, match="4 requests per hour"):
        server.client.gateway.chat("priced/plain", "hi")


def test_a_limit_error_has_the_format_of_the_endpoint(server: Server) -> None:
    server.client.gateway.set_limit("project", "requests", "day", 1)
    headers = {"x-api-key": server.key}
    body = {"model": "fake/plain", "max_tokens": 5, "messages": ASK}
    answers = [httpx.post(f"{server.url}/v1/messages", headers=headers, json=body) for _ in range(3)]
    refused = answers[-1]
    assert refused.status_code == 429 and refused.json()["error"]["type"] == "rate_limit_error"
    assert int(refused.headers["retry-after"]) > 0


def test_tokens_are_reserved_for_the_worst_case_and_settled_by_usage(client: openai.OpenAI, server: Server) -> None:
    limited(server, "user", "tokens", "day", 1000)
    for call in range(1, 4):
        raw = chat(client, user="linh")
        assert raw.headers["x-ratelimit-limit-tokens"] == "1000"
        wait(lambda call=call: used(server, "tokens") == 10 * call)
    assert "x-ratelimit-limit-tokens" not in chat(client).headers
    with pytest.raises(openai.RateLimitError, match="1000 tokens per day"):
        client.chat.completions.create(model="priced/plain", messages=ASK, max_tokens=2000, user="linh")
    assert used(server, "tokens") == 30


def test_concurrent_calls_are_limited(server: Server, fake: FakeUpstream) -> None:
    limited(server, "project", "concurrency", "now", 3)

    async def crowd() -> list[int]:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0) as client:
            slow = [client.chat.completions.create(model="echo/echo?first=2", messages=ASK) for _ in range(8)]
            # The first three must still be running when the last one arrives, also on a busy machine.
            answers = await asyncio.gather(*slow, return_exceptions=True)
            again = await client.chat.completions.with_raw_response.create(model="echo/echo", messages=ASK)
        found = [answer.status_code if isinstance(answer, openai.APIStatusError) else 200 for answer in answers]
        return [*found, again.status_code]

    statuses = asyncio.run(crowd())
    assert sorted(statuses[:8]) == [200] * 3 + [429] * 5
    assert statuses[8] == 200


# budgets


def test_a_budget_is_reserved_before_a_call_and_settled_afterwards(client: openai.OpenAI, server: Server) -> None:
    limited(server, "key", "cost", "month", 300 * DOLLAR, subject="tester")
    answered = 0
    with pytest.raises(openai.APIStatusError) as caught:
        while answered < 30:
            raw = chat(client)
            answered += 1
            assert raw.headers["x-vong-budget-limit"] == "300.000000"
            wait(lambda: reserved(server) == 0)
    error = caught.value
    assert (error.status_code, error.code) == (402, "insufficient_quota")
    assert "of $300.000000 per month left" in str(error)
    assert "it resets at" in str(error)
    assert 10 <= answered < 25
    assert used(server, "cost") == answered * CALL
    server.platform.span_writer.flush(10)
    spent = sum(span.usage.cost or 0 for span in server.spans())
    assert sum(line.cost for line in server.client.gateway.ledger()) == spent == answered * CALL


def test_concurrent_calls_do_not_exceed_a_budget_and_the_ledger_equals_the_spans(server: Server) -> None:
    bound = 500 * DOLLAR
    limited(server, "project", "cost", "lifetime", bound)

    async def crowd() -> list[int]:
        async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key=server.key, max_retries=0) as client:

            async def one(number: int) -> int:
                model = ("priced/plain", "priced/status-500", "priced/plain", "priced/drop")[number % 4]
                try:
                    answer = await client.chat.completions.create(
                        model=model, messages=ASK, max_tokens=3, stream=number % 2 == 0 or model == "priced/drop"
                    )
                    if isinstance(answer, openai.AsyncStream):
                        async for _ in answer:
                            pass
                    return 200
                except openai.APIStatusError as error:
                    return error.status_code
                except openai.APIError:
                    return 0

            found = list[int]()
            for _ in range(6):
                found += await asyncio.gather(*(one(number) for number in range(20)))
            return found

    statuses = asyncio.run(crowd())
    assert statuses.count(200) > 5 and 402 in statuses
    # The reader of a stream receives its last event before the call is recorded.
    wait(lambda: sum(line.calls for line in server.client.gateway.ledger()) == len(statuses) + 1)
    wait(lambda: reserved(server) == 0)
    spent = sum(span.usage.cost or 0 for span in server.spans())
    assert used(server, "cost") == spent <= bound
    (line,) = server.client.gateway.ledger()
    assert line.cost == spent


def test_several_servers_do_not_exceed_a_budget(server: Server, database: Database) -> None:
    bound, cost = 1000, 7
    with server.platform.scope(server.project_id) as connection:
        set_limit(connection, LimitCreate(subject_type="project", metric="cost", window="day", amount=bound))
        limit = list_limits(connection)
    directory = ModelCatalog({}, {}, server_providers(server), {}, UpstreamClient(), limit)
    admitted = list[int]()

    async def hammer(admission: Limiter) -> None:
        async def one() -> None:
            for _ in range(40):
                try:
                    way = RoutePlan(None, ("priced/plain",))
                    ticket = await admission.admit(
                        principal(server), directory, way, LimitSubjects("k", None, None), UsageBound(1, 1, None)
                    )
                except Exception:  # noqa: BLE001
                    continue
                admitted.append(1)
                assert ticket.amounts[0][1] == cost

        await asyncio.gather(*(one() for _ in range(5)))

    def serve() -> None:
        admission = Limiter(server.platform.scope, database.owner, lambda *_: cost)
        asyncio.run(hammer(admission))

    threads = [threading.Thread(target=serve) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert bound - 3 * 16 * cost <= len(admitted) * cost <= bound
    with server.platform.scope(server.project_id) as connection:
        (state,) = limit_states(connection)
    assert len(admitted) * cost <= state.reserved <= bound


def test_a_late_report_does_not_revert_a_grant(
    server: Server, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.platform.scope(server.project_id) as connection:
        budget = LimitCreate(subject_type="project", metric="cost", window="lifetime", amount=1000)
        limit = set_limit(connection, budget)
    admission = Limiter(server.platform.scope, database.owner, lambda *_: 0)
    share = LocalQuota(server.project_id, limit, CounterKey(limit.id, "*", window_start("lifetime", now())))
    admission._request_grant(share, 10)
    share.last_used_at = 0.0  # unused for long
    report, reached = leases.report, threading.Event()

    def slow(*arguments: Any, **more: Any) -> None:
        reached.set()
        threading.Event().wait(0.3)  # during which more quota is requested
        report(*arguments, **more)

    monkeypatch.setattr(leases, "report", slow)
    reporting = threading.Thread(target=admission._report, args=([share],))
    reporting.start()
    assert reached.wait(5)
    admission._request_grant(share, 20)
    reporting.join(10)
    with server.platform.scope(server.project_id) as connection:
        (state,) = limit_states(connection)
    assert state.reserved == share.available > 0


@pytest.mark.parametrize(("bound", "stays"), [(10**9, True), (10_000, False)], ids=["much is free", "little is"])
def test_unused_quota_stays_for_a_while_if_plenty_is_free(dedicated_server: Server, bound: int, stays: bool) -> None:
    with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
        budget = LimitCreate(subject_type="project", metric="cost", window="lifetime", amount=bound)
        limit = set_limit(connection, budget)
    admission = Limiter(dedicated_server.platform.scope, dedicated_server.platform.database.owner, lambda *_: 0)
    share = LocalQuota(dedicated_server.project_id, limit, CounterKey(limit.id, "*", window_start("lifetime", now())))
    admission._request_grant(share, 100)
    held = share.available
    share.last_used_at -= 2 * REPORT_INTERVAL_SECONDS
    admission._report([share])
    assert share.available == (held if stays else 0)
    share.last_used_at -= IDLE_QUOTA_SECONDS
    admission._report([share])
    assert share.available == 0 and held > 0
    admission._request_grant(share, 100)
    share.confirmed_at -= (
        2 * FENCING_TIMEOUT_SECONDS
    )  # PostgreSQL was unavailable: other servers may hold the quota now
    admission._report([share])
    assert share.available == 0
    with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
        assert limit_states(connection)[0].reserved == 0


def test_the_quota_of_a_dead_server_is_released(dedicated_server: Server) -> None:
    with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
        limit = set_limit(connection, LimitCreate(subject_type="project", metric="cost", window="lifetime", amount=100))
    place = CounterKey(limit.id, "*", window_start("lifetime", now()))
    dead, living = new_id(), new_id()

    def grant(worker: UUID, need: int) -> int:
        with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
            return leases.grant(connection, place, worker, bound=100, held=0, need=need, want=need).amount

    assert grant(dead, 90) == 90
    assert grant(living, 20) == 0
    with dedicated_server.platform.database.owner() as connection:
        connection.execute(update(tables.leases).values(seen_at=now() - LEASE_TIMEOUT - timedelta(seconds=1)))
        leases.heartbeat(connection, living)
    assert grant(living, 20) == 20
    with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
        assert connection.scalar(select(tables.leases.c.server_id)) == living


def test_the_quota_of_a_dead_server_is_not_shown_as_reserved_and_is_released_without_a_call(
    dedicated_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vong.gateway.limits.limiter.REPORT_INTERVAL_SECONDS", 1.0)
    with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
        limit = set_limit(connection, LimitCreate(subject_type="project", metric="cost", window="lifetime", amount=100))
    share = LocalQuota(dedicated_server.project_id, limit, CounterKey(limit.id, "*", window_start("lifetime", now())))
    dead, living = (
        Limiter(dedicated_server.platform.scope, dedicated_server.platform.database.owner, lambda *_: 0)
        for _ in range(2)
    )
    dead._request_grant(share, 90)

    def reserved_amount() -> int:
        with dedicated_server.platform.scope(dedicated_server.project_id) as connection:
            return limit_states(connection)[0].reserved

    assert reserved_amount() >= 90
    with dedicated_server.platform.database.owner() as connection:
        connection.execute(update(tables.leases).values(seen_at=now() - LEASE_TIMEOUT - timedelta(seconds=1)))
    assert reserved_amount() == 0
    living._report([])  # first report after a pause of this server: others may be alive
    with dedicated_server.platform.database.owner() as connection:
        assert connection.scalar(select(tables.leases.c.server_id)) == dead.server_id
    living._heartbeat_at -= 6.0
    living._report([])
    with dedicated_server.platform.database.owner() as connection:
        assert connection.scalar(select(tables.leases.c.server_id)) is None


def test_models_without_a_price_are_rejected_under_a_budget_and_local_ones_are_free(
    client: openai.OpenAI, server: Server
) -> None:
    limited(server, "project", "cost", "day", DOLLAR)
    with pytest.raises(openai.APIStatusError) as caught:
        chat(client, "fake/plain")
    assert (caught.value.status_code, caught.value.code) == (402, "price_unknown")
    assert "the price of 'fake/plain' is unknown" in str(caught.value)
    assert chat(client, "echo/echo").status_code == 200


def test_a_call_without_max_tokens_gets_one_under_a_budget(
    client: openai.OpenAI, server: Server, fake: FakeUpstream
) -> None:
    client.chat.completions.create(model="priced/plain", messages=ASK)
    assert "max_tokens" not in fake.requests[-1].body
    limited(server, "project", "cost", "day", 100_000 * DOLLAR)

    def given() -> bool:
        client.chat.completions.create(model="priced/plain", messages=ASK)
        return "max_tokens" in fake.requests[-1].body

    wait(given)  # the server cached this project without the limit
    assert fake.requests[-1].body["max_tokens"] == 4096
    assert "max_completion_tokens" not in fake.requests[-1].body


MAXIMUMS: list[tuple[dict[str, Any], int]] = [
    ({}, 4096),
    ({"max_tokens": None, "max_completion_tokens": None}, 4096),
    ({"max_tokens": -1}, 4096),
    ({"max_completion_tokens": -1}, 4096),
    ({"max_tokens": 0}, 4096),
    ({"max_tokens": -5, "max_completion_tokens": 0}, 4096),
    ({"max_tokens": -1, "max_completion_tokens": 7}, 7),
    ({"max_tokens": 7}, 7),
    ({"max_completion_tokens": 7}, 7),
    ({"max_tokens": 3, "max_completion_tokens": 7}, 7),
    ({"max_tokens": 7, "max_completion_tokens": 3}, 7),
    ({"max_tokens": 7.0}, 7),
    ({"max_tokens": 3, "n_predict": -1}, 3),
    ({"max_tokens": 3, "n_predict": 9}, 9),
    ({"num_predict": 5, "max_new_tokens": 6}, 6),
]


@pytest.mark.parametrize(("fields", "sent"), MAXIMUMS)
@pytest.mark.parametrize("stream", [False, True])
def test_the_sent_maximum_is_the_reserved_one(
    server: Server, fake: FakeUpstream, fields: dict[str, Any], sent: int, stream: bool
) -> None:
    limited(server, "project", "tokens", "day", 100_000)
    headers = {"authorization": f"Bearer {server.key}"}
    for model in ("priced/plain", "claude/plain"):
        body = {"model": model, "messages": ASK, "stream": stream, **fields}
        assert httpx.post(f"{server.url}/v1/chat/completions", headers=headers, json=body).status_code == 200
        names = {"max_tokens", "max_completion_tokens", "n_predict", "num_predict", "max_new_tokens"}
        found = {name: value for name, value in fake.requests[-1].body.items() if name in names}
        assert found == {"max_tokens": sent}


@pytest.mark.parametrize(
    "fields",
    [
        {"max_tokens": 90_000, "max_completion_tokens": 1},
        {"max_tokens": 1, "max_completion_tokens": 90_000},
        {"max_tokens": 10**18},
        {"max_tokens": 1, "n": 90_000},
        {"max_tokens": 1, "n": 10**18},
        {"max_tokens": 1, "best_of": 90_000},
        {"max_tokens": 1, "n_predict": 90_000},
        {"n": 20},
    ],
)
def test_a_limit_refuses_a_call_by_the_largest_reading(
    server: Server, fake: FakeUpstream, fields: dict[str, Any]
) -> None:
    limited(server, "project", "tokens", "day", 50_000)
    headers = {"authorization": f"Bearer {server.key}"}
    body = {"model": "priced/plain", "messages": ASK, **fields}
    answer = httpx.post(f"{server.url}/v1/chat/completions", headers=headers, json=body)
    assert answer.status_code == 429 and not fake.requests


@pytest.mark.parametrize("fields", [{"max_tokens": 1.5}, {"max_tokens": "9"}, {"n": 1.5}, {"max_tokens": True}])
def test_a_maximum_that_is_no_number_is_refused(server: Server, fake: FakeUpstream, fields: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {server.key}"}
    body = {"model": "priced/plain", "messages": ASK, **fields}
    answer = httpx.post(f"{server.url}/v1/chat/completions", headers=headers, json=body)
    assert answer.status_code == 400 and next(iter(fields)) in answer.json()["error"]["message"]
    assert not fake.requests


def test_a_maximum_of_messages_and_responses_reaches_every_server(server: Server, fake: FakeUpstream) -> None:
    headers = {"authorization": f"Bearer {server.key}"}
    for limit in (None, 100_000):
        if limit:
            limited(server, "project", "tokens", "day", limit)
        for path, body in (
            ("messages", {"messages": ASK, "max_tokens": 100}),
            ("responses", {"input": "hi", "max_output_tokens": 100}),
        ):
            for model in ("priced/plain", "claude/plain"):
                httpx.post(f"{server.url}/v1/{path}", headers=headers, json={"model": model, **body})
                assert fake.requests[-1].body["max_tokens"] == 100
    negative = {"model": "claude/plain", "messages": ASK, "max_tokens": -1}
    assert httpx.post(f"{server.url}/v1/messages", headers=headers, json=negative).status_code == 400


def test_a_disconnected_call_is_billed_for_the_received_part(server: Server, fake: FakeUpstream) -> None:
    limited(server, "project", "cost", "lifetime", 10_000 * DOLLAR)
    body = {"model": "priced/endless", "messages": ASK, "stream": True, "max_tokens": 50}
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx.stream("POST", f"{server.url}/v1/chat/completions", headers=headers, json=body) as answer:
        next(answer.iter_bytes())
    fake.wait_broken_off()
    wait(lambda: reserved(server) == 0)
    span = server.spans()[-1]
    assert span.attributes["http.response.status_code"] == 499
    assert span.usage.cost == used(server, "cost") > 0


def test_the_ledger_by_key_user_tag_and_day(client: openai.OpenAI, server: Server) -> None:
    chat(client, user="linh", extra_headers={"x-vong-tags": "red, blue"})
    chat(client, user="minh", metadata={"tags": "red"})
    server.platform.span_writer.flush(10)
    expected: list[tuple[LedgerBy, dict[str | None, int]]] = [
        ("user", {"linh": 1, "minh": 1}),
        ("tag", {"red": 2, "blue": 1}),
        ("key", {"tester": 2}),
        ("model", {"priced/plain": 2}),
        ("day", {f"{now():%Y-%m-%d}": 2}),
        ("route", {None: 2}),
    ]
    for by, groups in expected:
        lines = server.client.gateway.ledger(by=by)
        assert {line.group: line.calls for line in lines} == groups
        assert all(line.cost == line.calls * CALL for line in lines)
    daily = server.client.gateway.ledger(by="tag", bucket="month")
    assert [(line.at, line.group) for line in daily] == [
        (window_start("month", now()), "red"),
        (window_start("month", now()), "blue"),
    ]
    assert server.spans()[0].attributes["vong.tags"] == ["red", "blue"]
    assert server.client.gateway.ledger(since="2020-01-01T00:00:00Z", until="2020-02-01T00:00:00Z") == []


def test_usage_by_user_and_tag_equals_the_ledger(client: openai.OpenAI, server: Server) -> None:
    for number in range(14):
        chat(client, user=f"u{number:02}", extra_headers={"x-vong-tags": "red, blue" if number else "red"})
    with pytest.raises(openai.APIStatusError):
        chat(client, "priced/status-500", user="u00")
    chat(client)
    server.platform.span_writer.flush(10)
    report = server.client.gateway.usage(by="user", bucket="minute")
    users = {total.group: (total.calls, total.errors, total.cost) for total in report.totals}
    assert users == {f"u{n:02}": (1, 0, CALL) for n in range(1, 14)} | {"u00": (2, 1, CALL), None: (1, 0, CALL)}
    assert report.totals[0].group == "u00" and report.totals[0].priced == 1
    assert sum(point.calls for point in report.points) == 16
    assert {point.group for point in report.points} > {"u00", "…"} and all(
        point.latency_p50 is None for point in report.points
    )
    tags = {total.group: total.calls for total in server.client.gateway.usage(by="tag", bucket="day").totals}
    assert tags == {"red": 14, "blue": 13}
    whole = server.client.gateway.usage(by="none", bucket="hour").totals[0]
    (line,) = server.client.gateway.ledger()
    assert (whole.calls, whole.errors, whole.cost) == (line.calls, line.failed, line.cost) == (16, 1, 15 * CALL)
    with pytest.raises(InvalidInput, match="too long for buckets of one minute"):
        server.client.gateway.usage(by="user", bucket="minute", since="2020-01-01T00:00:00Z")


def test_commands_manage_limits(server: Server, client: openai.OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VONG_PUBLIC_URL", server.url)
    monkeypatch.setenv("VONG_API_KEY", server.key)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(group, list(arguments))
        assert result.exit_code == 0, result.output
        return result.output

    run("limits", "set", "key:ci", "requests/minute=60", "concurrency=5")
    run("budgets", "set", "project", "2500", "--window", "month")
    assert "key:ci" in run("limits", "list") and "2500.0" not in run("limits", "list")
    assert "$2500.000000" in run("budgets", "list")
    chat(client)
    server.platform.span_writer.flush(10)
    assert "$12.000000" in run("ledger", "--by", "model", "--bucket", "day")
    assert "$12.000000" in run("usage", "--by", "user", "--bucket", "hour")
    for state in server.client.gateway.limits():
        run("budgets" if state.limit.metric == "cost" else "limits", "delete", str(state.limit.id))
    assert server.client.gateway.limits() == []
    wrong = CliRunner().invoke(group, ["limits", "set", "nobody:ci", "requests/minute=60"])
    assert wrong.exit_code == 2 and "write for example key:ci requests/minute=60" in wrong.output


def used(server: Server, what: str) -> int:
    return sum(state.used for state in server.client.gateway.limits() if state.limit.metric == what)


def reserved(server: Server) -> int:
    return sum(state.reserved for state in server.client.gateway.limits())


def wait(condition: Callable[[], bool], seconds: float = 8.0) -> None:
    until = now() + timedelta(seconds=seconds)
    while not condition():
        assert now() < until, "it did not come about"
        threading.Event().wait(0.05)


def server_providers(server: Server) -> Any:
    from vong.app.gateway import build_providers

    return build_providers(server.platform, UpstreamClient())


def principal(server: Server) -> Any:
    from vong.access import Principal

    return Principal(server.project_id, "k", "owner")


@pytest.mark.parametrize("more", [{"user": "a\x00b"}, {"metadata": {"tags": "a\x00b"}}])
def test_a_name_that_no_column_can_store_does_not_block_reports(server: Server, more: dict[str, Any]) -> None:
    """All limits of a server are reported together. A report that cannot be written would block the others."""
    on = "user" if "user" in more else "tag"
    server.client.gateway.set_limit(on, "requests", "day", 10)
    server.client.gateway.set_limit("key", "requests", "day", 10)
    asked = {"model": "echo/echo", "messages": [{"role": "user", "content": "hi"}], **more}
    headers = {"authorization": f"Bearer {server.key}"}
    assert httpx.post(f"{server.url}/v1/chat/completions", json=asked, headers=headers).status_code == 200

    def reported() -> bool:
        states = server.client.gateway.limits()
        return {(state.limit.subject_type, state.used) for state in states} >= {(on, 1), ("key", 1)}

    eventually(reported)
    assert "a\ufffdb" in {state.subject for state in server.client.gateway.limits()}
