"""The gateway while PostgreSQL takes nothing: what is held goes on, and past the bound the policy holds."""

from collections.abc import Generator
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.gateway.conftest import Server
from tests.live import eventually
from vong.app import Platform
from vong.store.database import Database, libpq_url

CHAT = {"model": "priced/plain", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}


@pytest.fixture
def platform(platform: Platform, request: pytest.FixtureRequest) -> Platform:
    settings = platform.settings.model_copy(update={"span_buffer_bytes": 1_000, **request.param})
    return Platform(settings)


@contextmanager
def locked(database: Database) -> Generator[None]:
    """Nobody can write spans."""
    with psycopg.connect(libpq_url(database.url)) as blocker:
        blocker.execute("LOCK TABLE traces_spans IN ACCESS EXCLUSIVE MODE")
        yield
        blocker.rollback()


def ask(server: Server) -> httpx.Response:
    headers = {"authorization": f"Bearer {server.key}"}
    url = f"{server.url}/v1/chat/completions"
    return httpx.post(url, json=CHAT, headers=headers, trust_env=False, timeout=60)


@pytest.mark.parametrize("platform", [{}], indirect=True)
def test_past_the_bound_calls_are_refused_and_go_on_once_there_is_room(alone: Server) -> None:
    assert ask(alone).status_code == 200
    alone.spans()
    journal = alone.platform.span_writer
    with locked(alone.platform.database):
        answered = sum(ask(alone).status_code == 200 for _ in range(5))
        eventually(lambda: journal.is_full, 60)
        refused = ask(alone)
        assert refused.status_code == 503
        assert "span_buffer_bytes" in refused.json()["error"]["message"]
    eventually(lambda: not journal.is_full, 60)
    assert ask(alone).status_code == 200
    assert answered == 5
    assert len([span for span in alone.spans() if span.status == "ok"]) == 7
    assert journal.dropped == 0


@pytest.mark.parametrize("platform", [{"span_buffer_policy": "drop"}], indirect=True)
def test_or_they_are_answered_whatever_becomes_of_their_spans(alone: Server) -> None:
    alone.platform.span_writer.flush(30)
    with locked(alone.platform.database):
        for _ in range(5):
            ask(alone)
        eventually(lambda: alone.platform.span_writer.is_full, 60)
        assert ask(alone).status_code == 200


@pytest.mark.parametrize("platform", [{"span_buffer_bytes": 1 << 20}], indirect=True)
def test_what_calls_cost_is_settled_from_disk_and_a_budget_still_holds(alone: Server) -> None:
    alone.client.gateway.set_limit("key", "cost", "day", 10**12)
    assert ask(alone).status_code == 200
    alone.spans()
    with locked(alone.platform.database):
        for _ in range(4):
            assert ask(alone).status_code == 200
        eventually(lambda: alone.platform.span_writer.disk_count > 0, 60)
        assert ask(alone).status_code == 200
    spans = alone.spans()
    costs = sum(span.usage.cost or 0 for span in spans)

    def agree() -> bool:
        (line,) = alone.client.gateway.ledger()
        (state,) = alone.client.gateway.limits()
        return line.cost == costs == state.used

    assert len(spans) == 6 and costs > 0
    eventually(agree, 60)
