"""Admission of requests to an engine: queue, measures and the check that the engine still computes."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, TypeVar

from vong.errors import VongError
from vong.serving.engine import Engine, EngineSettings, GenerationChunk, GenerationRequest, TextEngine
from vong.serving.engine.measures import EngineMeasures
from vong.serving.engine.request_queue import RequestQueue, RequestRank

CHECK_TIMEOUT_SECONDS = 2.0
"""Maximum wait of a health check for the token of an idle engine. The check itself continues."""
WARM_UP_WORDS = 64
"""Words of the prompt of the first completion, from which the speed of the engine is measured at first."""
WARM_UP_TOKENS = 8
WARM_UP_TIMEOUT_SECONDS = 60.0
T = TypeVar("T")


class AdmittedRequest:
    """Request that may wait for slots. `queue_seconds` is the longest wait of its completions."""

    def __init__(self, queue: RequestQueue, measures: EngineMeasures, rank: RequestRank) -> None:
        self.queue_seconds = 0.0
        self._queue = queue
        self._measures = measures
        self._rank = rank

    @property
    def headers(self) -> dict[str, str]:
        """Return the response header with the time in the queue, in milliseconds."""
        return {"x-vong-queue-ms": f"{self.queue_seconds * 1000:.1f}"}

    async def generate(
        self, generate: Callable[[GenerationRequest], AsyncGenerator[GenerationChunk]], request: GenerationRequest
    ) -> AsyncGenerator[GenerationChunk]:
        """Yield the chunks of a completion once it has a slot."""
        arrived = time.monotonic()
        async with self._queue.slot(self._rank):
            waited = time.monotonic() - arrived
            self.queue_seconds = max(self.queue_seconds, waited)
            measure = self._measures.start_completion(waited)
            try:
                async with aclosing(generate(request)) as chunks:
                    async for chunk in chunks:
                        measure.record(chunk)
                        yield chunk
            finally:
                measure.finish()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of other work of the engine, which occupies a slot too."""
        try:
            async with self.slot():
                return await work
        finally:
            work.close()  # it has not started if the caller left the queue

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        """Wait for a slot for other work of the engine, for example the scores of a prompt."""
        arrived = time.monotonic()
        async with self._queue.slot(self._rank):
            self.queue_seconds = max(self.queue_seconds, time.monotonic() - arrived)
            with self._measures.running():
                yield
        self._measures.requests += 1


class Admission:
    """Queue and measures of one engine."""

    def __init__(self, settings: EngineSettings) -> None:
        self.queue = RequestQueue(settings.batch, settings.queue_limit)
        self.measures = EngineMeasures()
        self._check_task: asyncio.Task[None] | None = None

    def admit(self, rank: RequestRank) -> AdmittedRequest:
        """Admit a request.

        Raises: RateLimitExceeded if the queue is full.
        """
        self.queue.check_capacity()
        return AdmittedRequest(self.queue, self.measures, rank)

    async def check_engine(self, engine: Engine) -> bool:
        """Let an idle engine generate one token. Return whether the engine computes.

        A busy engine is not asked, because its running completions show its progress. The token does not wait in the
        queue.
        """
        task = self._check_task
        if task is None:
            if self.measures.is_running:
                return True
            task = self._check_task = asyncio.create_task(self._generate_token(engine))
        await asyncio.wait({task}, timeout=CHECK_TIMEOUT_SECONDS)
        if not task.done():
            return False
        self._check_task = None
        return True

    async def warm_up(self, engine: Engine) -> None:
        """Generate a few tokens, which shows that the engine works and measures its speed."""
        prompt = await _encode(engine, "one two three four five six seven eight " * (WARM_UP_WORDS // 8))
        request = GenerationRequest(**prompt, max_tokens=WARM_UP_TOKENS, temperature=0.0)
        measure = self.measures.start_completion(0.0)
        try:
            async with asyncio.timeout(WARM_UP_TIMEOUT_SECONDS), aclosing(engine.generate(request)) as chunks:
                async for chunk in chunks:
                    measure.record(chunk)
        finally:
            measure.finish()
            self.measures.forget_requests()

    def to_dict(self, engine: Engine | None) -> dict[str, Any]:
        """Return the load and the measures as JSON."""
        load = engine.load if engine else None
        stalled = self.measures.stalled_seconds(load.tokens, getattr(load, "steps", 0)) if load else 0.0
        return {
            "tokens": self.measures.output_tokens,
            "active": self.queue.active,
            "waiting": self.queue.waiting,
            "slots": self.queue.slots,
            "queue_limit": self.queue.limit,
            "rejected": self.queue.rejected,
            "stalled_seconds": round(stalled, 1),
            **self.measures.to_dict(),
        }

    async def _generate_token(self, engine: Engine) -> None:
        with self.measures.running(), suppress(VongError):  # an engine that refuses the request is not stuck
            request = GenerationRequest(**await _encode(engine, "a"), max_tokens=1, temperature=0.0)
            async with aclosing(engine.generate(request)) as chunks:
                async for _ in chunks:
                    self.measures.record_progress()


async def _encode(engine: Engine, text: str) -> dict[str, Any]:
    """Return the prompt of a request: token ids, or messages if the engine has no text completions."""
    if isinstance(engine, TextEngine):
        return {"prompt": tuple(await asyncio.to_thread(engine.encode, None, text))}
    return {"messages": [{"role": "user", "content": text}]}
