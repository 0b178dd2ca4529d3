"""Endpoint of Anthropic's messages."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import InvalidInput
from vong.gateway.endpoints.base import StreamEncoder
from vong.gateway.endpoints.event_encoding import NamedEventEncoder
from vong.gateway.endpoints.parsing import RequestFields, decode, with_field, with_model
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import ModelKind
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.translators.anthropic_request import to_chat_request
from vong.gateway.translators.anthropic_response import (
    AnthropicChunkDecoder,
    AnthropicEventEncoder,
    to_anthropic_message,
    to_chat_completion,
)
from vong.gateway.translators.foreign_thinking import remove_foreign_thinking
from vong.gateway.upstream.sse import encode_named_event

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "api_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Anthropic's error types by status. Others below 500 are an `invalid_request_error`, else an `api_error`."""


class _MessagesRequest(RequestFields, kw_only=True):
    messages: list[msgspec.Raw]


_decode = msgspec.json.Decoder(_MessagesRequest).decode


class MessagesEndpoint:
    """Endpoint `POST /v1/messages`."""

    name: Endpoint = "messages"
    path = "/messages"
    last_event = encode_named_event({"type": "message_stop"})

    def parse(self, body: bytes) -> RequestFields:
        """Parse a request; the user and the session are in `metadata`."""
        fields = parse_count_request(body)
        if fields.max_tokens is None:
            raise InvalidInput("max_tokens is missing", "set the maximum number of output tokens")
        if fields.max_tokens < 0:
            raise InvalidInput(f"max_tokens is {fields.max_tokens}", "set a positive number of output tokens")
        fields.max_tokens = fields.max_tokens or 1  # a request that only fills the cache
        return fields

    def prepare_body(self, body: bytes, model: str, stream: bool) -> bytes:
        """Return the body with the provider's model name; a messages stream always contains usage.

        The thinking of models that are not Claude is left out.
        """
        del stream
        return with_model(remove_foreign_thinking(body), model)

    def to_chat(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat."""
        return to_chat_request(request)

    def to_response(self, completion: Mapping[str, Any], request: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into a message."""
        del request, id
        return to_anthropic_message(completion)

    def stream_encoder(self, request: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for a chat stream."""
        del id
        return NamedEventEncoder(AnthropicEventEncoder(str(request["model"])))

    def prefers_native(self, body: bytes, address: str, model_kind: ModelKind = "either") -> bool:
        """Return True."""
        del body, address, model_kind
        return True

    def with_max_tokens(self, body: bytes, tokens: int) -> bytes:
        """Return the body with a maximum number of output tokens."""
        return with_field(body, "max_tokens", tokens)

    def to_completion(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Translate a message into a chat completion."""
        return to_chat_completion(response)

    def chunk_decoder(self) -> ChunkDecoder:
        """Return a decoder for a messages stream."""
        return AnthropicChunkDecoder()

    def error_body(self, status: int, error: Mapping[str, Any], request_id: str | None = None) -> dict[str, Any]:
        """Build an error in Anthropic's format."""
        message = str(error.get("message") or f"the upstream responded with {status}")
        kind = ERROR_TYPES.get(status) or ("invalid_request_error" if status < 500 else "api_error")
        body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}}
        return body if request_id is None else {**body, "request_id": request_id}

    def error_event(self, status: int, error: Mapping[str, Any], request_id: str | None = None) -> bytes:
        """Build the event of an error."""
        return encode_named_event(self.error_body(status, error, request_id))


def parse_count_request(body: bytes) -> RequestFields:
    """Parse a request of `POST /v1/messages/count_tokens`, which has no `max_tokens`."""
    fields = decode(_decode, body)
    user = (fields.metadata or {}).get("user_id")
    fields.user = user if isinstance(user, str) else fields.user
    return fields
