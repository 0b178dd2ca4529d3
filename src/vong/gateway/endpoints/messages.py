"""Endpoint of Anthropic's messages."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput
from vong.gateway.endpoints.base import ChunkDecoder, StreamEncoder
from vong.gateway.endpoints.parsing import RequestFields, decoded, named
from vong.gateway.providers import Shape
from vong.gateway.translators.anthropic_request import chat_of
from vong.gateway.translators.anthropic_response import (
    AnthropicChunkDecoder,
    AnthropicEventEncoder,
    completion_of,
    message_of,
)

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Anthropic's error types by status; every other status is an `api_error`."""


class _Asked(RequestFields, kw_only=True):
    messages: list[msgspec.Raw]


_read = msgspec.json.Decoder(_Asked).decode


class MessagesEndpoint:
    """Endpoint `POST /v1/messages`."""

    name: Shape = "messages"
    path = "/messages"

    def read(self, body: bytes) -> RequestFields:
        """Parse a request; the user and the session are in `metadata`."""
        fields = counted(body)
        if fields.max_tokens is None:
            raise InvalidInput("max_tokens is missing", "set the maximum number of output tokens")
        return fields

    def written(self, body: bytes, model: str, stream: bool) -> bytes:
        """Return the body with the provider's model name; a messages stream always contains usage."""
        del stream
        return named(body, model)

    def chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat."""
        return chat_of(asked)

    def answer(self, completion: Mapping[str, Any], asked: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into a message."""
        del asked, id
        return message_of(completion)

    def streamed(self, asked: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for a chat stream."""
        del id
        return _Streamed(AnthropicEventEncoder(str(asked["model"])))

    def passes(self, body: bytes, address: str) -> bool:
        """Return True."""
        del body, address
        return True

    def ended(self, body: bytes, tokens: int) -> bytes:
        """Return the body unchanged: `max_tokens` is required in a messages request."""
        del tokens
        return body

    def completion(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Translate a message into a chat completion."""
        return completion_of(answer)

    def chunks(self) -> ChunkDecoder:
        """Return a decoder for a messages stream."""
        return AnthropicChunkDecoder()

    def error(self, status: int, said: Mapping[str, Any]) -> dict[str, Any]:
        """Build an error in Anthropic's format."""
        message = str(said.get("message") or f"the upstream responded with {status}")
        return {"type": "error", "error": {"type": KINDS.get(status, "api_error"), "message": message}}

    def error_event(self, status: int, said: Mapping[str, Any]) -> bytes:
        """Build the event of an error."""
        return _event(self.error(status, said))


def counted(body: bytes) -> RequestFields:
    """Parse a request of `POST /v1/messages/count_tokens`, which has no `max_tokens`."""
    fields = decoded(_read, body)
    user = (fields.metadata or {}).get("user_id")
    fields.user = user if isinstance(user, str) else fields.user
    return fields


class _Streamed:
    def __init__(self, events: AnthropicEventEncoder) -> None:
        self._events = events

    def take(self, chunk: Mapping[str, Any]) -> bytes:
        return b"".join(map(_event, self._events.take(chunk)))

    def end(self) -> bytes:
        return b"".join(map(_event, self._events.end()))


def _event(data: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (data["type"].encode(), msgspec.json.encode(data))
