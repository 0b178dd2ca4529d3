"""Circuit breakers: a target that fails again and again rests, and is then tried by one call before all others."""

import time
from collections import deque
from collections.abc import Callable

from vong.records import Breaker


class Circuit:
    """The circuit of one target. `rule` is the asking route's: routes share what happened, not when they rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: deque[float] = deque(maxlen=1000)
        self._opened: float | None = None
        self._probe: float | None = None

    def admits(self, rule: Breaker) -> bool:
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

    def failed(self, rule: Breaker) -> None:
        """It did not."""
        at = self._clock()
        self._failures.append(at)
        recent = sum(1 for failure in self._failures if at - failure <= rule.window)
        if self._opened is not None or recent >= rule.failures:
            self._opened, self._probe = at, None

    def abandoned(self) -> None:
        """Nobody waited for how it would end: the next call may try."""
        if self._opened is not None and self._probe is not None:
            self._probe = None
