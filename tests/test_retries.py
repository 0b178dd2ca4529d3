import asyncio
import threading
import time

import pytest
from tenacity import RetryCallState, retry_if_exception_type, retry_if_result, stop_after_attempt, wait_fixed

from vong.retries import call_async_with_retries, call_with_retries


class Flaky:
    """Fails a number of times, then returns "ok"."""

    def __init__(self, failures: int) -> None:
        self.failures, self.calls = failures, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.failures:
            raise ConnectionError(f"failure {self.calls}")
        return "ok"


on_connection_error = retry_if_exception_type(ConnectionError)


def test_a_call_is_retried_until_it_succeeds() -> None:
    call = Flaky(2)
    assert call_with_retries(call, retry=on_connection_error, wait=wait_fixed(0)) == "ok"
    assert call.calls == 3


def test_the_last_error_is_raised_as_it_is() -> None:
    with pytest.raises(ConnectionError, match="failure 2"):
        call_with_retries(Flaky(9), retry=on_connection_error, wait=wait_fixed(0), stop=stop_after_attempt(2))


def test_other_errors_are_not_retried() -> None:
    call = Flaky(9)
    with pytest.raises(ConnectionError, match="failure 1"):
        call_with_retries(call, retry=retry_if_exception_type(ValueError), wait=wait_fixed(0))


def test_the_last_result_is_returned() -> None:
    results = iter([503, 503, 200])
    is_unavailable = retry_if_result(lambda status: status == 503)
    wait, stop = wait_fixed(0), stop_after_attempt(2)
    assert call_with_retries(lambda: next(results), retry=is_unavailable, wait=wait, stop=stop) == 503
    assert call_with_retries(lambda: next(results), retry=is_unavailable, wait=wait, stop=stop) == 200


def test_cancelling_ends_a_wait_at_once_without_another_attempt() -> None:
    call, cancelled = Flaky(9), threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="failure 1"):
        call_with_retries(call, retry=on_connection_error, wait=wait_fixed(30), cancelled=cancelled)
    assert time.monotonic() - started < 5
    assert call.calls == 1


def test_an_asynchronous_call_is_retried_and_each_wait_is_reported() -> None:
    call, waits = Flaky(2), list[int]()

    async def send() -> str:
        return call()

    def before_wait(state: RetryCallState) -> None:
        waits.append(state.attempt_number)

    async def run() -> str:
        return await call_async_with_retries(
            send, retry=on_connection_error, wait=wait_fixed(0), before_wait=before_wait
        )

    assert asyncio.run(run()) == "ok"
    assert waits == [1, 2]
