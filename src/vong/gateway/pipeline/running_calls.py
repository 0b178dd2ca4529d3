"""Record of calls that are still running, so that their spans are not lost if the server is killed."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from vong.errors import Unavailable
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.services import QueueSpan

MIN_RUNNING_SECONDS = 0.001
"""Time after which a stream is recorded. Shorter streams are complete soon."""
SERVER_KILLED = Unavailable("the server was killed before the response was complete", "send the request again")


@contextmanager
def recorded_while_running(
    record_start: QueueSpan, context: CallContext, reservation: Reservation | None
) -> Generator[None]:
    """Record the span of a stream that runs longer than MIN_RUNNING_SECONDS, as it is at that time."""

    def record() -> None:
        record_start(context.principal.project_id, context.build_span(SERVER_KILLED), context.tags, reservation)

    timer = asyncio.get_running_loop().call_later(MIN_RUNNING_SECONDS, record)
    try:
        yield
    finally:
        timer.cancel()
