"""Pairs of equal projects: one is served by the fast path, the other never is."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import msgspec
from hypothesis import assume
from sqlalchemy import select

from tests.gateway.conftest import Running, Server, new_project
from tests.gateway.fake_upstream import FakeUpstream
from vong import access
from vong.gateway import tables
from vong.gateway.limits.limiter import Limiter
from vong.records.key_scope import KeyLabels
from vong.store.spans.schema import decode_span, spans

from .generators import Answer, Exchange

OWN_FIELDS = {"id", "trace_id", "span_id", "started_at", "duration_ms", "first_token_ms"}
"""Ids and times of a span."""
CHANGING_HEADERS = (
    "date",
    "x-request-id",
    "x-vong-span-id",
    "x-vong-trace-id",
    "x-ratelimit-reset",
    "x-vong-budget-reset",
)
"""Beginnings of the names of headers whose values are ids and times."""
PIECE_PAUSE_SECONDS = 0.001
"""Pause after each piece of a response, so that the gateway receives the pieces one by one."""


class Setup(NamedTuple):
    """Configuration of a project: limits, labels of its key, and if it has custom prices.

    New projects are created after `max_calls` calls, because the limits are exhausted by then.
    """

    limits: tuple[tuple[Any, ...], ...] = ()
    labels: KeyLabels | None = None
    prices: bool = False
    max_calls: int = 1_000_000


LABELS = KeyLabels(tags=("team-a", "Huế"), user="khách")
SETUPS: Mapping[str, Setup] = {
    "bare": Setup(),
    "labels and prices": Setup(labels=LABELS, prices=True),
    "rate limits": Setup(
        (("key", "requests", "month", 10**7), ("key", "tokens", "month", 10**13), ("key", "concurrency", "now", 3))
    ),
    "budgets": Setup((("key", "cost", "lifetime", 10**15), ("project", "cost", "month", 10**14)), prices=True),
    "subjects": Setup(
        (
            ("user", "tokens", "month", 10**13),
            ("route", "requests", "month", 10**7),
            ("tag", "cost", "lifetime", 10**15),
            ("key", "concurrency", "now", 100),
        ),
        LABELS,
        prices=True,
    ),
    "few requests": Setup((("key", "requests", "month", 5),), max_calls=9),
    "small budget": Setup((("project", "cost", "lifetime", 3 * 10**10),), prices=True, max_calls=12),
}


class ScriptedUpstream(FakeUpstream):
    """Upstream that sends `answer` to every chat request."""

    answer = Answer((), closes=True)

    async def _do(
        self, model: str, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not self.requests[-1].path.endswith("/chat/completions"):
            await super()._do(model, body, reader, writer)
            return
        answer = self.answer
        for piece in answer.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(PIECE_PAUSE_SECONDS)
        if answer.closes:
            writer.close()


class Outcome(NamedTuple):
    """Everything that a call leaves behind, without ids and times."""

    status: int
    header_names: list[str]
    headers: dict[str, str]
    body: bytes
    sent: tuple[dict[str, str], dict[str, bytes]] | None
    span: dict[str, Any]
    has_first_token: bool
    previews: tuple[str, str]
    ledger: dict[str, Any]
    limits: list[tuple[Any, ...]]


class Twins:
    """Two projects with the same configuration, called in turn with the same requests."""

    def __init__(self, running: Running, upstream: ScriptedUpstream, setup: Setup) -> None:
        self._running, self._upstream = running, upstream
        self._projects = [_create_project(running, setup) for _ in range(2)]
        self.calls_left = setup.max_calls
        self._client = httpx.Client(base_url=running.url, trust_env=False, timeout=30)

    @property
    def ordinary_key(self) -> str:
        """Return the key whose calls must not take the fast path."""
        return self._projects[1].key

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        for project in self._projects:
            project.client.close()

    def load(self) -> None:
        """Load keys and configuration of both projects, and leave a connection to the upstream idle."""
        for project in self._projects:
            body = {"model": "priced/embedding", "input": "hi"}
            response = self._client.post("/v1/embeddings", json=body, headers=_authorization(project))
            self._rows(project, UUID(response.headers["x-vong-span-id"]))
        self._running.platform.span_writer.flush(60)

    def run(self, exchange: Exchange, limiter: Callable[[], Limiter]) -> list[Outcome]:
        """Send the request from both projects and return both outcomes, that of the fast path first."""
        self._upstream.answer = exchange.answer
        self.calls_left -= 1
        answered: list[tuple[httpx.Response, Any]] = []
        for project in self._projects:
            before = len(self._upstream.requests)
            response = self._client.post("/v1/chat/completions", content=exchange.body, headers=_authorization(project))
            sent = self._upstream.requests[before:]
            assert len(sent) <= 1
            answered.append((response, (sent[0].headers, _members(sent[0].raw)) if sent else None))
        if len({response.status_code for response, _ in answered}) == 1:
            assume("x-vong-span-id" in answered[0][0].headers)  # a request that is rejected as too large has no span
        ids = [UUID(response.headers["x-vong-span-id"]) for response, _ in answered]
        rows = [self._rows(project, id) for project, id in zip(self._projects, ids, strict=True)]
        self._running.platform.span_writer.flush(60)
        return [
            _outcome(response, sent, *row, _quotas(limiter(), project.project_id))
            for project, (response, sent), row in zip(self._projects, answered, rows, strict=True)
        ]

    def used(self, project: int) -> list[tuple[Any, ...]]:
        """Return the used amount of each limit of a project, from the database."""
        states = self._projects[project].client.gateway.limits()
        return sorted((state.limit.subject_type, state.limit.metric, state.subject, state.used) for state in states)

    def _rows(self, project: Server, id: UUID) -> tuple[Any, Any]:
        """Wait until a span is written, and return its row and its ledger entry."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            self._running.platform.span_writer.flush(60)
            with self._running.platform.scope(project.project_id) as connection:
                span = connection.execute(spans.select().where(spans.c.id == id)).one_or_none()
                entry = connection.execute(select(tables.ledger).where(tables.ledger.c.id == id)).one_or_none()
            if span is not None:
                return span, entry
            time.sleep(0.005)
        raise AssertionError(f"no span {id} was recorded")


def _create_project(running: Running, setup: Setup) -> Server:
    """Create a project with routes, prices and limits, and return it with a key of its owner."""
    project_id = new_project(running.database)
    with running.database.scope(project_id) as connection:
        key = access.create_key(connection, "tester", role="owner", labels=setup.labels).secret
    project = Server(running.platform, project_id, running.url, key)
    gateway = project.client.gateway
    gateway.set_route("single", {"priced/plain": 1})
    gateway.set_route("weighted", {"fake/plain": 1, "priced/plain": 2, "keyless/plain": 1})
    if setup.prices:
        gateway.set_price("fake/plain", input=3.0, output=15.0, cached=0.3, reasoning=20.0, input_audio=40.0)
    for limit in setup.limits:
        gateway.set_limit(*limit)
    return project


def _authorization(project: Server) -> dict[str, str]:
    return {"authorization": f"Bearer {project.key}"}


def _members(body: bytes) -> dict[str, bytes]:
    """Return the fields of a request as raw JSON."""
    return {name: bytes(value) for name, value in msgspec.json.decode(body, type=dict[str, msgspec.Raw]).items()}


def _outcome(response: httpx.Response, sent: Any, span_row: Any, entry: Any, limits: list[tuple[Any, ...]]) -> Outcome:
    span = decode_span(span_row)
    # A limit of the gateway returns the seconds until its reset, an upstream any value.
    changing = CHANGING_HEADERS if sent is not None else (*CHANGING_HEADERS, "retry-after")
    columns = {} if entry is None else dict(entry._mapping)
    assert columns.pop("id", span.id) == span.id
    assert columns.pop("started_at", span.started_at) == span.started_at
    columns.pop("project_id", None)
    id = response.headers["x-request-id"].encode()
    return Outcome(
        response.status_code,
        list(response.headers),
        {name: value for name, value in response.headers.items() if not name.startswith(changing)},
        response.content.replace(id, b"ID"),
        sent,
        span.model_dump(exclude=OWN_FIELDS),
        span.first_token_ms is not None,
        (span_row.input_text, span_row.output_text),
        columns,
        limits,
    )


def _quotas(limiter: Limiter, project_id: UUID) -> list[tuple[Any, ...]]:
    """Return the remaining, the reserved and the held amount of each limit."""
    quotas = [quota for quota in limiter._quotas.values() if quota.project_id == project_id]
    return sorted(
        (
            quota.limit.subject_type,
            quota.limit.metric,
            quota.counter_key.subject,
            quota.remaining,
            quota.reserved,
            quota.held_cost,
        )
        for quota in quotas
    )
