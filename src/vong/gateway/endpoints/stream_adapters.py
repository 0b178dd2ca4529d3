"""Accumulators for streams of other endpoints: passed through unchanged, or translated for the caller."""

from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.base import EndpointAdapter, StreamEncoder
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.translators.content import MALFORMED_ERRORS
from vong.gateway.upstream.sse import DONE_DATA, event_data

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
        if data is not None and data != DONE_DATA:
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
        if data == DONE_DATA:
            self.received_done = True
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


def _invalid_event(error: Exception) -> UpstreamFailed:
    return UpstreamFailed(f"the upstream streamed an unexpected event: {error!r}", "try again")
