"""Circuit breakers: stop calls to a failing target, then let a single probe call test it."""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from vong.records import CircuitBreakerPolicy
from vong.records.target_state import CircuitState


class CircuitSnapshot(NamedTuple):
    """State of a circuit breaker.

    `failures` counts those within the window. `retry_in` is the number of seconds until a call may probe the target,
    None if the circuit is closed.
    """

    state: CircuitState
    failures: int
    retry_in: float | None


class CircuitBreaker:
    """Circuit breaker of one target.

    Methods take the policy of the calling route: routes share the recorded failures, but not thresholds and pauses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=1000)
        self._opened_at: float | None = None
        self._probed_at: float | None = None

    def allow(self, policy: CircuitBreakerPolicy) -> bool:
        """Return True if a call may be sent. After the pause one probe call may, and the others wait for its result."""
        if self._opened_at is None:
            return True
        now = self._clock()
        since = self._opened_at if self._probed_at is None else self._probed_at
        if now - since < policy.open_seconds:
            return False
        self._probed_at = now
        return True

    def record_success(self) -> None:
        """Record a successful call and close the circuit.

        Failures are counted by their time, so successful calls between them do not reset the count.
        """
        if self._opened_at is not None:
            self._opened_at = self._probed_at = None
            self._failures.clear()

    def record_failure(self, policy: CircuitBreakerPolicy) -> None:
        """Record a failed call and open the circuit once the threshold is reached."""
        now = self._clock()
        self._failures.append(now)
        if self._opened_at is not None or self._recent_failures(now, policy) >= policy.failures:
            self._opened_at, self._probed_at = now, None

    def release_probe(self) -> None:
        """Release the probe of a call that ended without a result, so that the next call may probe."""
        if self._opened_at is not None and self._probed_at is not None:
            self._probed_at = None

    @property
    def is_closed(self) -> bool:
        """Return True if the circuit is closed."""
        return self._opened_at is None

    def snapshot(self, policy: CircuitBreakerPolicy) -> CircuitSnapshot:
        """Return the state for a route with that policy. Safe from any thread; changes nothing."""
        now, opened, probe = self._clock(), self._opened_at, self._probed_at
        failures = self._recent_failures(now, policy)
        if opened is None:
            return CircuitSnapshot("closed", failures, None)
        retry_in = max(0.0, (opened if probe is None else probe) + policy.open_seconds - now)
        return CircuitSnapshot(
            "half-open" if probe is not None or not retry_in else "open", failures, round(retry_in, 3)
        )

    def _recent_failures(self, now: float, policy: CircuitBreakerPolicy) -> int:
        """Return the number of failures within the window. Copies them first, because another thread may append."""
        return sum(1 for failure in list(self._failures) if now - failure <= policy.window)
