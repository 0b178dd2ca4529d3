"""Try the targets of a route until one answers: again after a pause, then the next one.

Only what comes before the first token is tried again, so a caller never sees a failure that another target made good.
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
from vong.records import RoutePolicy

AGAIN = {408, 425, 429}
"""Statuses that pass, beside all from 500 on."""
ELSEWHERE = {401, 402, 403, 404}
"""Statuses that say something of the target (its key, its funds, its models), which the caller can do nothing about."""
BASE, CAP = 0.25, 8.0
"""Seconds before the first repetition, doubled before each further one, and at most."""
PATIENCE = 10.0
"""Seconds of a Retry-After that are waited; a target that asks for more is left for the next one."""

Verdict = Literal["answer", "again", "elsewhere"]
Outcome = ProviderResponse | VongError


class AttemptRunner:
    """The attempts of one call. `made` tells of each: target, status or error, milliseconds; `begun` when it began, on
    the clock of `time.perf_counter`.
    """

    def __init__(
        self,
        way: RoutePlan,
        policy: RoutePolicy,
        circuit: Callable[[str], CircuitBreaker],
        load: Callable[[str], TargetLoad],
        stream: bool,
    ) -> None:
        self.made: list[dict[str, Any]] = []
        self.begun: list[float] = []
        self._way = way
        self._policy = policy
        self._circuit = circuit
        self._load = load
        self._stream = stream
        self._busy: TargetLoad | None = None

    async def answer(self, ask: Callable[[str], Awaitable[ProviderResponse]]) -> ProviderResponse:
        """The first answer, or the last failure: a reply as it came, an error as it was raised."""
        last: Outcome | None = None
        for target in self._way.targets:
            for repetition in range(1 + self._policy.retries):
                self.begun.append(time.perf_counter())
                if not self._circuit(target).admits(self._policy.breaker):
                    self.made.append({"target": target, "error": "circuit_open", "ms": 0.0})
                    break
                last = await self._once(target, ask)
                verdict = judged(last)
                if verdict == "answer":
                    return _given(last)
                pause = waiting(last, repetition)
                if verdict == "elsewhere" or repetition == self._policy.retries or pause is None:
                    break
                await asyncio.sleep(pause)
        if last is None:
            name = self._way.route.name if self._way.route else self._way.targets[0]
            hint = f"ask again in {self._policy.breaker.pause:g} s, or look at: vong gateway providers"
            raise Unavailable(f"every target of {name!r} rests after failures", hint)
        return _given(last)

    async def onward(self, ask: Callable[[str], Awaitable[ProviderResponse]]) -> ProviderResponse | None:
        """The stream of the first target behind the last one that begins one; None where none does."""
        self.done()
        last = self._way.targets.index(self.made[-1]["target"])
        for target in self._way.targets[last + 1 :]:
            self.begun.append(time.perf_counter())
            if not self._circuit(target).admits(self._policy.breaker):
                self.made.append({"target": target, "error": "circuit_open", "ms": 0.0})
                continue
            outcome = await self._once(target, ask)
            if isinstance(outcome, ProviderResponse) and outcome.events is not None:
                return outcome
        return None

    def done(self) -> None:
        """The call is over."""
        if self._busy is not None:
            self._busy.leave()
            self._busy = None

    def broke_off(self, error: str) -> None:
        """The answer that was begun did not come to its end."""
        self.made[-1] |= {"error": error, "ms": _since(self.begun[-1])}
        self._circuit(self.made[-1]["target"]).failed(self._policy.breaker)

    async def _once(self, target: str, ask: Callable[[str], Awaitable[ProviderResponse]]) -> Outcome:
        circuit, started = self._circuit(target), time.perf_counter()
        said: dict[str, Any] = {"error": "left"}
        outcome: Outcome
        ended = False
        load = self._load(target)
        try:
            await load.enter(self._policy.cap)
        except Unavailable as error:
            self.made.append({"target": target, "error": "busy", "message": error.message, "ms": _since(started)})
            circuit.abandoned()
            return error
        begun = time.perf_counter()
        try:
            outcome = await ask(target)
            said, ended = {"status": outcome.status}, True
        except VongError as error:
            outcome, said, ended = error, {"error": error.code, "message": error.message}, True
        finally:
            if not ended:
                circuit.abandoned()
                load.leave()
            self.made.append({"target": target, **said, "ms": _since(started)})
        if isinstance(outcome, ProviderResponse) and judged(outcome) == "answer":
            self._busy = load  # until the whole answer has passed
        else:
            load.leave()
        if judged(outcome) == "answer":
            circuit.succeeded()
            if isinstance(outcome, ProviderResponse) and outcome.status < 400:
                load.took(time.perf_counter() - begun, self._stream)
        elif isinstance(outcome, Unsupported):
            circuit.abandoned()  # the request was not for it: that says nothing of its health
        else:
            circuit.failed(self._policy.breaker)
        return outcome


def judged(outcome: Outcome) -> Verdict:
    """What follows from an outcome. What is the caller's fault is an answer: it would be the same everywhere."""
    if isinstance(outcome, ProviderResponse):
        if outcome.status in AGAIN or outcome.status >= 500:
            return "again"
        return "elsewhere" if outcome.status in ELSEWHERE else "answer"
    if isinstance(outcome, UpstreamFailed):
        return "again"
    return "elsewhere" if isinstance(outcome, (Unavailable, Unsupported, Misconfigured, NotFound)) else "answer"


def waiting(outcome: Outcome, repetition: int) -> float | None:
    """Seconds before a target is asked again: an even draw below a bound that doubles, and not before it said itself.
    None where that is too long to wait.
    """
    drawn = random() * min(CAP, BASE * 2**repetition)
    asked = retry_after(outcome) if isinstance(outcome, ProviderResponse) else 0.0
    return max(drawn, asked) if asked <= PATIENCE else None


def retry_after(reply: ProviderResponse) -> float:
    """The seconds of a Retry-After, 0 where there is none that is a number. A date is not understood: its clock is the
    upstream's.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(reply.headers[name]) / unit
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return 0.0


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


def _given(outcome: Outcome) -> ProviderResponse:
    if isinstance(outcome, ProviderResponse):
        return outcome
    raise outcome
