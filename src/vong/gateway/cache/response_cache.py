"""Response cache of one server process: the latest responses in memory, all of them in the database.

The cache never fails a call: if the database does not answer in time, the lookup is a miss, and a response that cannot
be written is dropped.
"""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from cachetools import LRUCache
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from vong.errors import VongError
from vong.gateway.cache import shadow_result_store
from vong.gateway.cache import store as cache_store
from vong.gateway.cache.store import CachedResponse, CacheEntry
from vong.gateway.providers.local_embeddings import EmbeddingModel
from vong.gateway.translators.chat_variants import content_text, list_calls, read_call
from vong.records import now
from vong.records.cache import ShadowResult

log = logging.getLogger(__name__)

MAX_MEMORY_BYTES = 32 * 1024 * 1024
"""Maximum size of the responses in memory."""
LOOKUP_TIMEOUT_SECONDS = 1.0
"""Maximum wait of a call for a lookup."""
RETRY_DELAY_SECONDS = 5.0
"""Time without lookups after the database did not answer."""
MAX_PENDING_WRITES = 200
"""Maximum number of pending writes. Further responses are not stored."""
HIT_REPORT_INTERVAL_SECONDS = 1.0
"""Interval between two reports of hits."""


class ResponseCache:
    """Stored responses. Call all methods on the event loop that serves."""

    def __init__(self, scope: Callable[[UUID], AbstractContextManager[Connection]], embedder: EmbeddingModel) -> None:
        self._scope = scope
        self._embedder = embedder
        self._entries: LRUCache[tuple[UUID, bytes], CachedResponse] = LRUCache(MAX_MEMORY_BYTES, _memory_size)
        self._hits: dict[UUID, Counter[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._retry_at = 0.0
        self._report_scheduled = False

    async def find_exact(self, project_id: UUID, key: bytes) -> CachedResponse | None:
        """Return the response with that key, or None."""
        cached = self._entries.get((project_id, key))
        if cached is not None and cached.expires_at > now():
            return cached
        response = await self._query(project_id, lambda connection: cache_store.find_exact(connection, key, now()))
        if response is not None:
            self._store_in_memory(project_id, response)
        return response

    async def find_similar(
        self, project_id: UUID, semantic_group: bytes, text: str, threshold: float
    ) -> CachedResponse | None:
        """Return the most similar response of a semantic group if it reaches the threshold, else None."""

        embedding = await asyncio.to_thread(self._embed, text)
        response = await self._query(
            project_id, lambda connection: cache_store.find_similar(connection, semantic_group, embedding, now())
        )
        return response if response is not None and (response.similarity or 0.0) >= threshold else None

    def store(self, project_id: UUID, entry: CacheEntry, text: str | None) -> None:
        """Store a response in the background. `text` is the question, for semantic lookup."""
        if len(self._tasks) >= MAX_PENDING_WRITES:
            return
        self._store_in_memory(project_id, entry.response)

        def write(connection: Connection) -> None:
            cache_store.upsert_entry(connection, entry if text is None else entry._replace(embedding=self._embed(text)))

        self._spawn(self._write(project_id, write))

    def record_hit(self, project_id: UUID, key: bytes) -> None:
        """Count a hit."""
        self._hits.setdefault(project_id, Counter())[key] += 1
        if not self._report_scheduled:
            self._report_scheduled = True
            self._spawn(self._report_hits())

    def store_shadow_result(self, project_id: UUID, result: ShadowResult, *, is_false_hit: bool | None) -> None:
        """Store a shadow result in the background."""
        self._spawn(
            self._write(
                project_id,
                lambda connection: shadow_result_store.insert_shadow_result(
                    connection, result, is_false_hit=is_false_hit
                ),
            )
        )

    async def measure_agreement(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
        """Return how far two chat completions agree, from 0 to 1.

        1 for equal tool calls, JSON values or texts, 0 for different tool calls, else the cosine similarity of the
        texts.
        """
        first_content, second_content = completion_content(first), completion_content(second)
        if first_content[1] or second_content[1]:
            return float(first_content[1] == second_content[1])
        if _normalize(first_content[0]) == _normalize(second_content[0]):
            return 1.0
        if not first_content[0] or not second_content[0]:
            return 0.0
        embeddings = await asyncio.to_thread(self._embedder.embed, [first_content[0], second_content[0]])
        return min(max(float(embeddings[0] @ embeddings[1]), 0.0), 1.0)

    def invalidate(self, project_id: UUID | None) -> None:
        """Drop the responses of a project, or of all projects, from memory."""
        for key in [key for key in self._entries if project_id is None or key[0] == project_id]:
            del self._entries[key]

    def _embed(self, text: str) -> list[float]:
        return [float(number) for number in self._embedder.embed([text])[0]]

    def _store_in_memory(self, project_id: UUID, response: CachedResponse) -> None:
        self._entries.pop((project_id, response.key), None)
        if _memory_size(response) <= MAX_MEMORY_BYTES:
            self._entries[project_id, response.key] = response

    async def _query(
        self, project_id: UUID, query: Callable[[Connection], CachedResponse | None]
    ) -> CachedResponse | None:
        if time.monotonic() < self._retry_at:
            return None

        def ask() -> CachedResponse | None:
            with self._scope(project_id) as connection:
                return query(connection)

        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_SECONDS):
                return await asyncio.to_thread(ask)
        except (TimeoutError, SQLAlchemyError, VongError) as error:
            log.warning("cache lookup failed: %s", str(error).splitlines()[0] if str(error) else "timeout")
            self._retry_at = time.monotonic() + RETRY_DELAY_SECONDS
            return None

    async def _write(self, project_id: UUID, write: Callable[[Connection], None]) -> None:
        def do() -> None:
            with self._scope(project_id) as connection:
                write(connection)

        try:
            await asyncio.to_thread(do)
        except (SQLAlchemyError, VongError) as error:
            log.warning("cache write failed: %s", str(error).splitlines()[0])

    async def _report_hits(self) -> None:
        await asyncio.sleep(HIT_REPORT_INTERVAL_SECONDS)
        self._report_scheduled = False
        hits, self._hits = self._hits, {}
        for project_id, counted in hits.items():
            await self._write(project_id, lambda connection, counted=counted: cache_store.add_hits(connection, counted))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _memory_size(response: CachedResponse) -> int:
    return len(response.body)


def completion_content(completion: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the text and the function calls of the first choice of a chat completion."""
    choices = completion.get("choices") or [{}]
    message: Mapping[str, Any] = choices[0].get("message") or {}
    calls = [(name, _normalize(arguments)) for name, arguments in map(read_call, list_calls(message))]
    return content_text(message.get("content") or ""), calls


def _normalize(text: str) -> Any:
    """Return JSON as its value and other text with normalized whitespace."""
    try:
        return json.loads(text)
    except ValueError:
        return " ".join(text.split())
