"""What is looked up on every call and changes seldom: kept in memory for a moment, renewed before it is old.

A value is served at once while it is younger than half its age, served and renewed behind the caller's back up to its
age, and waited for beyond. Where every change is heard of, it is served and renewed up to `GRACE` seconds: who calls
now and then waits for no look. While the database is away the last value stands for as long, so calls go on.
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
GRACE = 300.0
PATIENCE = 1.0
"""Seconds that a look may take before the last value stands."""
LONGEST = 15.0
"""Seconds that a look may take where there is no last value."""


@dataclass(slots=True)
class _Known(Generic[V]):
    value: V | None
    error: VongError | None
    at: float


class RefreshingCache(Generic[K, V]):
    """Values by key, at most `kept` of them; how old they get is said above. `load` runs in a thread; an error it
    raises on purpose (a VongError) is an answer like any other. `hears` says whether whoever changes a value lets it be
    forgotten at once.
    """

    def __init__(
        self, load: Callable[..., V], *, age: float, kept: int = 10_000, hears: Callable[[], bool] = lambda: False
    ) -> None:
        self._load = load
        self._age = age
        self._hears = hears
        self._kept = kept
        self._known: dict[K, _Known[V]] = {}
        self._loading: dict[K, tuple[asyncio.Task[_Known[V]], float]] = {}

    def at_hand(self, key: K, *arguments: Any) -> V | None:
        """The value of a key where nobody has to wait for it; None where it must be waited for, or is an error. It is
        renewed in time like any. Called on the event loop.
        """
        known = self._known.get(key)
        if known is None or known.error is not None:
            return None
        age = time.monotonic() - known.at
        if age < self._age / 2:
            return known.value
        if age < self._longest:
            if key not in self._loading:
                self._start(key, arguments)
            return known.value
        return None

    @property
    def _longest(self) -> float:
        """How old a value may be that nobody waits to be renewed."""
        return GRACE if self._hears() else self._age

    def fresh_until(self, key: K) -> float:
        """Until when, on the monotonic clock, the value of a key is `at_hand` without being renewed."""
        known = self._known.get(key)
        return 0.0 if known is None or known.error is not None else known.at + self._age / 2

    async def get(self, key: K, *arguments: Any) -> V:
        """The value of a key; `load` is called with `arguments`."""
        known = self._known.get(key)
        age = time.monotonic() - known.at if known else self._age
        if known is None or age >= self._age / 2:
            task, since = self._loading.get(key) or self._start(key, arguments)
            if known is None or age >= (self._age if known.error else self._longest):
                known = await self._waited(task, since, known)
        if known.error is not None:
            raise type(known.error)(known.error.message, known.error.hint)
        assert known.value is not None
        return known.value

    def forget(self, key: K | None = None) -> None:
        """Look this key, or every key, up anew when it is next asked for."""
        if key is None:
            self._known.clear()
            self._loading.clear()
        else:
            self._known.pop(key, None)
            self._loading.pop(key, None)

    def _start(self, key: K, arguments: tuple[Any, ...]) -> tuple[asyncio.Task[_Known[V]], float]:
        started = asyncio.create_task(self._renew(key, arguments)), time.monotonic()
        self._loading[key] = started
        return started

    async def _waited(self, task: asyncio.Task[_Known[V]], since: float, known: _Known[V] | None) -> _Known[V]:
        """What is being looked up; a database that hangs is no reason to wait where an old value will do."""
        moment = time.monotonic()
        stands = known is not None and known.error is None and moment - known.at <= GRACE
        patience = max(0.0, (PATIENCE if stands else LONGEST) - (moment - since))
        done, _ = await asyncio.wait({task}, timeout=patience)
        if done:
            return task.result()
        if known is not None and stands:
            return known
        return _Known(None, Unavailable("the database does not answer", "look with: vong status"), moment)

    async def _renew(self, key: K, arguments: tuple[Any, ...]) -> _Known[V]:
        task = asyncio.current_task()
        now = time.monotonic
        at, old = now(), self._known.get(key)
        try:
            new = _Known(await asyncio.to_thread(self._load, *arguments), None, at)
        except VongError as error:
            new = _Known[V](None, error, at)
        except SQLAlchemyError as error:
            log.warning("the database does not answer: %s", error)
            if old is None or old.error or now() - old.at > GRACE:
                return _Known(None, Unavailable("the database does not answer", "look with: vong status"), at)
            return old
        finally:
            loading = self._loading.get(key)
            current = loading is not None and loading[0] is task
            if current:
                del self._loading[key]
        if current:
            self._known.pop(key, None)
            self._known[key] = new
            if len(self._known) > self._kept:
                del self._known[next(iter(self._known))]
        return new
