"""The cache of one server process: the newest answers in memory, all of them in the database.

Nothing here may fail a call: where the database does not answer in time there is no kept answer, and an answer that
cannot be written down is not kept.
"""

import asyncio
import json
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from vong.errors import VongError
from vong.gateway.cache import comparison_store
from vong.gateway.cache import store as cache_store
from vong.gateway.cache.store import CachedResponse, CacheEntry
from vong.gateway.providers.local_embeddings import EmbeddingModel
from vong.records import now
from vong.records.cache import ShadowComparison

log = logging.getLogger(__name__)

SIZE = 32 * 1024 * 1024
"""Bytes of answers in memory."""
PATIENCE = 1.0
"""Seconds that a call waits for the cache, before it goes on without."""
REST = 5.0
"""Seconds in which the database is not asked again after it did not answer."""
PENDING = 200
"""Answers on their way into the database; further ones are not kept."""
COUNTED = 1.0
"""Seconds between two reports of hits."""


class ResponseCache:
    """Kept answers. All methods are called on the event loop that serves."""

    def __init__(self, scope: Callable[[UUID], AbstractContextManager[Connection]], embedder: EmbeddingModel) -> None:
        self._scope = scope
        self._embedder = embedder
        self._newest: OrderedDict[tuple[UUID, bytes], CachedResponse] = OrderedDict()
        self._size = 0
        self._hits: dict[UUID, Counter[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._resting = 0.0
        self._counting = False

    async def exact(self, project_id: UUID, key: bytes) -> CachedResponse | None:
        """The answer with that key."""
        known = self._newest.get((project_id, key))
        if known is not None and known.expires_at > now():
            self._newest.move_to_end((project_id, key))
            return known
        found = await self._asked(project_id, lambda connection: cache_store.find(connection, key, now()))
        if found is not None:
            self._remember(project_id, found)
        return found

    async def near(self, project_id: UUID, family: bytes, text: str, threshold: float) -> CachedResponse | None:
        """The answer of a family whose question means nearly the same."""

        vector = await asyncio.to_thread(self._vector, text)
        found = await self._asked(project_id, lambda connection: cache_store.nearest(connection, family, vector, now()))
        return found if found is not None and (found.similarity or 0.0) >= threshold else None

    def keep(self, project_id: UUID, entry: CacheEntry, text: str | None) -> None:
        """Keep an answer, behind everybody's back. `text` is the question, where it may be found by its meaning."""
        if len(self._tasks) >= PENDING:
            return
        self._remember(project_id, entry.kept)

        def write(connection: Connection) -> None:
            cache_store.put(connection, entry if text is None else entry._replace(vector=self._vector(text)))

        self._go(self._written(project_id, write))

    def hit(self, project_id: UUID, key: bytes) -> None:
        """An answer was given again."""
        self._hits.setdefault(project_id, Counter())[key] += 1
        if not self._counting:
            self._counting = True
            self._go(self._count())

    def compared(self, project_id: UUID, found: ShadowComparison, *, false: bool | None) -> None:
        """Note a pair of answers."""
        self._go(self._written(project_id, lambda connection: comparison_store.note(connection, found, false=false)))

    async def agreement(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
        """How far two chat completions say the same: 1 for the same calls, JSON or text, 0 for other calls, else the
        cosine of their texts.
        """
        ours, theirs = said(one), said(other)
        if ours[1] or theirs[1]:
            return float(ours[1] == theirs[1])
        if _meaning(ours[0]) == _meaning(theirs[0]):
            return 1.0
        if not ours[0] or not theirs[0]:
            return 0.0
        vectors = await asyncio.to_thread(self._embedder.embed, [ours[0], theirs[0]])
        return min(max(float(vectors[0] @ vectors[1]), 0.0), 1.0)

    def forget(self, project_id: UUID | None) -> None:
        """Nothing of that project, or of any, is in memory any more."""
        if project_id is None:
            self._newest.clear()
            self._size = 0
        for key in [key for key in self._newest if key[0] == project_id]:
            self._size -= len(self._newest.pop(key).body)

    def _vector(self, text: str) -> list[float]:
        return [float(number) for number in self._embedder.embed([text])[0]]

    def _remember(self, project_id: UUID, answer: CachedResponse) -> None:
        old = self._newest.pop((project_id, answer.key), None)
        self._size += len(answer.body) - (len(old.body) if old else 0)
        self._newest[project_id, answer.key] = answer
        while self._size > SIZE:
            self._size -= len(self._newest.popitem(last=False)[1].body)

    async def _asked(
        self, project_id: UUID, look: Callable[[Connection], CachedResponse | None]
    ) -> CachedResponse | None:
        if time.monotonic() < self._resting:
            return None

        def ask() -> CachedResponse | None:
            with self._scope(project_id) as connection:
                return look(connection)

        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(ask)
        except (TimeoutError, SQLAlchemyError, VongError) as error:
            log.warning("the cache does not answer: %s", str(error).splitlines()[0] if str(error) else "too slow")
            self._resting = time.monotonic() + REST
            return None

    async def _written(self, project_id: UUID, write: Callable[[Connection], None]) -> None:
        def do() -> None:
            with self._scope(project_id) as connection:
                write(connection)

        try:
            await asyncio.to_thread(do)
        except (SQLAlchemyError, VongError) as error:
            log.warning("the cache was not written: %s", str(error).splitlines()[0])

    async def _count(self) -> None:
        await asyncio.sleep(COUNTED)
        self._counting = False
        hits, self._hits = self._hits, {}
        for project_id, counted in hits.items():
            await self._written(project_id, lambda connection, counted=counted: cache_store.count(connection, counted))

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def said(completion: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The text of a chat completion's first choice, and the calls of functions in it."""
    choices = completion.get("choices") or [{}]
    message: Mapping[str, Any] = choices[0].get("message") or {}
    text = message.get("content")
    calls = [
        (call.get("function", {}).get("name"), _meaning(call.get("function", {}).get("arguments") or ""))
        for call in message.get("tool_calls") or ()
    ]
    return text if isinstance(text, str) else "", calls


def _meaning(text: str) -> Any:
    """JSON by its value, other text by its words."""
    try:
        return json.loads(text)
    except ValueError:
        return " ".join(text.split())
