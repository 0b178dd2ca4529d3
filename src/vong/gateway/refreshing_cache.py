"""Refreshing cache for lookups that every call needs and that rarely change.

A value is served directly while it is younger than half its maximum age, and served while it is refreshed in the
background up to its maximum age. Beyond that the caller waits. While change notifications arrive, it is served and
refreshed up to `GRACE_SECONDS`, so occasional callers do not wait. While the database is unavailable, the last value is
served for the same time, so calls continue.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from vong.errors import Unavailable, VongError

log = logging.getLogger(__name__)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MAX_ENTRIES = 10_000
GRACE_SECONDS = 300.0
"""Time for which an old value may be served, in seconds."""
REFRESH_TIMEOUT_SECONDS = 1.0
"""Maximum wait for a refresh before the old value is served."""
FIRST_LOAD_TIMEOUT_SECONDS = 15.0
"""Maximum wait for a lookup if there is no old value."""


@dataclass(slots=True)
class _CacheSlot(Generic[V]):
    value: V | None
    error: VongError | None
    loaded_at: float


class RefreshingCache(Generic[K, V]):
    """Values by key, at most MAX_ENTRIES of them.

    `load` runs in a thread; a VongError that it raises is cached too. `events_connected` returns True while every
    change invalidates its value at once.
    """

    def __init__(
        self,
        load: Callable[..., V],
        *,
        max_age: float,
        events_connected: Callable[[], bool] = lambda: False,
    ) -> None:
        self._load = load
        self._max_age = max_age
        self._events_connected = events_connected
        self._entries: dict[K, _CacheSlot[V]] = {}
        self._loading: dict[K, tuple[asyncio.Task[_CacheSlot[V]], float]] = {}

    def get_cached(self, key: K, *arguments: Any) -> V | None:
        """Return the cached value of a key, or None if it must be waited for or is an error.

        The value is refreshed in the background when needed. Call it on the event loop.
        """
        entry = self._entries.get(key)
        if entry is None or entry.error is not None:
            return None
        age = time.monotonic() - entry.loaded_at
        if age < self._max_age / 2:
            return entry.value
        if age < self._max_served_age:
            if key not in self._loading:
                self._start_load(key, arguments)
            return entry.value
        return None

    @property
    def _max_served_age(self) -> float:
        """Return the age up to which a value is served without waiting."""
        return GRACE_SECONDS if self._events_connected() else self._max_age

    def fresh_until(self, key: K) -> float:
        """Return the time, on the monotonic clock, until which the value is served without a refresh."""
        entry = self._entries.get(key)
        return 0.0 if entry is None or entry.error is not None else entry.loaded_at + self._max_age / 2

    async def get(self, key: K, *arguments: Any) -> V:
        """Return the value of a key; `load` is called with `arguments`."""
        entry = self._entries.get(key)
        age = time.monotonic() - entry.loaded_at if entry else self._max_age
        if entry is None or age >= self._max_age / 2:
            task, since = self._loading.get(key) or self._start_load(key, arguments)
            if entry is None or age >= (self._max_age if entry.error else self._max_served_age):
                entry = await self._wait(task, since, entry)
        if entry.error is not None:
            raise type(entry.error)(entry.error.message, entry.error.hint)
        assert entry.value is not None
        return entry.value

    def invalidate(self, key: K | None = None) -> None:
        """Invalidate one key, or all."""
        if key is None:
            self._entries.clear()
            self._loading.clear()
        else:
            self._entries.pop(key, None)
            self._loading.pop(key, None)

    def _start_load(self, key: K, arguments: tuple[Any, ...]) -> tuple[asyncio.Task[_CacheSlot[V]], float]:
        started = asyncio.create_task(self._load_entry(key, arguments)), time.monotonic()
        self._loading[key] = started
        return started

    async def _wait(
        self, task: asyncio.Task[_CacheSlot[V]], since: float, entry: _CacheSlot[V] | None
    ) -> _CacheSlot[V]:
        """Wait for a running lookup. If it takes too long, serve the old value if it is usable."""
        moment = time.monotonic()
        is_usable = entry is not None and entry.error is None and moment - entry.loaded_at <= GRACE_SECONDS
        timeout = max(0.0, (REFRESH_TIMEOUT_SECONDS if is_usable else FIRST_LOAD_TIMEOUT_SECONDS) - (moment - since))
        done, _ = await asyncio.wait({task}, timeout=timeout)
        if done:
            return task.result()
        if entry is not None and is_usable:
            return entry
        return _CacheSlot(None, Unavailable("the database does not answer", "check the server: vong status"), moment)

    async def _load_entry(self, key: K, arguments: tuple[Any, ...]) -> _CacheSlot[V]:
        task = asyncio.current_task()
        now = time.monotonic
        loaded_at, old = now(), self._entries.get(key)
        try:
            new = _CacheSlot(await asyncio.to_thread(self._load, *arguments), None, loaded_at)
        except VongError as error:
            new = _CacheSlot[V](None, error, loaded_at)
        except SQLAlchemyError as error:
            log.warning("the database does not answer: %s", error)
            if old is None or old.error or now() - old.loaded_at > GRACE_SECONDS:
                return _CacheSlot(
                    None, Unavailable("the database does not answer", "check the server: vong status"), loaded_at
                )
            return old
        finally:
            loading = self._loading.get(key)
            current = loading is not None and loading[0] is task
            if current:
                del self._loading[key]
        if current:
            self._entries.pop(key, None)
            self._entries[key] = new
            if len(self._entries) > MAX_ENTRIES:
                del self._entries[next(iter(self._entries))]
        return new
