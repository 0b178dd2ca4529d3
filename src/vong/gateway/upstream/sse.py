"""Server-sent events as providers send them: cut at their ends, passed on as soon as they are whole."""

from collections.abc import AsyncGenerator

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.upstream.response import UpstreamResponse

MAX_EVENT = 16 * 1024 * 1024
DONE = b"data: [DONE]\n\n"


async def whole_events(response: UpstreamResponse) -> AsyncGenerator[bytes]:
    """What has arrived, up to the last end of an event, each time more has arrived. Line ends become LF.

    Leaving the generator early closes the response, which cancels the call at the upstream.
    """
    rest = b""
    try:
        while piece := await response.piece():
            data = rest + piece if rest else piece
            if b"\r" in data:
                data = data.replace(b"\r\n", b"\n")
            end = data.rfind(b"\n\n") + 2
            rest = data[end:] if end > 1 else data
            if end > 1:
                yield data[:end]
            if len(rest) > MAX_EVENT:
                raise UpstreamFailed(f"the upstream sent an event of more than {MAX_EVENT} bytes")
        if rest.strip():
            yield rest.rstrip(b"\n") + b"\n\n"
    finally:
        response.close()


def event(data: object) -> bytes:
    """One event with that JSON."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"
