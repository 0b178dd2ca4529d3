"""Start of a stream: what is held back until it is known that the target answers."""

import time
from collections.abc import AsyncGenerator

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.upstream.sse import has_data

RESEND_HINT = "send the request again"
MAX_COMMENT_SECONDS = 5.0
"""Time for which comments before the first event are held back."""


async def buffer_first_token(events: AsyncGenerator[bytes], accumulator: StreamAccumulator) -> bytes:
    """Return the events up to the first token, or up to an error before it.

    The events are sent as soon as the token arrives.

    Raises: UpstreamFailed if the stream ends or breaks before.
    """
    buffered = list[bytes]()
    try:
        while accumulator.first_token is None and not accumulator.ended:
            chunks = await anext(events, None)
            if chunks is None:
                raise UpstreamFailed("the upstream ended its stream before its first token", RESEND_HINT)
            buffered.append(accumulator.feed(chunks))
            if accumulator.failure is not None and accumulator.first_token is None:
                raise accumulator.failure
        if accumulator.first_token is None and accumulator.error is not None:
            await events.aclose()
    except BaseException:
        await events.aclose()
        raise
    return b"".join(buffered)


async def buffer_first_event(events: AsyncGenerator[bytes], accumulator: StreamAccumulator) -> bytes:
    """Return the events of the first batch that contains more than comments, so that an error in it has its status."""
    buffered, started_at = list[bytes](), time.monotonic()
    try:
        while (chunks := await anext(events, None)) is not None:
            buffered.append(accumulator.feed(chunks))
            if has_data(chunks) or time.monotonic() - started_at > MAX_COMMENT_SECONDS:
                break
        if accumulator.first_token is None and accumulator.error is not None:
            await events.aclose()
    except BaseException:
        await events.aclose()
        raise
    return b"".join(buffered)
