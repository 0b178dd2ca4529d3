"""Circuit breakers: stop calls to a failing target, then let a single probe call test it."""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from vong.records import CircuitBreakerPolicy
from vong.records.target_state import CircuitName


class CircuitSnapshot(NamedTuple):
    """State of a circuit breaker.

    `failures` counts those within the window. `retry_in` is the number of seconds until a call may probe the target,
    None if the circuit is closed.
    """

    name: CircuitName
    failures: int
    retry_in: float | None


class CircuitBreaker:
    """Circuit breaker of one target.

    Methods take the policy of the calling route: routes share the recorded failures, but not thresholds and pauses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=1000)
        self._opened: float | None = None
        self._probe: float | None = None

    def admits(self, rule: CircuitBreakerPolicy) -> bool:
        """Return True if a call may be sent. After the pause one probe call may, and the others wait for its result."""
        if self._opened is None:
            return True
        now = self._clock()
        since = self._opened if self._probe is None else self._probe
        if now - since < rule.pause:
            return False
        self._probe = now
        return True

    def succeeded(self) -> None:
        """Record a successful call and close the circuit.

        Failures are counted by their time, so successful calls between them do not reset the count.
        """
        if self._opened is not None:
            self._opened = self._probe = None
            self._failures.clear()

    def failed(self, rule: CircuitBreakerPolicy) -> None:
        """Record a failed call and open the circuit once the threshold is reached."""
        now = self._clock()
        self._failures.append(now)
        if self._opened is not None or self._recent(now, rule) >= rule.failures:
            self._opened, self._probe = now, None

    def abandoned(self) -> None:
        """Release the probe of a call that ended without a result, so that the next call may probe."""
        if self._opened is not None and self._probe is not None:
            self._probe = None

    @property
    def closed(self) -> bool:
        """Return True if the circuit is closed."""
        return self._opened is None

    def view(self, rule: CircuitBreakerPolicy) -> CircuitSnapshot:
        """Return the state for a route with that policy. Safe from any thread; changes nothing."""
        now, opened, probe = self._clock(), self._opened, self._probe
        failures = self._recent(now, rule)
        if opened is None:
            return CircuitSnapshot("closed", failures, None)
        retry_in = max(0.0, (opened if probe is None else probe) + rule.pause - now)
        return CircuitSnapshot(
            "half-open" if probe is not None or not retry_in else "open", failures, round(retry_in, 3)
        )

    def _recent(self, now: float, rule: CircuitBreakerPolicy) -> int:
        """Return the number of failures within the window. Copies them first, because another thread may append."""
        return sum(1 for failure in list(self._failures) if now - failure <= rule.window)
