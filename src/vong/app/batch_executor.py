"""Execution of a batch's requests through the public endpoint, with bounded concurrency and durable results."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import httpx
from tenacity import RetryCallState, wait_exponential

from vong.errors import error_message, parse_error
from vong.gateway.batch.jsonl import BatchRequestLine, BatchResultLine, result_line
from vong.gateway.upstream.retry_after import retry_after_seconds
from vong.records import now
from vong.records.batch import BatchStatus
from vong.retries import call_async_with_retries

STATUS_POLL_SECONDS = 1.0
"""Seconds between two checks of the batch's status and deadline."""
INITIAL_RETRY_DELAY_SECONDS, MAX_RETRY_DELAY_SECONDS = 1.0, 15.0
"""Bounds of the exponential retry delay of a line. A longer Retry-After takes precedence."""
MAX_ATTEMPTS_BY_STATUS = {500: 3, 502: 3, 504: 3, 529: 10, 503: 20}
"""Maximum attempts of a line by response status. 429 is retried until the batch expires."""
RESPONSE_TIMEOUT_SECONDS = 900.0
"""Seconds that one response may take. The gateway's own timeouts are shorter."""

StoreResults = Callable[[list[BatchResultLine]], None]
ReportProgress = Callable[[int, str], BatchStatus]


class BatchExecutor:
    """Concurrent sender of the lines of one batch.

    `store_results` stores results. `report_progress` receives the number of lines that wait for a retry and the reason,
    and returns the status of the batch. Both run in threads.
    """

    def __init__(
        self, http: httpx.AsyncClient, endpoint: str, *, store_results: StoreResults, report_progress: ReportProgress
    ) -> None:
        self._http = http
        self._endpoint = endpoint
        self._store_results = store_results
        self._report_progress = report_progress
        self._unstored_results: deque[BatchResultLine] = deque()
        self._result_received = asyncio.Event()
        self._store_lock = threading.Lock()
        self._retry_reasons: dict[int, str] = {}

    async def run(self, lines: Iterable[BatchRequestLine], concurrency: int, expires_at: datetime) -> BatchStatus:
        """Send all lines and return the outcome: `completed`, `cancelled`, or `expired` after `expires_at`."""
        pending_lines = iter(lines)
        workers = [asyncio.create_task(self._run_worker(pending_lines)) for _ in range(concurrency)]
        sending, storing = asyncio.gather(*workers), asyncio.create_task(self._store_continuously())
        try:
            while True:
                await asyncio.wait([sending, storing], timeout=STATUS_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if storing.done():
                    storing.result()
                if sending.done():
                    sending.result()
                    return "completed"
                if now() >= expires_at:
                    return "expired"
                reason = next(iter(self._retry_reasons.values()), "")
                if await asyncio.to_thread(self._report_progress, len(self._retry_reasons), reason) == "cancelling":
                    return "cancelled"
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            storing.cancel()
            await asyncio.gather(storing, return_exceptions=True)
            await asyncio.to_thread(self._store_received)

    async def _run_worker(self, lines: Iterator[BatchRequestLine]) -> None:
        for line in lines:
            result = await self._send_with_retries(line)
            self._unstored_results.append(result)
            self._result_received.set()

    async def _send_with_retries(self, line: BatchRequestLine) -> BatchResultLine:
        """Send a line and retry it until the response is final."""

        def record_reason(state: RetryCallState) -> None:
            self._retry_reasons[line.number] = _describe_failure(_last_outcome(state))

        response = await call_async_with_retries(
            lambda: self._http.post(self._endpoint, content=line.body),
            retry=lambda state: should_retry(_last_outcome(state), state.attempt_number),
            wait=_retry_delay,
            before_wait=record_reason,
        )
        self._retry_reasons.pop(line.number, None)
        request_id = response.headers.get("x-request-id", "")
        return result_line(line, response.status_code, request_id, response.content)

    async def _store_continuously(self) -> None:
        while True:
            await self._result_received.wait()
            self._result_received.clear()
            await asyncio.shield(asyncio.to_thread(self._store_received))

    def _store_received(self) -> None:
        """Store the results received so far. Results of a failed write are stored with the next write."""
        with self._store_lock:
            results = list[BatchResultLine]()
            while self._unstored_results:
                results.append(self._unstored_results.popleft())
            try:
                if results:
                    self._store_results(results)
            except BaseException:
                self._unstored_results.extendleft(reversed(results))
                raise


def should_retry(outcome: httpx.Response | BaseException, attempts: int) -> bool:
    """Return whether a later attempt may get another response."""
    if isinstance(outcome, BaseException):
        return isinstance(outcome, httpx.TransportError)
    if outcome.status_code == 429:
        return parse_error(outcome.content).get("code") != "insufficient_quota"
    return attempts < MAX_ATTEMPTS_BY_STATUS.get(outcome.status_code, 0)


def _last_outcome(state: RetryCallState) -> httpx.Response | BaseException:
    assert state.outcome is not None
    return state.outcome.exception() or state.outcome.result()


def _retry_delay(state: RetryCallState) -> float:
    """Return the exponential delay, or the Retry-After of the response if it is longer."""
    outcome = _last_outcome(state)
    min_delay = 0.0 if isinstance(outcome, BaseException) else retry_after_seconds(outcome.headers)
    delay = wait_exponential(multiplier=INITIAL_RETRY_DELAY_SECONDS, max=MAX_RETRY_DELAY_SECONDS)(state)
    return max(delay, min_delay)


def _describe_failure(outcome: httpx.Response | BaseException) -> str:
    if isinstance(outcome, BaseException):
        return f"the server is unreachable ({type(outcome).__name__})"
    return (error_message(parse_error(outcome.content)) or f"status {outcome.status_code}")[:300]
