"""Retries and fallbacks: try each target of a plan, with retries, until one responds.

Only failures before the first token are retried, so the caller never sees a failure that another attempt resolved.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import random
from typing import Any, Literal

from vong.errors import Misconfigured, NotFound, Unavailable, Unsupported, UpstreamFailed, VongError
from vong.gateway.providers import ProviderResponse
from vong.gateway.routing.catalog import RoutePlan
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.gateway.upstream.retry_after import retry_after_seconds
from vong.records import RoutePolicy

RETRYABLE_STATUSES = {408, 425, 429}
"""Statuses of temporary errors. All statuses from 500 on are retried too."""
NEXT_TARGET_STATUSES = {401, 402, 403, 404}
"""Statuses caused by the target's key, credit or models, which the caller cannot fix. The next target is tried."""
BACKOFF_BASE_SECONDS, BACKOFF_MAX_SECONDS = 0.25, 8.0
"""Backoff before the first retry, doubled for each further one, and its maximum."""
MAX_RETRY_AFTER_SECONDS = 10.0
"""Longest Retry-After that is waited for. If a target requests more, the next target is tried."""

Verdict = Literal["accept", "retry", "next_target"]
Outcome = ProviderResponse | VongError


class AttemptRunner:
    """Attempts of one call.

    `log` describes each: target, status or error, milliseconds. `started_at` has their start times on the clock of
    `time.perf_counter`.
    """

    def __init__(
        self,
        plan: RoutePlan,
        policy: RoutePolicy,
        circuit_of: Callable[[str], CircuitBreaker],
        load_of: Callable[[str], TargetLoad],
        stream: bool,
    ) -> None:
        self.log: list[dict[str, Any]] = []
        self.started_at: list[float] = []
        self._plan = plan
        self._policy = policy
        self._circuit_of = circuit_of
        self._load_of = load_of
        self._stream = stream
        self._held_load: TargetLoad | None = None

    async def run(self, send: Callable[[str], Awaitable[ProviderResponse]]) -> ProviderResponse:
        """Return the first accepted response, else return the last failed response or raise the last error."""
        last: Outcome | None = None
        for target in self._plan.targets:
            for retry in range(1 + self._policy.retries):
                self.started_at.append(time.perf_counter())
                if not self._circuit_of(target).allow(self._policy.breaker):
                    self.log.append({"target": target, "error": "circuit_open", "ms": 0.0})
                    break
                last = await self._attempt(target, send)
                verdict = classify(last)
                if verdict == "accept":
                    return _unwrap(last)
                delay = backoff_seconds(last, retry)
                if verdict == "next_target" or retry == self._policy.retries or delay is None:
                    break
                await asyncio.sleep(delay)
        if last is None:
            name = self._plan.route.name if self._plan.route else self._plan.targets[0]
            seconds = self._policy.breaker.open_seconds
            hint = f"retry in {seconds:g} s, or check the providers: vong gateway providers list --probe"
            raise Unavailable(f"all targets of {name!r} are unavailable (circuit open)", hint)
        return _unwrap(last)

    async def next_stream(self, send: Callable[[str], Awaitable[ProviderResponse]]) -> ProviderResponse | None:
        """Return a stream from the first target after the last one tried that starts a stream.

        Returns None if there is none.
        """
        self.finish()
        last = self._plan.targets.index(self.log[-1]["target"])
        for target in self._plan.targets[last + 1 :]:
            self.started_at.append(time.perf_counter())
            if not self._circuit_of(target).allow(self._policy.breaker):
                self.log.append({"target": target, "error": "circuit_open", "ms": 0.0})
                continue
            outcome = await self._attempt(target, send)
            if isinstance(outcome, ProviderResponse) and outcome.events is not None:
                return outcome
        return None

    def finish(self) -> None:
        """Finish the call: release the slot of the target that responded."""
        if self._held_load is not None:
            self._held_load.release()
            self._held_load = None

    def record_broken_stream(self, error: str) -> None:
        """Record that the stream of the last attempt broke."""
        self.log[-1] |= {"error": error, "ms": _elapsed_ms(self.started_at[-1])}
        self._circuit_of(self.log[-1]["target"]).record_failure(self._policy.breaker)

    async def _attempt(self, target: str, send: Callable[[str], Awaitable[ProviderResponse]]) -> Outcome:
        """Make one attempt and record its result in log, circuit breaker and load."""
        circuit, started = self._circuit_of(target), time.perf_counter()
        result: dict[str, Any] = {"error": "left"}
        outcome: Outcome
        finished = False
        load = self._load_of(target)
        try:
            await load.acquire(self._policy.cap)
        except Unavailable as error:
            self.log.append({"target": target, "error": "busy", "message": error.message, "ms": _elapsed_ms(started)})
            circuit.release_probe()
            return error
        sent_at = time.perf_counter()
        try:
            outcome = await send(target)
            result, finished = {"status": outcome.status}, True
        except VongError as error:
            outcome, result, finished = error, {"error": error.code, "message": error.message}, True
        finally:
            if not finished:
                circuit.release_probe()
                load.release()
            self.log.append({"target": target, **result, "ms": _elapsed_ms(started)})
        if isinstance(outcome, ProviderResponse) and classify(outcome) == "accept":
            self._held_load = load  # released when the response is complete
        else:
            load.release()
        if classify(outcome) == "accept":
            circuit.record_success()
            if isinstance(outcome, ProviderResponse) and outcome.status < 400:
                load.record_latency(time.perf_counter() - sent_at, self._stream)
        elif isinstance(outcome, Unsupported):
            circuit.release_probe()  # the target cannot serve this request, which says nothing about its health
        else:
            circuit.record_failure(self._policy.breaker)
        return outcome


def classify(outcome: Outcome) -> Verdict:
    """Classify an outcome.

    A caller's error is accepted as the response, because every other target would return the same.
    """
    if isinstance(outcome, ProviderResponse):
        if outcome.status in RETRYABLE_STATUSES or outcome.status >= 500:
            return "retry"
        return "next_target" if outcome.status in NEXT_TARGET_STATUSES else "accept"
    if isinstance(outcome, UpstreamFailed):
        return "retry"
    return "next_target" if isinstance(outcome, (Unavailable, Unsupported, Misconfigured, NotFound)) else "accept"


def backoff_seconds(outcome: Outcome, retry: int) -> float | None:
    """Return the delay before the next retry: exponential backoff with full jitter, at least the Retry-After.

    Returns None if Retry-After exceeds its maximum.
    """
    backoff = random() * min(BACKOFF_MAX_SECONDS, BACKOFF_BASE_SECONDS * 2**retry)
    requested = retry_after_seconds(outcome.headers) if isinstance(outcome, ProviderResponse) else 0.0
    return max(backoff, requested) if requested <= MAX_RETRY_AFTER_SECONDS else None


def _elapsed_ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


def _unwrap(outcome: Outcome) -> ProviderResponse:
    if isinstance(outcome, ProviderResponse):
        return outcome
    raise outcome
