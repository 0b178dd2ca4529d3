"""Streams of other shapes, told as a chat's: by a provider that speaks the caller's shape, or translated for them."""

from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.base import ChunkDecoder, EndpointAdapter, StreamEncoder
from vong.gateway.endpoints.stream import StreamAccumulator

MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What a walk through JSON of another form raises."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class PassthroughStream(StreamAccumulator):
    """A stream in the caller's own shape: every event passes on as it came."""

    def __init__(self, chunks: ChunkDecoder) -> None:
        super().__init__(with_usage=True)
        self._chunked = chunks

    @property
    def ended(self) -> bool:
        """Whether the stream came to its proper end."""
        return self._chunked.ended or self.error is not None

    def event(self, event: bytes) -> bytes:
        """Note what an event says."""
        data = data_of(event)
        if data is not None and data != b"[DONE]":
            try:
                for chunk in self._chunked.take(_decode(data)):
                    self.note(chunk)
            except MALFORMED as error:
                raise _odd(error) from error
        return event


class TranslatedStream(StreamAccumulator):
    """A chat's stream that becomes one of the caller's shape."""

    def __init__(self, shape: EndpointAdapter, streamed: StreamEncoder) -> None:
        super().__init__(with_usage=True)
        self._shape = shape
        self._streamed = streamed

    def event(self, event: bytes) -> bytes:
        """The events that follow from one of a chat."""
        data = data_of(event)
        if data is None:
            return b""
        if data == b"[DONE]":
            self.done = True
            return b""
        try:
            chunk = _decode(data)
            self.note(chunk)
            if chunk.get("error") is None:
                return self._streamed.take(chunk)
        except MALFORMED as error:
            raise _odd(error) from error
        said = self.error if isinstance(self.error, dict) else {"message": str(self.error)}
        return self._shape.error_event(502, said)

    def tail(self) -> bytes:
        """How the caller's shape ends."""
        return b"" if self.error is not None else self._streamed.end()


def data_of(event: bytes) -> bytes | None:
    """The data of one event; None where it has none, as a comment."""
    for line in event.split(b"\n"):
        if line.startswith(b"data:"):
            return line[5:].strip()
    return None


def _odd(error: Exception) -> UpstreamFailed:
    return UpstreamFailed(f"the upstream streamed an event that is none of an answer: {error!r}", "ask again")
