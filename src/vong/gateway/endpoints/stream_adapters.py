"""Accumulators for streams of other endpoints: passed through unchanged, or translated for the caller."""

from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.base import ChunkDecoder, EndpointAdapter, StreamEncoder
from vong.gateway.endpoints.stream import StreamAccumulator

MALFORMED_ERRORS = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""Exceptions raised when JSON does not have the expected format."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class PassthroughStream(StreamAccumulator):
    """Stream in the caller's own format: every event is forwarded unchanged."""

    def __init__(self, decoder: ChunkDecoder) -> None:
        super().__init__(with_usage=True)
        self._decoder = decoder

    @property
    def ended(self) -> bool:
        """Return True if the stream ended properly."""
        return self._decoder.ended or self.error is not None

    def feed_event(self, event: bytes) -> bytes:
        """Record the chunks of an event and return it unchanged."""
        data = event_data(event)
        if data is not None and data != b"[DONE]":
            try:
                for chunk in self._decoder.decode(_decode(data)):
                    self.record_chunk(chunk)
            except MALFORMED_ERRORS as error:
                raise _invalid_event(error) from error
        return event


class TranslatedStream(StreamAccumulator):
    """Chat stream that is translated into the format of the caller's endpoint."""

    def __init__(self, adapter: EndpointAdapter, encoder: StreamEncoder) -> None:
        super().__init__(with_usage=True)
        self._adapter = adapter
        self._encoder = encoder

    def feed_event(self, event: bytes) -> bytes:
        """Translate one chat event into the caller's format."""
        data = event_data(event)
        if data is None:
            return b""
        if data == b"[DONE]":
            self.done = True
            return b""
        try:
            chunk = _decode(data)
            self.record_chunk(chunk)
            if chunk.get("error") is None:
                return self._encoder.encode(chunk)
        except MALFORMED_ERRORS as error:
            raise _invalid_event(error) from error
        details = self.error if isinstance(self.error, dict) else {"message": str(self.error)}
        return self._adapter.error_event(502, details)

    def finish(self) -> bytes:
        """Return the last events in the caller's format."""
        return b"" if self.error is not None else self._encoder.finish()


def event_data(event: bytes) -> bytes | None:
    """Return the data of an event, or None if it has none (a comment, for example)."""
    for line in event.split(b"\n"):
        if line.startswith(b"data:"):
            return line[5:].strip()
    return None


def _invalid_event(error: Exception) -> UpstreamFailed:
    return UpstreamFailed(f"the upstream streamed an unexpected event: {error!r}", "try again")
