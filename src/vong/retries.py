"""Retries of a call, with the rules of tenacity: what is retried, how long to wait, and when to stop."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState, Retrying, stop_never, stop_when_event_set
from tenacity.stop import stop_base

T = TypeVar("T")

RetryRule = Callable[[RetryCallState], bool]
"""Condition for another attempt: `retry_if_exception`, `retry_if_result` or a function of the last attempt."""
WaitRule = Callable[[RetryCallState], float]
"""Seconds to wait after an attempt: `wait_fixed`, `wait_exponential` or a function of the last attempt."""


class _Cancelled(Exception):
    """Cancellation during a wait."""


def call_with_retries(
    call: Callable[[], T],
    *,
    retry: RetryRule,
    wait: WaitRule,
    stop: stop_base = stop_never,
    cancelled: threading.Event | None = None,
) -> T:
    """Call a function until no retry is due, then return its last result or raise its last error.

    Setting `cancelled` ends a wait at once, without another attempt.
    """
    event = cancelled or threading.Event()
    outcome: Any = None

    def before_wait(state: RetryCallState) -> None:
        nonlocal outcome
        outcome = state.outcome

    def wait_or_cancel(seconds: float) -> None:
        if event.wait(seconds):
            raise _Cancelled

    retrying = Retrying(
        retry=retry,
        wait=wait,
        stop=stop | stop_when_event_set(event),
        sleep=wait_or_cancel,
        before_sleep=before_wait,
        retry_error_callback=_last_outcome,
    )
    try:
        return retrying(call)
    except _Cancelled:
        return outcome.result()


async def call_async_with_retries(
    call: Callable[[], Awaitable[T]],
    *,
    retry: RetryRule,
    wait: WaitRule,
    stop: stop_base = stop_never,
    before_wait: Callable[[RetryCallState], None] | None = None,
) -> T:
    """Call a function until no retry is due, then return its last result or raise its last error.

    `before_wait` is called before each wait. Cancelling the task ends a wait at once.
    """

    async def attempt() -> T:
        return await call()

    retrying = AsyncRetrying(
        retry=retry,
        wait=wait,
        stop=stop,
        sleep=asyncio.sleep,
        before_sleep=before_wait,
        retry_error_callback=_last_outcome,
    )
    return await retrying(attempt)


def _last_outcome(state: RetryCallState) -> Any:
    assert state.outcome is not None
    return state.outcome.result()
