"""Response cache of one server process: the latest responses in memory, all of them in the database.

The cache never fails a call: if the database does not answer in time, the lookup is a miss, and a response that cannot
be written is dropped.
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
"""Maximum size of the responses in memory."""
PATIENCE = 1.0
"""Maximum wait of a call for a lookup."""
REST = 5.0
"""Time without lookups after the database did not answer."""
PENDING = 200
"""Maximum number of pending writes. Further responses are not stored."""
COUNTED = 1.0
"""Interval between two reports of hits."""


class ResponseCache:
    """Stored responses. Call all methods on the event loop that serves."""

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
        """Return the response with that key, or None."""
        cached = self._newest.get((project_id, key))
        if cached is not None and cached.expires_at > now():
            self._newest.move_to_end((project_id, key))
            return cached
        response = await self._asked(project_id, lambda connection: cache_store.find(connection, key, now()))
        if response is not None:
            self._remember(project_id, response)
        return response

    async def near(self, project_id: UUID, family: bytes, text: str, threshold: float) -> CachedResponse | None:
        """Return the most similar response of a semantic group if it reaches the threshold, else None."""

        embedding = await asyncio.to_thread(self._vector, text)
        response = await self._asked(
            project_id, lambda connection: cache_store.nearest(connection, family, embedding, now())
        )
        return response if response is not None and (response.similarity or 0.0) >= threshold else None

    def keep(self, project_id: UUID, entry: CacheEntry, text: str | None) -> None:
        """Store a response in the background. `text` is the question, for semantic lookup."""
        if len(self._tasks) >= PENDING:
            return
        self._remember(project_id, entry.kept)

        def write(connection: Connection) -> None:
            cache_store.put(connection, entry if text is None else entry._replace(vector=self._vector(text)))

        self._go(self._written(project_id, write))

    def hit(self, project_id: UUID, key: bytes) -> None:
        """Count a hit."""
        self._hits.setdefault(project_id, Counter())[key] += 1
        if not self._counting:
            self._counting = True
            self._go(self._count())

    def compared(self, project_id: UUID, found: ShadowComparison, *, false: bool | None) -> None:
        """Store a shadow result in the background."""
        self._go(self._written(project_id, lambda connection: comparison_store.note(connection, found, false=false)))

    async def agreement(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
        """Return how far two chat completions agree, from 0 to 1.

        1 for equal tool calls, JSON values or texts, 0 for different tool calls, else the cosine similarity of the
        texts.
        """
        first_content, second_content = said(first), said(second)
        if first_content[1] or second_content[1]:
            return float(first_content[1] == second_content[1])
        if _meaning(first_content[0]) == _meaning(second_content[0]):
            return 1.0
        if not first_content[0] or not second_content[0]:
            return 0.0
        embeddings = await asyncio.to_thread(self._embedder.embed, [first_content[0], second_content[0]])
        return min(max(float(embeddings[0] @ embeddings[1]), 0.0), 1.0)

    def forget(self, project_id: UUID | None) -> None:
        """Drop the responses of a project, or of all projects, from memory."""
        if project_id is None:
            self._newest.clear()
            self._size = 0
        for key in [key for key in self._newest if key[0] == project_id]:
            self._size -= len(self._newest.pop(key).body)

    def _vector(self, text: str) -> list[float]:
        return [float(number) for number in self._embedder.embed([text])[0]]

    def _remember(self, project_id: UUID, response: CachedResponse) -> None:
        old = self._newest.pop((project_id, response.key), None)
        self._size += len(response.body) - (len(old.body) if old else 0)
        self._newest[project_id, response.key] = response
        while self._size > SIZE:
            self._size -= len(self._newest.popitem(last=False)[1].body)

    async def _asked(
        self, project_id: UUID, query: Callable[[Connection], CachedResponse | None]
    ) -> CachedResponse | None:
        if time.monotonic() < self._resting:
            return None

        def ask() -> CachedResponse | None:
            with self._scope(project_id) as connection:
                return query(connection)

        try:
            async with asyncio.timeout(PATIENCE):
                return await asyncio.to_thread(ask)
        except (TimeoutError, SQLAlchemyError, VongError) as error:
            log.warning("cache lookup failed: %s", str(error).splitlines()[0] if str(error) else "timeout")
            self._resting = time.monotonic() + REST
            return None

    async def _written(self, project_id: UUID, write: Callable[[Connection], None]) -> None:
        def do() -> None:
            with self._scope(project_id) as connection:
                write(connection)

        try:
            await asyncio.to_thread(do)
        except (SQLAlchemyError, VongError) as error:
            log.warning("cache write failed: %s", str(error).splitlines()[0])

    async def _count(self) -> None:
        await asyncio.sleep(COUNTED)
        self._counting = False
        hits, self._hits = self._hits, {}
        for project_id, counted in hits.items():
            await self._written(project_id, lambda connection, counted=counted: cache_store.count(connection, counted))

    def _go(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def said(completion: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the text and the function calls of the first choice of a chat completion."""
    choices = completion.get("choices") or [{}]
    message: Mapping[str, Any] = choices[0].get("message") or {}
    text = message.get("content")
    calls = [
        (call.get("function", {}).get("name"), _meaning(call.get("function", {}).get("arguments") or ""))
        for call in message.get("tool_calls") or ()
    ]
    return text if isinstance(text, str) else "", calls


def _meaning(text: str) -> Any:
    """Return JSON as its value and other text with normalized whitespace."""
    try:
        return json.loads(text)
    except ValueError:
        return " ".join(text.split())
