"""Response writers that convert the responses of the gateway into those of Ollama's API."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.types import Send

from vong.api.openai.model_handlers import AsgiResponseWriter
from vong.api.openai.responder import JSON_CONTENT_TYPE, Headers
from vong.errors import UpstreamFailed, error_message, parse_error
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.translators.json_lines import encode_json_line
from vong.gateway.translators.ollama_response import OllamaCall, OllamaLineEncoder
from vong.gateway.upstream.sse import DONE_DATA, batch_data

log = logging.getLogger(__name__)

LINES_CONTENT_TYPE = (b"content-type", b"application/x-ndjson")
REPLACED_HEADERS = frozenset({b"content-type", b"content-length"})


class CompleteWriter(AsgiResponseWriter):
    """Writer of a complete response. `convert` translates a successful one; an error becomes `{"error": message}`."""

    def __init__(self, send: Send, convert: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        super().__init__(send)
        self._convert = convert
        self._status = 200
        self._headers: Headers = []
        self._parts: list[bytes] = []

    async def start(self, status: int, headers: Headers) -> None:
        """Store the status and headers until the body is complete."""
        self.started = True
        self._status, self._headers = status, headers

    async def write(self, data: bytes, *, more: bool) -> None:
        """Store a part of the body. Send the converted response after the last part."""
        self._parts.append(data)
        if more:
            return
        body = self._translate(b"".join(self._parts))
        kept = [header for header in self._headers if header[0] not in REPLACED_HEADERS]
        await super().start(self._status, [JSON_CONTENT_TYPE, (b"content-length", b"%d" % len(body)), *kept])
        await super().write(body, more=False)

    def _translate(self, body: bytes) -> bytes:
        if self._status < 400:
            try:
                return msgspec.json.encode(self._convert(msgspec.json.decode(body)))
            except UpstreamFailed as error:
                log.warning("%s: %s", error.code, error)
                self._status = error.status
                return msgspec.json.encode({"error": str(error)})
            except MALFORMED_ERRORS as error:
                self._status = 502
                message = f"the response of the upstream does not match its API format: {error!r}"
                return msgspec.json.encode({"error": f"{message}; check the base_url of the provider"})
        message = error_message(parse_error(body)) or body[:2000].decode("utf-8", "replace")
        return msgspec.json.encode({"error": message})


class StreamWriter(CompleteWriter):
    """Writer of a stream as lines of JSON. An error before the stream starts is a complete response."""

    def __init__(self, send: Send, call: OllamaCall) -> None:
        super().__init__(send, convert=dict)
        self._encoder = OllamaLineEncoder(call)
        self._streams = False

    async def start(self, status: int, headers: Headers) -> None:
        """Send the head of a stream. Store the head of an error."""
        if status >= 400:
            await super().start(status, headers)
            return
        self._streams = True
        kept = [header for header in headers if header[0] not in REPLACED_HEADERS]
        await AsgiResponseWriter.start(self, status, [LINES_CONTENT_TYPE, *kept])

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send the lines for a batch of events."""
        if not self._streams:
            await super().write(data, more=more)
            return
        lines = self._encode(data)
        if lines or not more:
            await AsgiResponseWriter.write(self, lines, more=more)

    def _encode(self, batch: bytes) -> bytes:
        lines = list[bytes]()
        for data in batch_data(batch):
            try:
                is_end = data == DONE_DATA
                lines.append(self._encoder.finish() if is_end else self._encoder.encode(msgspec.json.decode(data)))
            except UpstreamFailed as error:
                lines.append(encode_json_line({"error": str(error)}))
            except MALFORMED_ERRORS as error:
                lines.append(encode_json_line({"error": f"the upstream streamed an unexpected event: {error!r}"}))
        return b"".join(lines)
