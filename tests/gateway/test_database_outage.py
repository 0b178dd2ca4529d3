"""Gateway during an outage of PostgreSQL: calls are answered until the buffer is full, then the policy decides."""

from collections.abc import Generator
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.gateway.conftest import Server
from tests.running_vong import eventually
from vong.app import Platform
from vong.store.database import Database, libpq_url

CHAT = {"model": "priced/plain", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}


@pytest.fixture
def platform(platform: Platform, request: pytest.FixtureRequest) -> Platform:
    settings = platform.settings.model_copy(update={"span_buffer_bytes": 1_000, **request.param})
    return Platform(settings)


@contextmanager
def locked(database: Database) -> Generator[None]:
    """Lock the span table, so that no span can be written."""
    with psycopg.connect(libpq_url(database.url)) as blocker:
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        yield
        blocker.rollback()


def ask(server: Server) -> httpx.Response:
    headers = {"authorization": f"Bearer {server.key}"}
    url = f"{server.url}/v1/chat/completions"
    return httpx.post(url, json=CHAT, headers=headers, trust_env=False, timeout=60)


@pytest.mark.parametrize("platform", [{}], indirect=True)
def test_calls_are_rejected_while_the_buffer_is_full_and_answered_again_afterwards(dedicated_server: Server) -> None:
    assert ask(dedicated_server).status_code == 200
    dedicated_server.spans()
    journal = dedicated_server.platform.span_writer
    with locked(dedicated_server.platform.database):
        answered = sum(ask(dedicated_server).status_code == 200 for _ in range(5))
        eventually(lambda: journal.is_full, 60)
        refused = ask(dedicated_server)
        assert refused.status_code == 503
        assert "span_buffer_bytes" in refused.json()["error"]["message"]
    eventually(lambda: not journal.is_full, 60)
    assert ask(dedicated_server).status_code == 200
    assert answered == 5
    assert len([span for span in dedicated_server.spans() if span.status == "ok"]) == 7
    assert journal.dropped == 0


@pytest.mark.parametrize("platform", [{"span_buffer_policy": "drop"}], indirect=True)
def test_calls_are_answered_with_a_full_buffer_if_the_policy_allows_dropped_spans(dedicated_server: Server) -> None:
    dedicated_server.platform.span_writer.flush(30)
    with locked(dedicated_server.platform.database):
        for _ in range(5):
            ask(dedicated_server)
        eventually(lambda: dedicated_server.platform.span_writer.is_full, 60)
        assert ask(dedicated_server).status_code == 200


@pytest.mark.parametrize("platform", [{"span_buffer_bytes": 1 << 20}], indirect=True)
def test_costs_are_settled_from_the_disk_buffer_and_budgets_are_enforced(dedicated_server: Server) -> None:
    dedicated_server.client.gateway.set_limit("key", "cost", "day", 10**12)
    assert ask(dedicated_server).status_code == 200
    dedicated_server.spans()
    with locked(dedicated_server.platform.database):
        for _ in range(4):
            assert ask(dedicated_server).status_code == 200
        eventually(lambda: dedicated_server.platform.span_writer.disk_count > 0, 60)
        assert ask(dedicated_server).status_code == 200
    spans = dedicated_server.spans()
    costs = sum(span.usage.cost or 0 for span in spans)

    def costs_agree() -> bool:
        (line,) = dedicated_server.client.gateway.ledger()
        (state,) = dedicated_server.client.gateway.limits()
        return line.cost == costs == state.used

    assert len(spans) == 6 and costs > 0
    eventually(costs_agree, 60)
