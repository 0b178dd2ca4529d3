"""Turns of adapters in an engine that computes one adapter at a time.

llama.cpp batches only requests with the same adapter, and prefers those that run already. Without turns, a steady load
of one adapter would keep the requests of all others waiting.
"""

import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import NamedTuple

ROTATION_SECONDS = 1.0
"""Time for which further requests of the current adapter may start while one of another adapter waits."""


class _Waiter(NamedTuple):
    adapter: str | None
    since: float
    turn: "Future[None]"


class AdapterRotation:
    """Requests of the current adapter, and those of others that wait for their turn, in the order of their arrival."""

    def __init__(self, rotation_seconds: float = ROTATION_SECONDS) -> None:
        self._rotation_seconds = rotation_seconds
        self._lock = threading.Lock()
        self._adapter: str | None = None
        self._active = 0
        self._waiting: deque[_Waiter] = deque()

    def request(self, adapter: str | None) -> "Future[None]":
        """Return a future that is done when a request with an adapter may start. Cancel it to leave.

        Each request that has started must call `end`.
        """
        turn: Future[None] = Future()
        with self._lock:
            if self._active == 0 or (adapter == self._adapter and not self._is_turn_over()):
                self._start(_Waiter(adapter, 0.0, turn))
            else:
                self._waiting.append(_Waiter(adapter, time.monotonic(), turn))
        return turn

    def end(self) -> None:
        """Record the end of a request. After the last one of an adapter, the next adapter has its turn."""
        with self._lock:
            self._active -= 1
            if self._active:
                return
            while self._waiting and not self._active:
                first = self._waiting[0].adapter
                group = [waiter for waiter in self._waiting if waiter.adapter == first]
                self._waiting = deque(waiter for waiter in self._waiting if waiter.adapter != first)
                for waiter in group:
                    self._start(waiter)

    def _start(self, waiter: _Waiter) -> None:
        if waiter.turn.set_running_or_notify_cancel():
            self._adapter = waiter.adapter
            self._active += 1
            waiter.turn.set_result(None)

    def _is_turn_over(self) -> bool:
        waiting = next((waiter for waiter in self._waiting if not waiter.turn.cancelled()), None)
        return waiting is not None and time.monotonic() - waiting.since > self._rotation_seconds
