"""End of an event stream: after its last event, or after a silence that is too long."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from math import inf

from vong.errors import UpstreamTimeout
from vong.gateway.upstream.sse import has_data
from vong.gateway.upstream.timeouts import TIMEOUT_HINT, Deadline

END_GRACE_SECONDS = 1.0
"""Time for which further data is waited for after a stream has sent its finish reason and usage, but no end mark."""
FINISH_GRACE_SECONDS = 5.0
"""Time for which usage is waited for after the finish reason."""


async def bounded_events(
    events: AsyncGenerator[bytes],
    end_grace: Callable[[], float | None],
    *,
    idle_seconds: float = inf,
    deadline_at: float | None = None,
) -> AsyncGenerator[bytes]:
    """Yield batches of events up to the end that the stream says.

    `end_grace` returns None while the stream goes on, and once it is over the seconds for which further data is waited
    for. Each batch with data must arrive within `idle_seconds` of the one before, and all before `deadline_at` on the
    clock of the event loop. Comments and keep-alive events do not extend any of these times, and a caller that reads
    slowly does not count against the upstream.

    Raises: UpstreamTimeout if a limit is exceeded while the stream goes on.
    """
    loop = asyncio.get_running_loop()
    data_at = loop.time()
    while (grace := end_grace()) != 0.0:
        due = data_at + min(idle_seconds, inf if grace is None else grace)
        is_late = deadline_at is not None and deadline_at < due
        due = deadline_at if deadline_at is not None and is_late else due
        try:
            if due == inf:
                batch = await anext(events, None)
            else:
                async with Deadline(due - loop.time()):
                    batch = await anext(events, None)
        except TimeoutError:
            if grace is not None:
                return
            what = "did not finish its response in time" if is_late else f"sent no data for {idle_seconds:g} s"
            raise UpstreamTimeout(f"the upstream {what}", TIMEOUT_HINT) from None
        if batch is None:
            return
        arrived_at = loop.time()
        yield batch
        sent_at = loop.time()
        data_at = sent_at if not batch or has_data(batch) else data_at + (sent_at - arrived_at)
