"""Run a model call, write its response as it arrives, and close the call however it ends.

`ResponseWriter` is implemented by the HTTP protocol (`protocol.model_calls`) and over ASGI (`model_handlers`).
"""

import asyncio
import logging
import re
from contextlib import aclosing
from typing import Protocol

from vong.api.openai.errors import RequestTooLarge, encode_error, encode_error_event, http_status
from vong.errors import InvalidInput, VongError
from vong.gateway.fastpath.call import FastCall
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.pipeline.media_call import MediaCall
from vong.gateway.providers import Endpoint, ProviderResponse
from vong.records import new_id

log = logging.getLogger(__name__)

Headers = list[tuple[bytes, bytes]]
JSON_CONTENT_TYPE = (b"content-type", b"application/json")
_CONTROL_CHARS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
FAST_HEADERS = (
    b"content-type: application/json\r\ncontent-length: %d\r\n%bx-request-id: req_%b\r\n"
    b"x-vong-span-id: %b\r\nx-vong-trace-id: %b\r\n%b"
)
STREAM_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


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


def close_cancelled(call: ModelCall | MediaCall, writer: ResponseWriter, error: asyncio.CancelledError) -> None:
    """Close a call whose task was cancelled. Raises the error again, unless the client has disconnected."""
    call.close(error)
    if not writer.client_left:
        raise error
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()  # this task has handled the disconnect


async def run_call(call: ModelCall, writer: ResponseWriter) -> None:
    """Run a call and write its response. Close the call however it ends."""
    head = _id_headers(call)
    try:
        reply = await call.open()
        if reply.events is None:
            headers = build_headers(call, reply)
            call.close()
            await writer.start(reply.status, headers)
            await writer.write(reply.body, more=False)
        else:
            head += _vong_headers(call)
            await _send_stream(call, reply, head, writer)
            call.close()
    except asyncio.CancelledError as error:
        close_cancelled(call, writer, error)
    except VongError as error:
        call.close(error, None if writer.started else http_status(error))
        await _send_failure(writer, error, head, call.endpoint)
    except RecursionError:  # from JSON in a text, for example tool arguments that a guard reads
        deep = InvalidInput("the call contains JSON that is nested too deeply", "reduce the nesting")
        call.close(deep, None if writer.started else http_status(deep))
        await _send_failure(writer, deep, head, call.endpoint)
    # The boundary of a request: an unexpected error is recorded and returned in the format of the endpoint.
    except Exception as error:
        log.exception("model call failed")
        call.close(error, None if writer.started else 500)
        internal = VongError("the server failed on this request", "see the traceback in the server log")
        await _send_failure(writer, internal, head, call.endpoint)


async def send_error(
    writer: ResponseWriter, error: VongError, endpoint: Endpoint = "chat", head: Headers | None = None
) -> None:
    """Write an error response in the format of the endpoint. `head` identifies the call, with the request id first."""
    head = head or request_id_headers(endpoint)
    body = encode_error(error, endpoint, head[0][1].decode())
    await writer.start(http_status(error), error_headers(error, body, head))
    await writer.write(body, more=False)


def request_id_headers(endpoint: Endpoint, digits: bytes | None = None) -> Headers:
    """Return the headers with the id of a request, which is a new one unless its 32 digits are given."""
    request_id = b"req_" + (digits or new_id().hex.encode())
    headers = [(b"x-request-id", request_id)]
    return [*headers, (b"request-id", request_id)] if endpoint == "messages" else headers


def error_headers(error: VongError, body: bytes, head: Headers) -> Headers:
    """Return the headers of an error response. `head` identifies the request."""
    headers = [JSON_CONTENT_TYPE, (b"content-length", b"%d" % len(body)), *head]
    if isinstance(error, RequestTooLarge):
        headers.append((b"connection", b"close"))
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers


def build_headers(call: ModelCall, reply: ProviderResponse) -> Headers:
    """Return the headers of a response that is not streamed."""
    head = _id_headers(call) + _vong_headers(call)
    return [JSON_CONTENT_TYPE, (b"content-length", b"%d" % len(reply.body)), *_upstream_headers(reply, head), *head]


def build_fast_headers(call: FastCall, reply: ProviderResponse) -> bytes:
    """Return the headers of a fast call as lines."""
    digits, headers, upstream = b"%032x" % call.span_number, call.response_headers, b""
    own = "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode()
    if reply.headers:
        head = [(name.encode(), b"") for name in headers]
        upstream = b"".join([b"%b: %b\r\n" % header for header in _upstream_headers(reply, head)])
    dashed = b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return FAST_HEADERS % (len(reply.body), upstream, digits, dashed, digits, own)


async def _send_stream(call: ModelCall, reply: ProviderResponse, head: Headers, writer: ResponseWriter) -> None:
    async with aclosing(call.events(reply)) as events:
        async for batch in events:
            if not writer.started:
                await writer.start(200, [*STREAM_HEADERS, *_upstream_headers(reply, head), *head])
            await writer.write(batch, more=True)
    await writer.write(b"", more=False)


async def _send_failure(writer: ResponseWriter, error: VongError, head: Headers, endpoint: Endpoint) -> None:
    """Write an error: as a response before the first byte, later as the last event of the stream."""
    if error.status >= 500:
        log.warning("%s: %s", error.code, error)
    if writer.started:
        await writer.write(encode_error_event(error, endpoint, head[0][1].decode()), more=False)
    else:
        await send_error(writer, error, endpoint, head)


def _id_headers(call: ModelCall) -> Headers:
    """Return the headers that identify the call."""
    digits = b"%032x" % call.id.int
    dashed = b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return [
        *request_id_headers(call.endpoint, digits),
        (b"x-vong-span-id", dashed),
        (b"x-vong-trace-id", call.trace.trace_id.encode()),
    ]


def _vong_headers(call: ModelCall) -> Headers:
    return [(name.encode(), value.encode()) for name, value in call.response_headers.items()]


def _upstream_headers(reply: ProviderResponse, head: Headers) -> Headers:
    """Return the upstream headers that clients act on: Retry-After, and rate limits unless Vong sets its own.

    Only these headers may contain arbitrary characters, so control characters are replaced.
    """
    if not reply.headers:
        return []
    ours = any(name.startswith(b"x-ratelimit-") for name, _ in head)
    return [
        (name.encode("latin-1"), _CONTROL_CHARS.sub(b" ", value.encode("latin-1")))
        for name, value in reply.headers.items()
        if name != "x-request-id" and not (ours and name.startswith("x-ratelimit-"))
    ]
