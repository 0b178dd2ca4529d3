"""Server-sent events: what changes, as it changes, resumed by `Last-Event-ID`.

A route gives a function that reads what is new since an event; PostgreSQL's NOTIFY says when to read again, and one
connection listens for all streams of a process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NamedTuple
from weakref import WeakKeyDictionary, WeakSet

import psycopg
from anyio.to_thread import run_sync
from fastapi import Header, Query, Request
from fastapi.responses import StreamingResponse
from psycopg import sql
from pydantic import BaseModel

POLL = 5.0
"""Seconds after which a stream reads again although nothing was announced."""

PAUSE = 0.5
"""Seconds between two tries to reach a database that is away."""


class ServerSentEvent(NamedTuple):
    """One event. `id` says where a stream goes on after it; `last` ends the stream."""

    id: str
    name: str
    data: BaseModel
    last: bool = False

    def encode(self) -> str:
        """As the stream carries it (WHATWG HTML, section 9.2)."""
        return f"id: {self.id}\nevent: {self.name}\ndata: {self.data.model_dump_json()}\n\n"


class NotifyTopic(NamedTuple):
    """What is listened for: a channel of NOTIFY, and the payload that concerns this stream."""

    channel: str
    payload: str


def last_event_id(
    header: Annotated[str, Header(alias="Last-Event-ID")] = "",
    after: Annotated[str, Query(description="Go on after this event; the header Last-Event-ID wins.")] = "",
) -> str:
    """Where the caller's stream goes on: a dependency for routes. Empty: from the start."""
    return header or after


class EventStreamResponse(StreamingResponse):
    """The answer of a route whose events come as they happen."""

    media_type = "text/event-stream"


def stream(
    request: Request,
    topic: NotifyTopic,
    read: Callable[[str], Sequence[ServerSentEvent]],
    after: str,
    *,
    every: float = 0.0,
) -> EventStreamResponse:
    """Send what `read(id)` gives, the events after that id, until one is the last or the server goes down.

    `read` runs in a thread. It is called once at once, so that what it raises is an ordinary answer; then as often as
    something is announced, but not more often than each `every` seconds.
    """
    events = _follow(request, topic, read, _Place(read(after), after, every))
    return EventStreamResponse(events, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


class _Place(NamedTuple):
    """Where a stream begins: its first events, the id before them, and the seconds between two reads."""

    batch: Sequence[ServerSentEvent]
    after: str
    every: float


async def _follow(
    request: Request, topic: NotifyTopic, read: Callable[[str], Sequence[ServerSentEvent]], place: _Place
) -> AsyncIterator[str]:
    batch, after, every = place
    ringing = bell(request)
    with ringing.hear(topic) as rung:
        while not ringing.ended:
            for event in batch:
                yield event.encode()
                after = event.id
                if event.last:
                    return
            if not batch and not await _within(rung, POLL):
                yield ": nothing new\n\n"
            elif every:
                await asyncio.sleep(every)
            rung.clear()
            batch = await run_sync(read, after)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


all_bells: "WeakSet[NotificationHub]" = WeakSet()


class NotificationHub:
    """Wakes the streams of one event loop. It is connected only while somebody listens."""

    def __init__(self, url: str) -> None:
        self.ended = False
        self._loop = asyncio.get_running_loop()
        self._url = url
        self._waiting: dict[NotifyTopic, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    def end(self) -> None:
        """End all streams: the server goes down. May be called from a signal handler or another thread."""
        self.ended = True
        self._loop.call_soon_threadsafe(self._ring, lambda _: True)

    @contextmanager
    def hear(self, topic: NotifyTopic) -> Generator[asyncio.Event]:
        """An event that is set whenever the topic is announced."""
        rung = asyncio.Event()
        self._waiting.setdefault(topic, set()).add(rung)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name="bell")
        try:
            yield rung
        finally:
            self._waiting[topic].discard(rung)
            if not self._waiting[topic]:
                del self._waiting[topic]
            if not self._waiting and self._task:
                self._task.cancel()
                self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection[Any].connect(
                    self._url, autocommit=True, application_name="vong events"
                ) as connection:
                    await self._ring_from(connection)
            except psycopg.OperationalError:
                await asyncio.sleep(PAUSE)

    async def _ring_from(self, connection: psycopg.AsyncConnection[Any]) -> None:
        heard: set[str] = set()
        while True:
            for channel in {topic.channel for topic in self._waiting} - heard:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                heard.add(channel)
                self._ring(lambda topic, channel=channel: topic.channel == channel)  # what was missed till now
            async for notice in connection.notifies(timeout=1.0):
                self._ring(lambda topic, notice=notice: topic == (notice.channel, notice.payload))

    def _ring(self, concerns: Callable[[NotifyTopic], bool]) -> None:
        for topic, rung in self._waiting.items():
            if concerns(topic):
                for event in rung:
                    event.set()


def bell(request: Request) -> NotificationHub:
    """The bell of the running event loop."""
    bells: WeakKeyDictionary[Any, NotificationHub] | None = getattr(request.app.state, "bells", None)
    if bells is None:
        bells = request.app.state.bells = WeakKeyDictionary()
    loop = asyncio.get_running_loop()
    if loop not in bells:
        bells[loop] = NotificationHub(request.app.state.platform.database.url)
        all_bells.add(bells[loop])
    return bells[loop]


def end_streams() -> None:
    """End every stream of this process."""
    for ringing in list(all_bells):
        ringing.end()
