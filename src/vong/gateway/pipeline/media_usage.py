"""Usage of calls with audio or images, read from the body of the response while it passes."""

from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.providers.response_check import find_error
from vong.gateway.translators.token_counts import first_count, token_count
from vong.gateway.upstream.sse import EventAssembler, batch_data

MAX_RECORDED_BYTES = 64 * 1024 * 1024
"""Bytes of a JSON response that are kept to read its usage."""
TOKEN_TYPE_FIELDS = {
    "input": {"audio_tokens": "input_audio", "image_tokens": "input_image"},
    "output": {"audio_tokens": "output_audio", "image_tokens": "output_image", "reasoning_tokens": "reasoning"},
}


class MediaUsage(NamedTuple):
    """Tokens of a call, None if the provider reports none, and those of types with a price of their own."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    by_type: dict[str, int] | None = None


class MediaBody:
    """Body of a response. JSON and text are kept; of events only the last one with usage; of other bodies the size."""

    def __init__(self, content_type: str) -> None:
        self._type = content_type.partition(";")[0].strip().lower()
        self._parts: list[bytes] = []
        self._events = EventAssembler()
        self._last_event: Any = None
        self._size = 0
        self.error: str | None = None
        """Message of an error that a stream reported."""

    def feed(self, part: bytes) -> None:
        """Record a part of the body."""
        self._size += len(part)
        if self._type == "text/event-stream":
            with suppress(UpstreamFailed):  # an event too long to be read is passed on as all others
                self._read_events(self._events.feed(part))
        elif (self._type == "application/json" or self._type.startswith("text/")) and self._size <= MAX_RECORDED_BYTES:
            self._parts.append(part)

    def _read_events(self, batch: bytes) -> None:
        """Keep the last event with usage, and the message of an error."""
        for data in batch_data(batch):
            if b'"usage"' in data:
                self._last_event = _decode(data) or self._last_event
            if b'"error"' in data and (found := find_error(_decode(data) or {}, None)) is not None:
                self.error = found.error["message"]

    def recorded(self) -> Any:
        """Return the body for the span: its JSON or text, else its type and size."""
        if self._type == "application/json" and isinstance(found := _decode(b"".join(self._parts)), dict):
            return found
        about: dict[str, Any] = {"type": self._type, "bytes": self._size}
        if self._parts:
            about["text"] = b"".join(self._parts).decode("utf-8", "replace")
        return about if self._size else None

    def usage(self) -> MediaUsage:
        """Return the usage that the provider reported, once the body is complete."""
        self._read_events(self._events.finish())
        found = self._last_event if self._last_event is not None else self.recorded()
        usage = found.get("usage") if isinstance(found, dict) else None
        return parse_media_usage(usage)


def parse_media_usage(usage: Any) -> MediaUsage:
    """Return the tokens of a usage object. One that counts seconds has none."""
    if not isinstance(usage, dict):
        return MediaUsage()
    input_tokens = first_count(usage, "input_tokens", "prompt_tokens")
    output_tokens = first_count(usage, "output_tokens", "completion_tokens")
    by_type: dict[str, int] = {}
    for direction, names in TOKEN_TYPE_FIELDS.items():
        details = _details(usage, direction)
        counts = {kind: token_count(details.get(field)) for field, kind in names.items()}
        by_type |= {kind: count for kind, count in counts.items() if count}
    cached = token_count(_details(usage, "input").get("cached_tokens"))
    return MediaUsage(input_tokens, output_tokens, cached, by_type or None)


def _details(usage: dict[str, Any], direction: str) -> dict[str, Any]:
    """Return the details of the input or output tokens, whose name differs between images and audio."""
    details = usage.get(f"{direction}_tokens_details") or usage.get(f"{direction}_token_details")
    return details if isinstance(details, dict) else {}


def _decode(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
