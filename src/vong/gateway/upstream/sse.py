"""Server-sent events of providers: split at their ends and passed on as soon as they are complete."""

from collections.abc import AsyncGenerator

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.upstream.response import UpstreamResponse

MAX_EVENT_BYTES = 16 * 1024 * 1024
DONE = b"data: [DONE]\n\n"


async def read_sse_events(response: UpstreamResponse) -> AsyncGenerator[bytes]:
    """Yield the complete events received so far, each time more data has arrived.

    Each item is one or more complete events, with line ends normalised to LF. Closing the generator early closes the
    response, which cancels the call at the upstream.
    """
    rest = b""
    try:
        while chunk := await response.read_chunk():
            data = rest + chunk if rest else chunk
            if b"\r" in data:
                data = data.replace(b"\r\n", b"\n")
            end = data.rfind(b"\n\n") + 2
            rest = data[end:] if end > 1 else data
            if end > 1:
                yield data[:end]
            if len(rest) > MAX_EVENT_BYTES:
                raise UpstreamFailed(f"the upstream sent an event that exceeds {MAX_EVENT_BYTES} bytes")
        if rest.strip():
            yield rest.rstrip(b"\n") + b"\n\n"
    finally:
        response.close()


def encode_sse_event(data: object) -> bytes:
    """Encode data as one event with a JSON payload."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"
