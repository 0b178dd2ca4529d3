"""Soak test: a long run with faults, followed by a check that the accounting data is consistent.

`vong up` runs with two servers. The models respond, stream, abort, stall and fail at random, each at a price; budgets
and limits are reached; callers disconnect during calls; servers are killed with SIGKILL at random, and PostgreSQL is
restarted once. Afterwards the ledger, the spans and the budget counters must have the same sum, in millionths of a
dollar. Nothing may remain reserved, and every response that a caller received must have a span, except for responses
in the last moment before a kill.
"""

import asyncio
import json
import random
import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import psutil

from benchmarks.soak_accounting import AccountingSnapshot, read_accounting, wait_until_settled
from tests.running_vong import RunningVong, run_vong
from vong.errors import VongError
from vong.records import RoutePolicy
from vong.records.route import Timeouts
from vong.store.postgres import server as postgres_server

MODELS = (
    *("good/echo", "good/echo?first=0.05", "good/echo?delay=0.02"),
    *("flawed/ok", "flawed/flaky?every=3", "flawed/drop?after=3", "flawed/reset", "flawed/malformed-json"),
    *("flawed/truncated-json", "flawed/invalid-utf8", "flawed/stall?after=2", "flawed/refused"),
    *("flawed/status-500", "flawed/status-429?retry_after=0", "flawed/wrong-content-type"),
)
ROUTES = {
    "steady": RoutePolicy(
        fallbacks=("good/echo",), retries=1, timeout=Timeouts(first_token=1, between_tokens=1, total=5)
    ),
    "unbroken": RoutePolicy(fallbacks=("good/echo",), continue_streams=True, timeout=Timeouts(between_tokens=1)),
}
KEYS = ("one", "two", "tight")
USERS = 10
CALLERS = 12
BUDGET_STEP = 500
"""Amount in millionths of a dollar by which the tight budget is raised, a few seconds after it was used up."""
BUDGET_RAISE_INTERVAL_SECONDS = 7.0
"""Time between two raises of the tight budget."""
BROKEN_OUTCOMES = {"connection lost", "timeout"}
"""Outcomes of calls whose server was killed during the call."""
CALL_TIMEOUT_SECONDS = 30.0
"""How long a caller waits for a response: as long as both servers may take to start."""
SETTINGS = """
server_processes = 2
[providers.good]
kind = "echo"
[providers.flawed]
kind = "faults"
timeout = 1.5
"""
PRICE = """
[prices."{model}"]
input = 0.37
output = 1.13
"""


class CallResult(NamedTuple):
    """Call as seen by its caller: `id` is the span ID if response headers arrived, `ended` is in seconds since 1970."""

    id: UUID | None
    outcome: str
    ended: float
    seconds: float


@dataclass
class SoakEvents:
    """Events of a soak test as seen from outside."""

    calls: list[CallResult] = field(default_factory=list[CallResult])
    kills: list[float] = field(default_factory=list[float])
    away: float = 0.0
    """Seconds during which PostgreSQL accepted no connections."""

    def outcomes(self) -> Counter[str]:
        """Return the number of calls per outcome."""
        return Counter(call.outcome for call in self.calls)


@dataclass
class Result:
    """Events and accounting data of a soak test."""

    story: SoakEvents
    books: AccountingSnapshot
    seconds: float
    settled: float | None
    """Seconds from the end of the load until nothing was reserved; None if reservations remain."""

    @property
    def lost(self) -> list[float]:
        """Return the seconds from each response without a span to the next kill.

        Negative if no server was killed within a minute.
        """
        complete = [call for call in self.story.calls if call.id is not None and call.outcome not in BROKEN_OUTCOMES]
        return [self._seconds_before_kill(call.ended) for call in complete if call.id not in self.books.ids]

    def _seconds_before_kill(self, moment: float) -> float:
        # The caller may have read the last bytes shortly after the server ended.
        after = [max(kill - moment, 0.0) for kill in self.story.kills if -1.0 < kill - moment < 60.0]
        return min(after, default=-1.0)


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """Run a soak test for `options.minutes` and report its results."""
    with tempfile.TemporaryDirectory(prefix="vong-soak-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        found = soak(folder / "home", options.minutes * 60, options.seed)
    yield from result_rows(found)


def soak(home: Path, seconds: float, seed: int) -> Result:
    """Run an installation in the folder `home` under load for `seconds` and read its accounting data."""
    home.mkdir()
    prices = "".join(PRICE.format(model=model) for model in MODELS)
    (home / "vong.toml").write_text(SETTINGS + prices)
    with run_vong(home) as running:
        secrets = _create_resources(running)
        story = SoakEvents()
        asyncio.run(_run_load(running, secrets, story, seconds, random.Random(seed)))
        settled = wait_until_settled(running)
        return Result(story, read_accounting(running), seconds, settled)


def result_rows(found: Result) -> Iterator[tuple[str, str]]:
    """Yield the results as rows of a table."""
    story, accounting = found.story, found.books
    calls = len(story.calls)
    waits = sorted(call.seconds for call in story.calls if call.outcome in {"answered", "streamed"})
    yield "calls, per second", f"{calls:,}, {calls / found.seconds:.0f}"
    for outcome, count in story.outcomes().most_common():
        yield f"  {outcome}", f"{count:,}"
    if waits:
        yield "response time p50, p99, s", f"{waits[len(waits) // 2]:.3f}, {waits[len(waits) * 99 // 100]:.3f}"
    yield "servers killed, PostgreSQL unavailable, s", f"{len(story.kills)}, {story.away:.1f}"
    yield "spans, ledger rows", f"{accounting.spans:,}, {accounting.lines:,}"
    yield "spans without a row, rows without a span", f"{accounting.without_line}, {accounting.without_span}"
    yield "sum of spans, of ledger, millionths of $", f"{accounting.spans_sum:,}, {accounting.ledger_sum:,}"
    yield "budget counters, differing ones", f"{len(accounting.counters)}, {len(accounting.differing)}"
    for name, counted, summed in accounting.differing:
        yield f"  {name}: counter, sum of ledger", f"{counted:,}, {summed:,}"
    yield "no reservations after, s", "never" if found.settled is None else f"{found.settled:.0f}"
    for name, amount in accounting.reserved:
        yield f"  {name}: reserved", f"{amount:,}"
    lost = found.lost
    yield "responses without a span", f"{len(lost)}"
    if lost:
        before = sorted(seconds for seconds in lost if seconds >= 0)
        yield "  of them without a kill", f"{sum(seconds < 0 for seconds in lost)}"
        if before:
            yield (
                "  ms before the kill: median, maximum",
                (f"{before[len(before) // 2] * 1000:.0f}, {before[-1] * 1000:.0f}"),
            )
    yield "server memory at the end, MB", ", ".join(f"{size:.0f}" for size in accounting.memory)


def _create_resources(running: RunningVong) -> list[str]:
    """Create routes, limits and keys; return the secrets of the keys."""
    with running.client() as client:
        client.gateway.set_route("steady", {"flawed/flaky?every=3": 1.0}, policy=ROUTES["steady"])
        client.gateway.set_route("unbroken", {"flawed/drop?after=3": 1.0}, policy=ROUTES["unbroken"])
        client.gateway.set_limit("project", "cost", "month", 10**12)
        client.gateway.set_limit("key", "cost", "lifetime", 10**11)
        client.gateway.set_limit("key", "cost", "lifetime", BUDGET_STEP, subject="tight")
        client.gateway.set_limit("user", "cost", "lifetime", 10**11)
        client.gateway.set_limit("tag", "tokens", "hour", 10**11, subject="soak")
        client.gateway.set_limit("key", "concurrency", "now", 3, subject="two")
        client.gateway.set_limit("key", "requests", "minute", 600, subject="one")
        return [client.access.create_key(name)["secret"] for name in KEYS]


async def _run_load(
    running: RunningVong, secrets: list[str], story: SoakEvents, seconds: float, rng: random.Random
) -> None:
    """Run callers and disturbances concurrently until the time is over."""
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=4 * CALLERS, max_keepalive_connections=CALLERS)
    async with httpx.AsyncClient(
        base_url=running.url, timeout=CALL_TIMEOUT_SECONDS, trust_env=False, limits=limits
    ) as http:
        callers = [_call_repeatedly(http, secrets, story, end, random.Random(rng.random())) for _ in range(CALLERS)]
        disturbances = [_kill_servers(running, story, end, seconds, rng), _raise_budget(running, end)]
        await asyncio.gather(*callers, *disturbances, _restart_postgres(running, story, seconds / 2))


async def _call_repeatedly(
    http: httpx.AsyncClient, secrets: list[str], story: SoakEvents, end: float, rng: random.Random
) -> None:
    while time.monotonic() < end:
        headers = {"authorization": f"Bearer {rng.choice(secrets)}", "x-vong-tags": "soak"}
        body: dict[str, Any] = {
            "model": rng.choice((*MODELS, *ROUTES, *MODELS[:4])),
            "messages": [{"role": "user", "content": "word " * rng.randint(1, 30)}],
            "max_tokens": rng.choice((20, 50, 100)),
            "user": f"user-{rng.randrange(USERS)}",
            "stream": rng.random() < 0.5,
        }
        leave_after = rng.uniform(0.0, 0.15) if rng.random() < 0.1 else None
        story.calls.append(await _call(http, headers, body, leave_after))
        await asyncio.sleep(rng.uniform(0.0, 0.05))


async def _call(
    http: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], leave_after: float | None
) -> CallResult:
    """Make one call and disconnect after `leave_after` seconds unless it is None."""
    seen: dict[str, UUID] = {}
    started = time.time()
    try:
        async with asyncio.timeout(leave_after):
            outcome = await _outcome(http, headers, body, seen)
    except TimeoutError:
        outcome = "caller left"
    except httpx.TimeoutException:
        outcome = "timeout"
    except httpx.HTTPError:
        outcome = "connection lost"
    ended = time.time()
    return CallResult(seen.get("id"), outcome, ended, ended - started)


async def _outcome(
    http: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], seen: dict[str, UUID]
) -> str:
    async with http.stream("POST", "/v1/chat/completions", json=body, headers=headers) as response:
        if id := response.headers.get("x-vong-span-id"):
            seen["id"] = UUID(id)
        content = await response.aread()
    if response.status_code != 200:
        code = json.loads(content)["error"].get("code") or "(provider error)"
        return f"{response.status_code} {code}"
    if not body["stream"]:
        return "answered"
    return "streamed" if b"data: [DONE]" in content else "ended by an error event"


async def _kill_servers(
    running: RunningVong, story: SoakEvents, end: float, seconds: float, rng: random.Random
) -> None:
    """Kill random servers with SIGKILL; a restarting server is not killed before it runs."""
    while True:
        await asyncio.sleep(rng.uniform(0.3, 1.7) * max(8.0, min(25.0, seconds / 8)))
        if time.monotonic() > end - 3:
            return
        with suppress(psutil.Error):  # the process may end during the call
            servers = await asyncio.to_thread(running.children, "supervisor", "vong.api.main")
            if servers:
                story.kills.append(time.time())
                rng.choice(servers).kill()


async def _raise_budget(running: RunningVong, end: float) -> None:
    """Raise the tight budget repeatedly."""
    amount = BUDGET_STEP
    while time.monotonic() < end - BUDGET_RAISE_INTERVAL_SECONDS:
        await asyncio.sleep(BUDGET_RAISE_INTERVAL_SECONDS)
        amount += BUDGET_STEP

        def change(amount: int = amount) -> None:
            with running.client() as client:
                client.gateway.set_limit("key", "cost", "lifetime", amount, subject="tight")

        with suppress(VongError, httpx.HTTPError):  # the server may be killed; then the next raise applies
            await asyncio.to_thread(change)


async def _restart_postgres(running: RunningVong, story: SoakEvents, at: float) -> None:
    """Stop PostgreSQL once; the supervisor restarts it."""
    await asyncio.sleep(at)
    folder = running.home / "postgres"
    started = time.monotonic()
    await asyncio.to_thread(postgres_server.stop, folder)
    while not await asyncio.to_thread(postgres_server.is_running, folder):
        await asyncio.sleep(0.1)
    story.away = time.monotonic() - started
