"""The queue decides how long a batch is collected."""

import threading
import time
from concurrent.futures import Future
from typing import Any, cast
from uuid import uuid4

from vong.records import Span
from vong.store.spans.disk_buffer import PendingSpan
from vong.store.spans.incoming import BATCH_DELAY_SECONDS, DURABLE_DELAY_SECONDS, MAX_BATCH_SPANS, IncomingQueue


def pending(*, waiting_caller: bool) -> PendingSpan:
    future: Future[None] | None = Future() if waiting_caller else None
    return PendingSpan(uuid4(), cast(Span, None), future, None, None)


def seconds_of_wait(queue: IncomingQueue, encoded: list[int] | None = None) -> float:
    calls: Any = [] if encoded is None else encoded
    start = time.monotonic()
    queue.wait_for_batch(lambda: calls.append(1))
    return time.monotonic() - start


def test_spans_of_calls_are_collected_for_a_quarter_of_a_second_and_encoded_meanwhile() -> None:
    queue, encoded = IncomingQueue(), list[int]()
    queue.put(pending(waiting_caller=False))
    assert seconds_of_wait(queue, encoded) >= 0.8 * BATCH_DELAY_SECONDS
    assert len(encoded) == round(BATCH_DELAY_SECONDS / DURABLE_DELAY_SECONDS)


def test_a_caller_who_waits_for_the_commit_ends_the_collection() -> None:
    queue = IncomingQueue()
    queue.put(pending(waiting_caller=True))
    assert seconds_of_wait(queue) < BATCH_DELAY_SECONDS
    queue.put(pending(waiting_caller=False))
    threading.Timer(DURABLE_DELAY_SECONDS, lambda: queue.put(pending(waiting_caller=True))).start()
    assert seconds_of_wait(queue) < BATCH_DELAY_SECONDS


def test_a_full_batch_and_an_explicit_end_end_the_collection_once() -> None:
    queue = IncomingQueue()
    for _ in range(MAX_BATCH_SPANS):
        queue.put(pending(waiting_caller=False))
    assert seconds_of_wait(queue) < DURABLE_DELAY_SECONDS
    queue.end_wait()
    assert seconds_of_wait(queue) < DURABLE_DELAY_SECONDS
    assert seconds_of_wait(queue) >= 0.8 * BATCH_DELAY_SECONDS
