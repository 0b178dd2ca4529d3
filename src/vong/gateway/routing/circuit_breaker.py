"""Circuit breakers: a target that fails again and again rests, and is then tried by one call before all others."""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from vong.records import CircuitBreakerPolicy
from vong.records.target_state import CircuitName


class CircuitSnapshot(NamedTuple):
    """How a circuit stands: failures within the window, and seconds until a call may try the target, None where every
    call may.
    """

    name: CircuitName
    failures: int
    retry_in: float | None


class CircuitBreaker:
    """The circuit of one target. `rule` is the asking route's: routes share what happened, not when they rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=1000)
        self._opened: float | None = None
        self._probe: float | None = None

    def admits(self, rule: CircuitBreakerPolicy) -> bool:
        """Whether a call may go there. After the pause one call may, and the others wait for how it ends."""
        if self._opened is None:
            return True
        at = self._clock()
        since = self._opened if self._probe is None else self._probe
        if at - since < rule.pause:
            return False
        self._probe = at
        return True

    def succeeded(self) -> None:
        """It answered. That closes the circuit; failures are counted by their time, whatever lies between them."""
        if self._opened is not None:
            self._opened = self._probe = None
            self._failures.clear()

    def failed(self, rule: CircuitBreakerPolicy) -> None:
        """It did not."""
        at = self._clock()
        self._failures.append(at)
        if self._opened is not None or self._recent(at, rule) >= rule.failures:
            self._opened, self._probe = at, None

    def abandoned(self) -> None:
        """Nobody waited for how it would end: the next call may try."""
        if self._opened is not None and self._probe is not None:
            self._probe = None

    @property
    def closed(self) -> bool:
        """Whether nothing speaks against calls."""
        return self._opened is None

    def view(self, rule: CircuitBreakerPolicy) -> CircuitSnapshot:
        """How it stands for a route with that rule, from any thread; nothing is changed by looking."""
        at, opened, probe = self._clock(), self._opened, self._probe
        failures = self._recent(at, rule)
        if opened is None:
            return CircuitSnapshot("closed", failures, None)
        left = max(0.0, (opened if probe is None else probe) + rule.pause - at)
        return CircuitSnapshot("half-open" if probe is not None or not left else "open", failures, round(left, 3))

    def _recent(self, at: float, rule: CircuitBreakerPolicy) -> int:
        """Failures within the window. They are copied first: who looks may do so while a call fails."""
        return sum(1 for failure in list(self._failures) if at - failure <= rule.window)
