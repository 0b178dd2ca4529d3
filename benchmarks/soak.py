"""A long run under all that goes wrong, and whether the accounts agree at its end.

`vong up` with two servers; models that answer, stream, break off, stall and fail at random, each at a price; budgets
and limits that bind; callers who leave in the middle; servers killed with -9 at random, and PostgreSQL restarted once.
Then the ledger, the spans and the counters of the budgets must tell the same sum, in millionths of a dollar, nothing
may stay reserved, and every answer that a caller got must have its span, but for the last moment before a kill.
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

from benchmarks.soak_books import Books, books, resting
from tests.live import Live, live
from vong.errors import VongError
from vong.records import Policy
from vong.records.route import Timeouts
from vong.store import postgres

MODELS = (
    *("good/echo", "good/echo?first=0.05", "good/echo?delay=0.02"),
    *("flawed/ok", "flawed/flaky?every=3", "flawed/drop?after=3", "flawed/reset", "flawed/malformed-json"),
    *("flawed/truncated-json", "flawed/invalid-utf8", "flawed/stall?after=2", "flawed/refused"),
    *("flawed/status-500", "flawed/status-429?retry_after=0", "flawed/wrong-content-type"),
)
ROUTES = {
    "steady": Policy(fallbacks=("good/echo",), retries=1, timeout=Timeouts(first_token=1, between_tokens=1, total=5)),
    "unbroken": Policy(fallbacks=("good/echo",), continue_streams=True, timeout=Timeouts(between_tokens=1)),
}
KEYS = ("one", "two", "tight")
USERS = 10
CALLERS = 12
STEP = 500
"""Millionths of a dollar by which the budget that binds is raised, a few seconds after it did."""
RAISED = 7.0
"""Seconds between two raises."""
BROKEN = {"connection lost", "no answer in time"}
"""How calls end that were under way when their server was killed."""
PATIENCE = 30.0
"""Seconds that a caller waits for an answer: as long as both servers may be starting."""
SETTINGS = """
workers = 2
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


class Made(NamedTuple):
    """A call as its caller saw it. `id` is that of its span, where a head came; `ended` in seconds since 1970."""

    id: UUID | None
    outcome: str
    ended: float
    seconds: float


@dataclass
class Story:
    """What happened."""

    calls: list[Made] = field(default_factory=list[Made])
    kills: list[float] = field(default_factory=list[float])
    away: float = 0.0
    """Seconds for which PostgreSQL took no connections."""

    def outcomes(self) -> Counter[str]:
        """How calls ended."""
        return Counter(call.outcome for call in self.calls)


@dataclass
class Result:
    """The story, and what the books say of it."""

    story: Story
    books: Books
    seconds: float
    settled: float | None
    """Seconds after the load until nothing was reserved; None where something still is."""

    @property
    def lost(self) -> list[float]:
        """Of each answer whose span is not there: the seconds from its end to the next kill; negative where there
        was none within a minute.
        """
        whole = [call for call in self.story.calls if call.id is not None and call.outcome not in BROKEN]
        return [self._before(call.ended) for call in whole if call.id not in self.books.ids]

    def _before(self, moment: float) -> float:
        # The caller may have read the last bytes a moment after the server was gone.
        after = [max(kill - moment, 0.0) for kill in self.story.kills if -1.0 < kill - moment < 60.0]
        return min(after, default=-1.0)


def run(options: Namespace) -> Iterator[tuple[str, str]]:
    """The figures of a soak of so many minutes."""
    with tempfile.TemporaryDirectory(prefix="vong-soak-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        found = soak(folder / "home", options.minutes * 60, options.seed)
    yield from figures(found)


def soak(home: Path, seconds: float, seed: int) -> Result:
    """Run a whole installation in that folder under load for so long, and read its books."""
    home.mkdir()
    prices = "".join(PRICE.format(model=model) for model in MODELS)
    (home / "vong.toml").write_text(SETTINGS + prices)
    with live(home) as running:
        secrets = _prepared(running)
        story = Story()
        asyncio.run(_lived(running, secrets, story, seconds, random.Random(seed)))
        settled = resting(running)
        return Result(story, books(running), seconds, settled)


def figures(found: Result) -> Iterator[tuple[str, str]]:
    """As a table."""
    story, told = found.story, found.books
    calls = len(story.calls)
    waits = sorted(call.seconds for call in story.calls if call.outcome in {"answered", "streamed"})
    yield "calls, a second", f"{calls:,}, {calls / found.seconds:.0f}"
    for outcome, count in story.outcomes().most_common():
        yield f"  {outcome}", f"{count:,}"
    if waits:
        yield "seconds of an answer, p50, p99", f"{waits[len(waits) // 2]:.3f}, {waits[len(waits) * 99 // 100]:.3f}"
    yield "servers killed, PostgreSQL away, s", f"{len(story.kills)}, {story.away:.1f}"
    yield "spans, lines of the ledger", f"{told.spans:,}, {told.lines:,}"
    yield "spans without a line, lines without a span", f"{told.without_line}, {told.without_span}"
    yield "sum of the spans, of the ledger, millionths $", f"{told.spans_sum:,}, {told.ledger_sum:,}"
    yield "counters of budgets, that differ", f"{len(told.counters)}, {len(told.differing)}"
    for name, counted, summed in told.differing:
        yield f"  {name}: counted, in the ledger", f"{counted:,}, {summed:,}"
    yield "nothing reserved after, s", "never" if found.settled is None else f"{found.settled:.0f}"
    for name, amount in told.reserved:
        yield f"  {name}: still reserved", f"{amount:,}"
    lost = found.lost
    yield "answers without a span", f"{len(lost)}"
    if lost:
        before = sorted(seconds for seconds in lost if seconds >= 0)
        yield "  of them at no kill", f"{sum(seconds < 0 for seconds in lost)}"
        if before:
            yield (
                "  ms before the kill: median, farthest",
                (f"{before[len(before) // 2] * 1000:.0f}, {before[-1] * 1000:.0f}"),
            )
    yield "memory of the servers at the end, MB", ", ".join(f"{size:.0f}" for size in told.memory)


def _prepared(running: Live) -> list[str]:
    """Routes, limits and keys; the keys' secrets."""
    with running.client() as client:
        client.gateway.put_route("steady", {"flawed/flaky?every=3": 1.0}, policy=ROUTES["steady"])
        client.gateway.put_route("unbroken", {"flawed/drop?after=3": 1.0}, policy=ROUTES["unbroken"])
        client.gateway.set_limit("project", "cost", "month", 10**12)
        client.gateway.set_limit("key", "cost", "ever", 10**11)
        client.gateway.set_limit("key", "cost", "ever", STEP, name="tight")
        client.gateway.set_limit("user", "cost", "ever", 10**11)
        client.gateway.set_limit("tag", "tokens", "hour", 10**11, name="soak")
        client.gateway.set_limit("key", "concurrency", "now", 3, name="two")
        client.gateway.set_limit("key", "requests", "minute", 600, name="one")
        return [client.access.create_key(name)["secret"] for name in KEYS]


async def _lived(running: Live, secrets: list[str], story: Story, seconds: float, chance: random.Random) -> None:
    """All that goes on at once, until the time is over."""
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=4 * CALLERS, max_keepalive_connections=CALLERS)
    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE, trust_env=False, limits=limits) as wire:
        callers = [_caller(wire, secrets, story, end, random.Random(chance.random())) for _ in range(CALLERS)]
        around = [_killer(running, story, end, seconds, chance), _raiser(running, end)]
        await asyncio.gather(*callers, *around, _restarter(running, story, seconds / 2))


async def _caller(wire: httpx.AsyncClient, secrets: list[str], story: Story, end: float, chance: random.Random) -> None:
    while time.monotonic() < end:
        headers = {"authorization": f"Bearer {chance.choice(secrets)}", "x-vong-tags": "soak"}
        body: dict[str, Any] = {
            "model": chance.choice((*MODELS, *ROUTES, *MODELS[:4])),
            "messages": [{"role": "user", "content": "word " * chance.randint(1, 30)}],
            "max_tokens": chance.choice((20, 50, 100)),
            "user": f"user-{chance.randrange(USERS)}",
            "stream": chance.random() < 0.5,
        }
        leaves = chance.uniform(0.0, 0.15) if chance.random() < 0.1 else None
        story.calls.append(await _made(wire, headers, body, leaves))
        await asyncio.sleep(chance.uniform(0.0, 0.05))


async def _made(wire: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], leaves: float | None) -> Made:
    """One call; its caller goes after `leaves` seconds, where any are given."""
    seen: dict[str, UUID] = {}
    began = time.time()
    try:
        async with asyncio.timeout(leaves):
            outcome = await _outcome(wire, headers, body, seen)
    except TimeoutError:
        outcome = "caller left"
    except httpx.TimeoutException:
        outcome = "no answer in time"
    except httpx.HTTPError:
        outcome = "connection lost"
    ended = time.time()
    return Made(seen.get("id"), outcome, ended, ended - began)


async def _outcome(
    wire: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], seen: dict[str, UUID]
) -> str:
    async with wire.stream("POST", "/v1/chat/completions", json=body, headers=headers) as answer:
        if id := answer.headers.get("x-vong-span-id"):
            seen["id"] = UUID(id)
        said = await answer.aread()
    if answer.status_code != 200:
        code = json.loads(said)["error"].get("code") or "the provider's own"
        return f"{answer.status_code} {code}"
    if not body["stream"]:
        return "answered"
    return "streamed" if b"data: [DONE]" in said else "ended by an error event"


async def _killer(running: Live, story: Story, end: float, seconds: float, chance: random.Random) -> None:
    """Kill one server after another with -9; those that start again are spared until they have."""
    while True:
        await asyncio.sleep(chance.uniform(0.3, 1.7) * max(8.0, min(25.0, seconds / 8)))
        if time.monotonic() > end - 3:
            return
        with suppress(psutil.Error):  # one that ends while it is looked at
            servers = await asyncio.to_thread(running.children, "supervisor", "vong.api.serve")
            if servers:
                story.kills.append(time.time())
                chance.choice(servers).kill()


async def _raiser(running: Live, end: float) -> None:
    """Raise the budget that binds, again and again."""
    amount = STEP
    while time.monotonic() < end - RAISED:
        await asyncio.sleep(RAISED)
        amount += STEP

        def change(amount: int = amount) -> None:
            with running.client() as client:
                client.gateway.set_limit("key", "cost", "ever", amount, name="tight")

        with suppress(VongError, httpx.HTTPError):  # the server that is asked may be killed: then at the next time
            await asyncio.to_thread(change)


async def _restarter(running: Live, story: Story, at: float) -> None:
    """Stop PostgreSQL once; the supervisor starts it again."""
    await asyncio.sleep(at)
    folder = running.home / "postgres"
    began = time.monotonic()
    await asyncio.to_thread(postgres.stop, folder)
    while not await asyncio.to_thread(postgres.alive, folder):
        await asyncio.sleep(0.1)
    story.away = time.monotonic() - began
