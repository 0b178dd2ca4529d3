"""Server-sent events of upstreams: the only reader of event streams in the gateway.

Follows WHATWG HTML, section 9.2.6, with one exception: an event at the end of the stream counts even if the empty line
after it is missing. Some providers omit that line, and the dropped event would be the one with usage or finish reason.
HTTP already reports a connection that breaks inside the body, and half an event fails as invalid JSON.
"""

import re
from collections.abc import AsyncGenerator

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.upstream.response import UpstreamResponse
from vong.gateway.upstream.surrogates import SurrogateJoiner, has_lone_surrogate

MAX_EVENT_BYTES = 16 * 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DONE_DATA = b"[DONE]"
"""Data of the event that ends a stream in OpenAI's format."""
DONE = b"data: " + DONE_DATA + b"\n\n"
END_PATTERN = re.compile(rb'"type"\s*:\s*"(?:message_stop|message-end|response\.(?:completed|incomplete|failed))"')
"""Pattern of the types of last events. It cannot match within a text, where quotation marks are escaped."""
KEEP_ALIVE_NAMES = frozenset({b"ping", b"keepalive", b"keep-alive", b"heartbeat"})
"""Names of events that only keep the connection alive."""
EMPTY_DATA = frozenset({b"", b"{}", b"null", b'{"type":"ping"}', b'{"type": "ping"}'})
"""Data of events that say nothing."""
SHORT_EVENT_BYTES = 32
"""Bytes up to which an event may be empty, or end the stream with blanks around its mark."""
COMMON_STARTS = (b'data: {"', b"event: content", b"event: message", b"event: response")
"""Beginnings of batches that contain data."""


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


class EventAssembler:
    """Assembler of complete events from a byte stream, cut anywhere."""

    __slots__ = ("_joiner", "_normalizer", "_rest")

    def __init__(self) -> None:
        self._normalizer = _LineEndNormalizer()
        self._rest = b""
        self._joiner: SurrogateJoiner | None = None

    def feed(self, chunk: bytes) -> bytes:
        """Return the events that a chunk completes, with repaired surrogates, or empty bytes."""
        if self._normalizer.is_pending or b"\r" in chunk:
            chunk = self._normalizer.normalize(chunk)
        if self._rest:
            chunk = self._rest + chunk
        if chunk.endswith(b"\n\n"):
            batch, self._rest = chunk, b""  # the common case: complete events, passed on without a copy
        else:
            end = chunk.rfind(b"\n\n") + 2
            batch, self._rest = (chunk[:end], chunk[end:]) if end > 1 else (b"", chunk)
            if len(self._rest) > MAX_EVENT_BYTES:
                self._rest = b""
                raise UpstreamFailed(f"the upstream sent an event that exceeds {MAX_EVENT_BYTES} bytes")
        return self._repair(batch) if self._joiner is not None or has_lone_surrogate(batch) else batch

    def finish(self) -> bytes:
        """Return the last events, at the end of the stream."""
        rest = self._rest.rstrip(b"\n")
        batch = rest + b"\n\n" if rest else b""
        if self._joiner is None and not has_lone_surrogate(batch):
            return batch
        batch = self._repair(batch)
        assert self._joiner is not None
        return batch + b"".join(map(_encode_data, self._joiner.finish()))

    def _repair(self, batch: bytes) -> bytes:
        """Return a batch with repaired surrogates. Events without a half before or in them are not changed."""
        joiner = self._joiner = self._joiner or SurrogateJoiner()
        events = list[bytes]()
        for event in split_events(batch):
            data = event_data(event)
            if not data or not (joiner.is_waiting or has_lone_surrogate(event)):
                events.append(event)
            elif data == DONE_DATA:
                events += [*map(_encode_data, joiner.finish()), event]
            else:
                encode = _encode_with_name if event.startswith(b"event:") or b"\nevent:" in event else _encode_data
                events += map(encode, joiner.feed(data))
        return b"".join(events)


async def read_sse_events(response: UpstreamResponse) -> AsyncGenerator[bytes]:
    """Yield the complete events received so far, each time more data has arrived.

    Each item is one or more complete events, with line ends normalised to LF and lone surrogates repaired. Closing the
    generator early closes the response, which cancels the call at the upstream. A response that has said its end may
    end by itself, so that its connection can be used again.
    """
    assembler, batch = EventAssembler(), b""
    try:
        while chunk := await response.read_chunk():
            if batch := assembler.feed(chunk):
                if not has_data(batch):
                    response.ignore_chunk()
                yield batch
        if batch := assembler.finish():
            yield batch
    finally:
        if has_end_event(batch):
            response.release()
        else:
            response.close()


def split_events(batch: bytes) -> list[bytes]:
    """Split a batch of complete events into single events."""
    return [event + b"\n\n" for event in batch.split(b"\n\n") if event]


def event_data(event: bytes) -> bytes | None:
    """Return the data of an event, its lines joined by LF, or None if it has none (a comment, for example).

    The data of an event that only keeps the connection alive is empty: blank data, `{}`, or any data of a `ping`.
    """
    if event[:6] == b"data: " and event.find(b"\n") == len(event) - 2:
        return event[6:-2] if len(event) > SHORT_EVENT_BYTES else _strip_short(event[6:-2])  # OpenAI's form: one line
    if event[:6] == b"event:":
        start = event.find(b"\n") + 1
        if event[6:start].strip() in KEEP_ALIVE_NAMES:
            return b"" if b"\ndata" in event else None
        if event[start : start + 6] == b"data: " and event.find(b"\n", start) == len(event) - 2:
            return _strip_short(event[start + 6 : -2])  # Anthropic's form: a name and one line
    lines = [line.partition(b":") for line in event.split(b"\n")]
    values = [value.removeprefix(b" ") for field, _, value in lines if field == b"data"]
    names = [value.strip() for field, _, value in lines if field == b"event"]
    if values and names and names[-1] in KEEP_ALIVE_NAMES:
        return b""
    return _strip_short(b"\n".join(values)) if values else None


def batch_data(batch: bytes) -> list[bytes]:
    """Return the data of each event of a batch that has some."""
    return [data for event in split_events(batch) if (data := event_data(event))]


def has_data(batch: bytes) -> bool:
    """Return True if a batch contains more than comments and events that only keep the connection alive."""
    if len(batch) > 2 * SHORT_EVENT_BYTES and batch.startswith(COMMON_STARTS):
        return True
    return any(event_data(event) for event in split_events(batch))


def has_end_event(batch: bytes) -> bool:
    """Return True if a batch contains the event with which an API ends its streams."""
    if not batch:
        return False
    return END_PATTERN.search(batch) is not None or (DONE_DATA in batch and DONE_DATA in batch_data(batch))


def _strip_short(data: bytes) -> bytes:
    """Return data, and short data without blanks around it; empty data if it says nothing."""
    if len(data) > SHORT_EVENT_BYTES:
        return data
    stripped = data.strip()
    if stripped in EMPTY_DATA:
        return b""
    return DONE_DATA if stripped == DONE_DATA else data


def _encode_data(data: bytes) -> bytes:
    return b"data: %b\n\n" % data


def _encode_with_name(data: bytes) -> bytes:
    """Encode the data of an event with the name that its `type` states."""
    try:
        name = msgspec.json.decode(data)["type"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return _encode_data(data)
    return b"event: %b\ndata: %b\n\n" % (str(name).encode(), data)


def encode_sse_event(data: object) -> bytes:
    """Encode data as one event with a JSON payload."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def encode_named_event(data: dict[str, object]) -> bytes:
    """Encode data as one event with a JSON payload, named by the `type` of the data."""
    return b"event: %b\ndata: %b\n\n" % (str(data["type"]).encode(), msgspec.json.encode(data))
