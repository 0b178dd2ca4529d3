"""Execution of a batch's requests through the public endpoint, with bounded concurrency and durable results."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import httpx

from vong.gateway.batch.jsonl import BatchRequestLine, BatchResultLine, answered
from vong.records import now
from vong.records.batch import BatchStatus

LOOK = 1.0
"""Seconds between two checks of the batch's status and deadline."""
FIRST, LONGEST = 1.0, 15.0
"""Bounds of the exponential retry delay of a line. A longer Retry-After takes precedence."""
TRIES = {500: 3, 502: 3, 504: 3, 529: 10, 503: 20}
"""Maximum attempts of a line by response status. 429 is retried until the batch expires."""
ANSWER = 900.0
"""Seconds that one response may take. The gateway's own timeouts are shorter."""

Keep = Callable[[list[BatchResultLine]], None]
Look = Callable[[int, str], BatchStatus]


class BatchExecutor:
    """Concurrent sender of the lines of one batch.

    `store_results` stores results. `report_progress` receives the number of lines that wait for a retry and the reason,
    and returns the status of the batch. Both run in threads.
    """

    def __init__(self, http: httpx.AsyncClient, endpoint: str, *, keep: Keep, look: Look) -> None:
        self._http = http
        self._endpoint = endpoint
        self._keep_answers = keep
        self._look = look
        self._fresh: deque[BatchResultLine] = deque()
        self._came = asyncio.Event()
        self._keeping = threading.Lock()
        self._waiting: dict[int, str] = {}

    async def run(self, lines: Iterable[BatchRequestLine], at_once: int, expires_at: datetime) -> BatchStatus:
        """Send all lines and return the outcome: `completed`, `cancelled`, or `expired` after `expires_at`."""
        pending_lines = iter(lines)
        workers = [asyncio.create_task(self._work(pending_lines)) for _ in range(at_once)]
        sending, storing = asyncio.gather(*workers), asyncio.create_task(self._keep_on())
        try:
            while True:
                await asyncio.wait([sending, storing], timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
                if storing.done():
                    storing.result()
                if sending.done():
                    sending.result()
                    return "completed"
                if now() >= expires_at:
                    return "expired"
                reason = next(iter(self._waiting.values()), "")
                if await asyncio.to_thread(self._look, len(self._waiting), reason) == "cancelling":
                    return "cancelled"
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            storing.cancel()
            await asyncio.gather(storing, return_exceptions=True)
            await asyncio.to_thread(self._keep)

    async def _work(self, lines: Iterator[BatchRequestLine]) -> None:
        for line in lines:
            result = await self._ask(line)
            self._fresh.append(result)
            self._came.set()

    async def _ask(self, line: BatchRequestLine) -> BatchResultLine:
        """Send a line and retry it until the response is final."""
        attempts, delay = 0, FIRST
        while True:
            attempts += 1
            try:
                response = await self._http.post(self._endpoint, content=line.body)
            except httpx.TransportError as error:
                self._waiting[line.number] = f"the server is unreachable ({type(error).__name__})"
                min_delay = 0.0
            else:
                if not again(response, attempts):
                    self._waiting.pop(line.number, None)
                    request_id = response.headers.get("x-request-id", "")
                    return answered(line, response.status_code, request_id, response.content)
                self._waiting[line.number] = message_of(response)
                min_delay = retry_after(response)
            await asyncio.sleep(max(delay, min_delay))
            delay = min(delay * 2, LONGEST)

    async def _keep_on(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            await asyncio.shield(asyncio.to_thread(self._keep))

    def _keep(self) -> None:
        """Store the results received so far. Results of a failed write are stored with the next write."""
        with self._keeping:
            results = list[BatchResultLine]()
            while self._fresh:
                results.append(self._fresh.popleft())
            try:
                if results:
                    self._keep_answers(results)
            except BaseException:
                self._fresh.extendleft(reversed(results))
                raise


def again(response: httpx.Response, tries: int) -> bool:
    """Return whether a later attempt may get another response."""
    if response.status_code == 429:
        return error_of(response).get("code") != "insufficient_quota"
    return tries < TRIES.get(response.status_code, 0)


def retry_after(response: httpx.Response) -> float:
    """Return the seconds of the Retry-After header, or 0 if it is absent or not a number."""
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return 0.0


def message_of(response: httpx.Response) -> str:
    """Return the message of an error response."""
    return str(error_of(response).get("message") or f"status {response.status_code}")[:300]


def error_of(response: httpx.Response) -> dict[str, Any]:
    """Return the error object of a response, or an empty object if it has none."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
