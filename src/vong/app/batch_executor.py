"""Execution of a batch's requests through the public endpoint, with bounded concurrency and durable results."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import httpx

from vong.errors import error_message, parse_error
from vong.gateway.batch.jsonl import BatchRequestLine, BatchResultLine, result_line
from vong.gateway.upstream.retry_after import retry_after_seconds
from vong.records import now
from vong.records.batch import BatchStatus

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
        attempts, delay = 0, INITIAL_RETRY_DELAY_SECONDS
        while True:
            attempts += 1
            try:
                response = await self._http.post(self._endpoint, content=line.body)
            except httpx.TransportError as error:
                self._retry_reasons[line.number] = f"the server is unreachable ({type(error).__name__})"
                min_delay = 0.0
            else:
                if not should_retry(response, attempts):
                    self._retry_reasons.pop(line.number, None)
                    request_id = response.headers.get("x-request-id", "")
                    return result_line(line, response.status_code, request_id, response.content)
                self._retry_reasons[line.number] = _describe_failure(response)
                min_delay = retry_after_seconds(response.headers)
            await asyncio.sleep(max(delay, min_delay))
            delay = min(delay * 2, MAX_RETRY_DELAY_SECONDS)

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


def should_retry(response: httpx.Response, attempts: int) -> bool:
    """Return whether a later attempt may get another response."""
    if response.status_code == 429:
        return parse_error(response.content).get("code") != "insufficient_quota"
    return attempts < MAX_ATTEMPTS_BY_STATUS.get(response.status_code, 0)


def _describe_failure(response: httpx.Response) -> str:
    return (error_message(parse_error(response.content)) or f"status {response.status_code}")[:300]
