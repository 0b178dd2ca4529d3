"""The calls of a batch: a few at once, through the same door as everybody's, each answer kept as soon as it came."""

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
"""Seconds between two looks at whether the batch was cancelled or its time is over."""
FIRST, LONGEST = 1.0, 15.0
"""Seconds before a line is asked again, doubled each time; a Retry-After that says more holds."""
TRIES = {500: 3, 502: 3, 504: 3, 529: 10, 503: 20}
"""How often a line is asked that gets such an answer. 429 is waited for as long as the batch lasts."""
ANSWER = 900.0
"""Seconds that an answer may take; the gateway's own limits are shorter."""

Keep = Callable[[list[BatchResultLine]], None]
Look = Callable[[int, str], BatchStatus]


class BatchExecutor:
    """The lines of one batch on their way. `keep` writes answers down; `look` is told how many lines wait to be asked
    again, and why, and tells the status of the batch. Both run in threads.
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
        """Ask until all lines are answered (`completed`), the batch is cancelled or its time is over (`expired`)."""
        taken = iter(lines)
        workers = [asyncio.create_task(self._work(taken)) for _ in range(at_once)]
        work, keeper = asyncio.gather(*workers), asyncio.create_task(self._keep_on())
        try:
            while True:
                await asyncio.wait([work, keeper], timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
                if keeper.done():
                    keeper.result()
                if work.done():
                    work.result()
                    return "completed"
                if now() >= expires_at:
                    return "expired"
                why = next(iter(self._waiting.values()), "")
                if await asyncio.to_thread(self._look, len(self._waiting), why) == "cancelling":
                    return "cancelled"
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await asyncio.to_thread(self._keep)

    async def _work(self, lines: Iterator[BatchRequestLine]) -> None:
        for line in lines:
            found = await self._ask(line)
            self._fresh.append(found)
            self._came.set()

    async def _ask(self, line: BatchRequestLine) -> BatchResultLine:
        """The answer to a line, however often it must be asked for one."""
        tries, pause = 0, FIRST
        while True:
            tries += 1
            try:
                response = await self._http.post(self._endpoint, content=line.body)
            except httpx.TransportError as error:
                self._waiting[line.number] = f"the server does not answer ({type(error).__name__})"
                asked = 0.0
            else:
                if not again(response, tries):
                    self._waiting.pop(line.number, None)
                    request_id = response.headers.get("x-request-id", "")
                    return answered(line, response.status_code, request_id, response.content)
                self._waiting[line.number] = message_of(response)
                asked = retry_after(response)
            await asyncio.sleep(max(pause, asked))
            pause = min(pause * 2, LONGEST)

    async def _keep_on(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            await asyncio.shield(asyncio.to_thread(self._keep))

    def _keep(self) -> None:
        """Write down what came. What cannot be written now comes with the next."""
        with self._keeping:
            fresh = list[BatchResultLine]()
            while self._fresh:
                fresh.append(self._fresh.popleft())
            try:
                if fresh:
                    self._keep_answers(fresh)
            except BaseException:
                self._fresh.extendleft(reversed(fresh))
                raise


def again(response: httpx.Response, tries: int) -> bool:
    """Whether a line may get another answer later."""
    if response.status_code == 429:
        return error_of(response).get("code") != "insufficient_quota"
    return tries < TRIES.get(response.status_code, 0)


def retry_after(response: httpx.Response) -> float:
    """The seconds of a Retry-After, 0 where there is none that is a number."""
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return 0.0


def message_of(response: httpx.Response) -> str:
    """What an answer says that is none."""
    return str(error_of(response).get("message") or f"status {response.status_code}")[:300]


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error object of an answer; empty where it has none."""
    try:
        said = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return said if isinstance(said, dict) else {}
