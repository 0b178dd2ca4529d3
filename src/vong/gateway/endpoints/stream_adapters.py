"""Accumulators for streams of other endpoints: passed through unchanged, or translated for the caller."""

from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.base import EndpointAdapter, StreamEncoder
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.providers.translation import ChunkDecoder, FinishingChunkDecoder
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.upstream.sse import DONE, DONE_DATA, encode_sse_event, event_data, has_end_event

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class PassthroughStream(StreamAccumulator):
    """Stream in the caller's own format: every event is forwarded unchanged.

    `last_event` ends a stream in this format. Servers that imitate the format may leave it out, or send OpenAI's end.
    """

    def __init__(self, decoder: ChunkDecoder, last_event: bytes = b"", *, with_usage: bool = True) -> None:
        super().__init__(with_usage)
        self._decoder = decoder
        self._last_event = last_event
        self._has_last_event = False

    @property
    def ended(self) -> bool:
        """Return True if the stream ended properly."""
        if self._decoder.ended or self.error is not None:
            return True
        return bool(self._last_event) and super().ended

    def feed_event(self, event: bytes) -> bytes:
        """Record the chunks of an event and return it unchanged, without keep-alive events that clients cannot read."""
        data = event_data(event)
        if data == DONE_DATA:
            self.received_done = bool(self._last_event)
            self._has_last_event |= self._last_event == DONE
            return event if self._last_event == DONE else b""
        if not data:
            return event if data is None or b'"type"' in event else b""
        try:
            fields = _decode(data)
            for chunk in self._decoder.decode(fields):
                self.record_chunk(chunk)
        except MALFORMED_ERRORS as error:
            raise _invalid_event(error) from error
        if self._decoder.ended and has_end_event(event):
            self.received_done = self._has_last_event = True
        return event if self._with_usage else _without_usage(event, fields)

    def finish(self) -> bytes:
        """Return the last event if the upstream has left it out."""
        if self._has_last_event or self.error is not None:
            return b""
        if isinstance(self._decoder, FinishingChunkDecoder):
            for chunk in self._decoder.finish():
                self.record_chunk(chunk)
        return self._last_event


class TranslatedStream(StreamAccumulator):
    """Chat stream that is translated into the format of the caller's endpoint."""

    def __init__(self, adapter: EndpointAdapter, encoder: StreamEncoder, request_id: str | None = None) -> None:
        super().__init__(with_usage=True, single_choice=adapter.name != "completions")
        self._adapter = adapter
        self._request_id = request_id
        self._encoder = encoder
        self._has_failed = False

    def feed_event(self, event: bytes) -> bytes:
        """Translate one chat event into the caller's format."""
        data = event_data(event)
        if not data:
            return b""
        if data == DONE_DATA:
            self.received_done = True
            return b""
        if self._has_failed:
            return b""  # the caller has received the last event
        try:
            chunk = _decode(data)
            self.record_chunk(chunk)
            if not chunk.get("choices") and chunk.get("usage") is None and self.error is None:
                self._find_error(data)
            self._has_failed = self.error is not None
            if not self._has_failed:
                return self._encoder.encode(chunk)
        except MALFORMED_ERRORS as error:
            raise _invalid_event(error) from error
        details = self.error if isinstance(self.error, dict) else {"message": str(self.error)}
        return self._adapter.error_event(502, details, self._request_id)

    def finish(self) -> bytes:
        """Return the last events in the caller's format."""
        return b"" if self.error is not None else self._encoder.finish()


def _without_usage(event: bytes, fields: dict[str, Any]) -> bytes:
    """Return an event of a text completion without its usage."""
    if fields.get("usage") is None:
        return event
    if not fields.get("choices"):
        return b""
    return encode_sse_event({name: value for name, value in fields.items() if name != "usage"})


def _invalid_event(error: Exception) -> UpstreamFailed:
    return UpstreamFailed(f"the upstream streamed an unexpected event: {error!r}", "try again")
