"""One connection to an upstream: an asyncio protocol on top of llhttp's parser."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

import httptools
import msgspec

from vong.errors import UpstreamFailed, VongError
from vong.gateway.upstream.content_encoding import StreamDecoder, create_decoder
from vong.gateway.upstream.response import RESEND_HINT, ResponseLimits, UpstreamResponse

MAX_HEAD_BYTES = 64 * 1024
"""Maximum size of the status line and headers of a response."""

QUEUE_HEADER = "x-vong-queue-ms"
"""Time that a call waited in the queue of an engine, in milliseconds."""
FORWARDED_HEADERS = ("retry-after", "retry-after-ms", "x-ratelimit-", "x-request-id", QUEUE_HEADER)
"""Response headers, or prefixes of them, that are forwarded to the caller or recorded in a trace."""
MAX_CACHED_NAMES = 500
"""Maximum number of cached header names; upstreams send the same ones repeatedly."""
BODY_LENGTH_HEADERS = {"content-length", "transfer-encoding"}
ENCODING_HEADER = "content-encoding"
ENCODING_HINT = "turn off the compression of the upstream, or of the proxy in front of it"


class _HeaderName(NamedTuple):
    """Header name, with flags: delimits the body, is forwarded to the caller, names the encoding of the body."""

    text: str
    delimits_body: bool
    is_forwarded: bool
    is_encoding: bool


_header_names: dict[bytes, _HeaderName] = {}


def _classify_header(name: bytes) -> _HeaderName:
    text = name.decode("latin-1").lower()
    header = _HeaderName(text, text in BODY_LENGTH_HEADERS, text.startswith(FORWARDED_HEADERS), text == ENCODING_HEADER)
    if len(_header_names) < MAX_CACHED_NAMES:
        _header_names[name] = header
    return header


class HttpConnection(asyncio.Protocol):
    """Connection that carries one exchange at a time.

    `release(self)` is called when the connection is idle again, `on_close(self)` when it is closed.
    """

    def __init__(
        self, release: "Callable[[HttpConnection], None]", on_close: "Callable[[HttpConnection], None]"
    ) -> None:
        self.idle_since = 0.0
        self.loop = asyncio.get_running_loop()  # looked up once: in Python 3.11 each lookup is a system call
        self._release = release
        self._on_close = on_close
        self._transport: asyncio.Transport | None = None
        self._response: UpstreamResponse | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._feed = self._parser.feed_data
        self._head_bytes = 0
        self._is_interim = False
        self._has_body_length = False
        self._is_encoded = self._has_encoded_data = False
        self._decoder: StreamDecoder | None = None
        """Decoder of the current response, if its body is compressed."""
        self._reading_paused = False
        """Whether reading from the socket is paused."""

    @property
    def is_usable(self) -> bool:
        """Return True if a request can still be written."""
        return self._transport is not None and not self._transport.is_closing()

    def request(
        self, data: bytes, limits: ResponseLimits, on_complete: Callable[[], object] | None = None
    ) -> UpstreamResponse:
        """Write a complete request and return its response, which has not arrived yet."""
        assert self._transport is not None and self._response is None
        response = self._response = UpstreamResponse(self, limits, on_complete)
        self._head_bytes = 0
        self._has_body_length = self._is_encoded = self._has_encoded_data = False
        self._decoder = None
        self._transport.write(data)
        return response

    def pause(self) -> None:
        """Pause reading from the socket."""
        if self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Resume reading from the socket."""
        self._reading_paused = False
        if self.is_usable and self._transport is not None:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the connection at once; the upstream sees it end."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport when the connection is established."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport is no subclass of it
        self._transport.set_write_buffer_limits(high=0)  # uvloop then sends now, not at the end of its iteration

    def data_received(self, data: bytes) -> None:
        """Parse received bytes and wake the reader."""
        response = self._response
        if response is None:  # bytes without a request
            self.abort()
            return
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            response.fail(UpstreamFailed(f"the upstream sent an invalid HTTP response ({error})", "check its base_url"))
            self.abort()  # bytes after a complete response belong to no request
            response.wake_reader()
            return
        if self._response is not None and not response.status:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                response.fail(
                    UpstreamFailed(
                        f"the upstream sent more than {MAX_HEAD_BYTES} bytes of headers", "check its base_url"
                    )
                )
        response.wake_reader()

    def eof_received(self) -> bool:
        """Complete a response without a length when the upstream closes its side.

        If the response has a length, the closed side is a loss, which `connection_lost` reports.
        """
        response = self._response
        if response is not None and response.status and not self._has_body_length:
            self._response = None
            if not response.complete:
                self._finish_body(response)
                response.wake_reader()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the current response when the connection is closed."""
        self._on_close(self)
        response, self._response = self._response, None
        if response is not None and not response.complete:
            when = "during its response" if response.status else "without a response"
            reason = f" ({exc})" if exc else ""
            response.fail(UpstreamFailed(f"the upstream closed the connection {when}{reason}", RESEND_HINT))

    # Callbacks of the parser.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store one header."""
        response = self._response
        if response is not None:
            text, delimiting, passes, encodes = _header_names.get(name) or _classify_header(name)
            if encodes and text in response.headers:
                value = response.headers[text].encode("latin-1") + b"," + value
            response.headers[text] = value.decode("latin-1")
            if encodes:
                self._is_encoded = True
            if delimiting:
                self._has_body_length = True
            if passes:
                response.has_forwarded_headers = True

    def on_headers_complete(self) -> None:
        """Finish the headers; an interim response (1xx) is skipped."""
        status = self._parser.get_status_code()
        self._is_interim = status < 200
        if self._response is not None and self._is_interim:
            self._response.headers.clear()
            self._response.has_forwarded_headers = False
            self._has_body_length = self._is_encoded = False
        elif self._response is not None:
            if status in (204, 304):
                self._has_body_length = True
            self._response.on_headers(status)
            if self._is_encoded:
                self._start_decoding(self._response)

    def on_body(self, body: bytes) -> None:
        """Add a part of the body to the response."""
        response = self._response
        if response is None:
            return
        if not self._is_encoded:
            response.on_data(body)
            return
        self._has_encoded_data = True
        try:
            for part in self._decoder.decode(body) if self._decoder is not None else ():
                if response.complete:
                    break
                response.on_data(part)
        except VongError as error:
            self._refuse_body(response, error)

    def on_message_complete(self) -> None:
        """Finish the response and release or close the connection."""
        response = self._response
        if self._is_interim or response is None:
            return
        self._response = None
        keep = not response.complete and self._parser.should_keep_alive() and self.is_usable
        if not response.complete:
            self._finish_body(response)
        if keep:
            if self._reading_paused:
                self.resume()
            self._release(self)
        else:
            self.abort()

    def _start_decoding(self, response: UpstreamResponse) -> None:
        """Create the decoder of a compressed body."""
        try:
            self._decoder = create_decoder(response.headers[ENCODING_HEADER])
        except VongError as error:
            self._refuse_body(response, error)
        else:
            self._is_encoded = self._decoder is not None

    def _finish_body(self, response: UpstreamResponse) -> None:
        """Finish the body of a response, and check that a compressed one is complete."""
        if self._decoder is not None and self._has_encoded_data:
            try:
                self._decoder.finish()
            except VongError as error:
                self._refuse_body(response, error)
        response.on_end()

    def _refuse_body(self, response: UpstreamResponse, error: VongError) -> None:
        """Fail a response whose body cannot be decoded. An error keeps its status, and its body says why."""
        self._decoder = None
        encoding = response.headers.get(ENCODING_HEADER, "")[:100]
        reason = f"the upstream sent a body with the content-encoding {encoding!r}: {error.message}"
        if response.status < 400:
            response.fail(UpstreamFailed(reason, ENCODING_HINT))
            return
        message = f"the upstream responded with the status {response.status}; {reason}"
        fields = {"message": message, "type": "upstream_error", "param": None, "code": None}
        response.replace_body(msgspec.json.encode({"error": fields}))
