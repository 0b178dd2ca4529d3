"""Encoding of a chat stream as named server-sent events."""

from collections.abc import Mapping
from typing import Any, Protocol

from vong.gateway.upstream.sse import encode_named_event


class EventTranslator(Protocol):
    """Translator of chat chunks into the events of another endpoint."""

    def encode(self, chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events for one chunk."""
        ...

    def finish(self) -> list[dict[str, Any]]:
        """Return the events after the last chunk, including usage."""
        ...


class NamedEventEncoder:
    """Stream encoder whose events are named by the `type` of their data."""

    def __init__(self, translator: EventTranslator) -> None:
        self._translator = translator

    def encode(self, chunk: Mapping[str, Any]) -> bytes:
        """Return the events for one chunk, or empty bytes."""
        return b"".join(map(encode_named_event, self._translator.encode(chunk)))

    def finish(self) -> bytes:
        """Return the events after the last chunk, including usage."""
        return b"".join(map(encode_named_event, self._translator.finish()))
