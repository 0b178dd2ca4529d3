"""Anthropic's messages."""

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
"""What Anthropic calls an error of that status; every other one is an `api_error`."""


class _Asked(RequestFields, kw_only=True):
    messages: list[msgspec.Raw]


_read = msgspec.json.Decoder(_Asked).decode


class MessagesEndpoint:
    """`POST /v1/messages`."""

    name: Shape = "messages"
    path = "/messages"

    def read(self, body: bytes) -> RequestFields:
        """What is asked; the user and the session are in `metadata`."""
        asked = counted(body)
        if asked.max_tokens is None:
            raise InvalidInput("max_tokens is missing", "send the most tokens that the answer may have")
        return asked

    def written(self, body: bytes, model: str, stream: bool) -> bytes:
        """The body for a provider that speaks messages; its streams tell usage unasked."""
        del stream
        return named(body, model)

    def chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The request as a chat."""
        return chat_of(asked)

    def answer(self, completion: Mapping[str, Any], asked: Mapping[str, Any], id: str) -> dict[str, Any]:
        """A completion as a message."""
        del asked, id
        return message_of(completion)

    def streamed(self, asked: Mapping[str, Any], id: str) -> StreamEncoder:
        """For a chat's stream."""
        del id
        return _Streamed(AnthropicEventEncoder(str(asked["model"])))

    def passes(self, body: bytes, address: str) -> bool:
        """Always."""
        del body, address
        return True

    def ended(self, body: bytes, tokens: int) -> bytes:
        """A message always has one."""
        del tokens
        return body

    def completion(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """A message as a completion."""
        return completion_of(answer)

    def chunks(self) -> ChunkDecoder:
        """For a stream of messages."""
        return AnthropicChunkDecoder()

    def error(self, status: int, said: Mapping[str, Any]) -> dict[str, Any]:
        """An error as Anthropic writes it."""
        message = str(said.get("message") or f"the upstream answered {status}")
        return {"type": "error", "error": {"type": KINDS.get(status, "api_error"), "message": message}}

    def error_event(self, status: int, said: Mapping[str, Any]) -> bytes:
        """The event of an error."""
        return _event(self.error(status, said))


def counted(body: bytes) -> RequestFields:
    """What `POST /v1/messages/count_tokens` asks: the same, less the length of an answer."""
    asked = decoded(_read, body)
    user = (asked.metadata or {}).get("user_id")
    asked.user = user if isinstance(user, str) else asked.user
    return asked


class _Streamed:
    def __init__(self, events: AnthropicEventEncoder) -> None:
        self._events = events

    def take(self, chunk: Mapping[str, Any]) -> bytes:
        return b"".join(map(_event, self._events.take(chunk)))

    def end(self) -> bytes:
        return b"".join(map(_event, self._events.end()))


def _event(said: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (said["type"].encode(), msgspec.json.encode(said))
