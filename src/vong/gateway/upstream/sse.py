"""Server-sent events of upstreams: the only reader of event streams in the gateway.

Follows WHATWG HTML, section 9.2.6, with one exception: an event at the end of the stream counts even if the empty line
after it is missing. Some providers omit that line, and the dropped event would be the one with usage or finish reason.
HTTP already reports a connection that breaks inside the body, and half an event fails as invalid JSON.
"""

from collections.abc import AsyncGenerator

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.upstream.response import UpstreamResponse

MAX_EVENT_BYTES = 16 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DONE_DATA = b"[DONE]"
"""Data of the event that ends a stream in OpenAI's format."""
DONE = b"data: " + DONE_DATA + b"\n\n"


class _LineEndNormalizer:
    """Normaliser of a byte stream, cut anywhere: removes the byte order mark and replaces CR LF and CR by LF."""

    __slots__ = ("_after_cr", "_start", "is_pending")

    def __init__(self) -> None:
        self.is_pending = True
        """Whether the next chunk must be normalised even if it contains no CR."""
        self._start: bytes | None = b""
        """First bytes of the stream while they may be a byte order mark, then None."""
        self._after_cr = False

    def normalize(self, chunk: bytes) -> bytes:
        """Return a chunk after normalisation. An incomplete byte order mark is held back."""
        if self._start is not None:
            chunk = self._start + chunk
            if len(chunk) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(chunk):
                self._start = chunk
                return b""
            self._start = None
            chunk = chunk.removeprefix(BYTE_ORDER_MARK)
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")  # the second half of a CR LF that was cut in two
        self._after_cr = self.is_pending = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


async def read_sse_events(response: UpstreamResponse) -> AsyncGenerator[bytes]:
    """Yield the complete events received so far, each time more data has arrived.

    Each item is one or more complete events, with line ends normalised to LF. Closing the generator early closes the
    response, which cancels the call at the upstream.
    """
    normalizer, rest = _LineEndNormalizer(), b""
    try:
        while chunk := await response.read_chunk():
            if normalizer.is_pending or b"\r" in chunk:
                chunk = normalizer.normalize(chunk)
            if rest:
                chunk = rest + chunk
            if chunk.endswith(b"\n\n"):
                rest = b""
                yield chunk  # the common case: complete events, passed on without a copy
                continue
            end = chunk.rfind(b"\n\n") + 2
            rest = chunk[end:] if end > 1 else chunk
            if end > 1:
                yield chunk[:end]
            if len(rest) > MAX_EVENT_BYTES:
                raise UpstreamFailed(f"the upstream sent an event that exceeds {MAX_EVENT_BYTES} bytes")
        if rest := rest.rstrip(b"\n"):
            yield rest + b"\n\n"
    finally:
        response.close()


def split_events(batch: bytes) -> list[bytes]:
    """Split a batch of complete events into single events."""
    return [event + b"\n\n" for event in batch.split(b"\n\n") if event]


def event_data(event: bytes) -> bytes | None:
    """Return the data of an event, its lines joined by LF, or None if it has none (a comment, for example)."""
    if event[:6] == b"data: " and event.find(b"\n") == len(event) - 2:
        return event[6:-2]  # OpenAI's form: one line
    if event[:6] == b"event:":
        start = event.find(b"\n") + 1
        if event[start : start + 6] == b"data: " and event.find(b"\n", start) == len(event) - 2:
            return event[start + 6 : -2]  # Anthropic's form: a name and one line
    lines = [line.partition(b":") for line in event.split(b"\n")]
    values = [value.removeprefix(b" ") for field, _, value in lines if field == b"data"]
    return b"\n".join(values) if values else None


def batch_data(batch: bytes) -> list[bytes]:
    """Return the data of each event of a batch that has some."""
    return [data for event in split_events(batch) if (data := event_data(event)) is not None]


def encode_sse_event(data: object) -> bytes:
    """Encode data as one event with a JSON payload."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def encode_named_event(data: dict[str, object]) -> bytes:
    """Encode data as one event with a JSON payload, named by the `type` of the data."""
    return b"event: %b\ndata: %b\n\n" % (str(data["type"]).encode(), msgspec.json.encode(data))
