"""Run a model call, write its response as it arrives, and close the call however it ends.

`ResponseWriter` is implemented by the HTTP protocol (`protocol.model_calls`) and by the ASGI application (`app`).
"""

import asyncio
import logging
import re
from contextlib import aclosing
from typing import Protocol

from vong.api.openai.errors import RequestTooLarge, body_of, event_of, status_of
from vong.errors import InvalidInput, RateLimitExceeded, VongError
from vong.gateway.fastpath.call import FastCall
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.providers import ProviderResponse, Shape
from vong.records import new_id

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]
JSON = (b"content-type", b"application/json")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
PLAIN = (
    b"content-type: application/json\r\ncontent-length: %d\r\n%bx-request-id: req_%b\r\n"
    b"x-vong-span-id: %b\r\nx-vong-trace-id: %b\r\n%b"
)
EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


class ResponseWriter(Protocol):
    """Destination of a response.

    `started` is true after the head was sent, `client_left` after the client has disconnected. In that case the task
    that runs the call was cancelled.
    """

    started: bool
    client_left: bool

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        ...

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send a part of the body, and wait if the client reads slowly."""
        ...


async def answer(call: ModelCall, out: ResponseWriter) -> None:
    """Run a call and write its response. Close the call however it ends."""
    head = _identity(call)
    try:
        reply = await call.open()
        if reply.events is None:
            headers = whole_head(call, reply)
            call.close()
            await out.start(reply.status, headers)
            await out.write(reply.body, more=False)
        else:
            head += _told(call)
            await _stream(call, reply, head, out)
            call.close()
    except asyncio.CancelledError as error:
        call.close(error)
        if not out.client_left:
            raise
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()  # the client has disconnected, and this task has handled it
    except VongError as error:
        call.close(error, None if out.started else status_of(error))
        await _fail(out, error, head, call.shape)
    except RecursionError:  # from JSON in a text, for example tool arguments that a guard reads
        deep = InvalidInput("the call contains JSON that is nested too deeply", "reduce the nesting")
        call.close(deep, None if out.started else status_of(deep))
        await _fail(out, deep, head, call.shape)
    # The boundary of a request: an unexpected error is recorded and returned in the format of the endpoint.
    except Exception as error:
        log.exception("model call failed")
        call.close(error, None if out.started else 500)
        internal = VongError("the server failed on this request", "see the traceback in the server log")
        await _fail(out, internal, head, call.shape)


async def refuse(out: ResponseWriter, error: VongError, shape: Shape = "chat", head: Headers | None = None) -> None:
    """Write an error response in the format of the endpoint."""
    body = body_of(error, shape)
    headers = [JSON, (b"content-length", b"%d" % len(body))]
    headers += head or [(b"x-request-id", f"req_{new_id().hex}".encode())]
    if isinstance(error, RequestTooLarge):
        headers.append((b"connection", b"close"))
    if isinstance(error, RateLimitExceeded) and error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % error.retry_after))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await out.start(status_of(error), headers)
    await out.write(body, more=False)


def whole_head(call: ModelCall, reply: ProviderResponse) -> Headers:
    """Return the headers of a response that is not streamed."""
    head = _identity(call) + _told(call)
    return [JSON, (b"content-length", b"%d" % len(reply.body)), *_passed(reply, head), *head]


def plain_lines(call: FastCall, reply: ProviderResponse) -> bytes:
    """Return the headers of a fast call as lines."""
    digits, headers, upstream = b"%032x" % call.span_number, call.response_headers, b""
    own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()
    if reply.headers:
        head = [(name.encode(), b"") for name in headers]
        upstream = b"".join([b"%b: %b\r\n" % header for header in _passed(reply, head)])
    dashed = b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return PLAIN % (len(reply.body), upstream, digits, dashed, digits, own)


async def _stream(call: ModelCall, reply: ProviderResponse, head: Headers, out: ResponseWriter) -> None:
    async with aclosing(call.events(reply)) as events:
        async for batch in events:
            if not out.started:
                await out.start(200, [*EVENTS, *_passed(reply, head), *head])
            await out.write(batch, more=True)
    await out.write(b"", more=False)


async def _fail(out: ResponseWriter, error: VongError, head: Headers, shape: Shape) -> None:
    """Write an error: as a response before the first byte, later as the last event of the stream."""
    if error.status >= 500:
        log.warning("%s: %s", error.code, error)
    if out.started:
        await out.write(event_of(error, shape), more=False)
    else:
        await refuse(out, error, shape, head)


def _identity(call: ModelCall) -> Headers:
    """Return the headers that identify the call."""
    digits = b"%032x" % call.id.int
    dashed = b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return [
        (b"x-request-id", b"req_" + digits),
        *([(b"request-id", b"req_" + digits)] if call.shape == "messages" else ()),
        (b"x-vong-span-id", dashed),
        (b"x-vong-trace-id", call.trace.trace_id.encode()),
    ]


def _told(call: ModelCall) -> Headers:
    return [(name.encode(), value.encode()) for name, value in call.told.items()]


def _passed(reply: ProviderResponse, head: Headers) -> Headers:
    """Return the upstream headers that clients act on: Retry-After, and rate limits unless Vong sets its own.

    Only these headers may contain arbitrary characters, so control characters are replaced.
    """
    if not reply.headers:
        return []
    ours = any(name.startswith(b"x-ratelimit-") for name, _ in head)
    return [
        (name.encode("latin-1"), _CONTROL.sub(b" ", value.encode("latin-1")))
        for name, value in reply.headers.items()
        if name != "x-request-id" and not (ours and name.startswith("x-ratelimit-"))
    ]
