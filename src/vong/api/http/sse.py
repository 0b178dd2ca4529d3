"""Server-sent events: a stream of changes that a client can resume with `Last-Event-ID`.

A route passes a function that reads what is new since an event. PostgreSQL's NOTIFY triggers the next read, and one
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

POLL_INTERVAL_SECONDS = 5.0
"""Seconds after which a stream reads again without a notification."""

RECONNECT_DELAY_SECONDS = 0.5
"""Seconds between two attempts to connect to an unavailable database."""


class ServerSentEvent(NamedTuple):
    """One event. A stream resumes after its `id`. `is_last` ends the stream."""

    id: str
    name: str
    data: BaseModel
    is_last: bool = False

    def encode(self) -> str:
        """Return the event in the format of WHATWG HTML, section 9.2."""
        return f"id: {self.id}\nevent: {self.name}\ndata: {self.data.model_dump_json()}\n\n"


class NotifyTopic(NamedTuple):
    """Subscription of a stream: a NOTIFY channel, and the payload that concerns the stream."""

    channel: str
    payload: str


def last_event_id(
    header: Annotated[str, Header(alias="Last-Event-ID")] = "",
    after: Annotated[
        str, Query(description="Resume after this event. The header Last-Event-ID takes precedence.")
    ] = "",
) -> str:
    """Return the event id after which the stream resumes, or an empty string for the start. A route dependency."""
    return header or after


class EventStreamResponse(StreamingResponse):
    """Response of a route that streams events."""

    media_type = "text/event-stream"


def stream_events(
    request: Request,
    topic: NotifyTopic,
    read: Callable[[str], Sequence[ServerSentEvent]],
    after: str,
    *,
    min_interval: float = 0.0,
) -> EventStreamResponse:
    """Stream the events that `read(id)` returns, until one is the last or the server shuts down.

    `read` returns the events after an id and runs in a thread. The first call happens immediately, so its exceptions
    become an ordinary error response. Further calls follow notifications, at least `min_interval` seconds apart.
    """
    events = _iter_frames(request, topic, read, _StreamStart(read(after), after, min_interval))
    return EventStreamResponse(events, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


class _StreamStart(NamedTuple):
    """Start of a stream: its first events, the id before them, and the minimum seconds between two reads."""

    batch: Sequence[ServerSentEvent]
    after: str
    min_interval: float


async def _iter_frames(
    request: Request, topic: NotifyTopic, read: Callable[[str], Sequence[ServerSentEvent]], start: _StreamStart
) -> AsyncIterator[str]:
    batch, after, every = start
    hub = notification_hub(request)
    with hub.subscribe(topic) as notified:
        while not hub.closed:
            for event in batch:
                yield event.encode()
                after = event.id
                if event.is_last:
                    return
            if not batch and not await _wait_for(notified, POLL_INTERVAL_SECONDS):
                yield ": keep-alive\n\n"
            elif every:
                await asyncio.sleep(every)
            notified.clear()
            batch = await run_sync(read, after)


async def _wait_for(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


notification_hubs: "WeakSet[NotificationHub]" = WeakSet()
"""Notification hubs of all event loops of this process."""


class NotificationHub:
    """Wakes the streams of one event loop. Connected to the database only while there are subscribers."""

    def __init__(self, url: str) -> None:
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._url = url
        self._subscribers: dict[NotifyTopic, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    def close(self) -> None:
        """End all streams, because the server shuts down. May be called from a signal handler or another thread."""
        self.closed = True
        self._loop.call_soon_threadsafe(self._notify, lambda _: True)

    @contextmanager
    def subscribe(self, topic: NotifyTopic) -> Generator[asyncio.Event]:
        """Yield an event that is set at each notification of the topic."""
        notified = asyncio.Event()
        self._subscribers.setdefault(topic, set()).add(notified)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name="notification-hub")
        try:
            yield notified
        finally:
            self._subscribers[topic].discard(notified)
            if not self._subscribers[topic]:
                del self._subscribers[topic]
            if not self._subscribers and self._task:
                self._task.cancel()
                self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection[Any].connect(
                    self._url, autocommit=True, application_name="vong events"
                ) as connection:
                    await self._relay_notifications(connection)
            except psycopg.OperationalError:
                await asyncio.sleep(RECONNECT_DELAY_SECONDS)

    async def _relay_notifications(self, connection: psycopg.AsyncConnection[Any]) -> None:
        channels: set[str] = set()
        while True:
            for channel in {topic.channel for topic in self._subscribers} - channels:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                channels.add(channel)
                self._notify(
                    lambda topic, channel=channel: topic.channel == channel
                )  # covers notifications sent before LISTEN
            async for notice in connection.notifies(timeout=1.0):
                self._notify(lambda topic, notice=notice: topic == (notice.channel, notice.payload))

    def _notify(self, concerns: Callable[[NotifyTopic], bool]) -> None:
        for topic, events in self._subscribers.items():
            if concerns(topic):
                for event in events:
                    event.set()


def notification_hub(request: Request) -> NotificationHub:
    """Return the notification hub of the running event loop."""
    hubs: WeakKeyDictionary[Any, NotificationHub] | None = getattr(request.app.state, "notification_hubs", None)
    if hubs is None:
        hubs = request.app.state.notification_hubs = WeakKeyDictionary()
    loop = asyncio.get_running_loop()
    if loop not in hubs:
        hubs[loop] = NotificationHub(request.app.state.platform.database.url)
        notification_hubs.add(hubs[loop])
    return hubs[loop]


def close_streams() -> None:
    """End all streams of this process."""
    for hub in list(notification_hubs):
        hub.close()
