"""Interface of an endpoint: reading requests, writing responses, and translating both from and to a chat.

Conversations are translated through one common format, OpenAI's chat completion, as plain dicts. Fields that chat
completions do not have are added under their established names: `reasoning_content` and `reasoning_details` of a
message, `cache_control` of a part, `prompt_tokens_details.cache_write_tokens` of usage.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from vong.gateway.endpoints.parsing import RequestFields
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import ModelKind
from vong.gateway.providers.translation import ChunkDecoder


class StreamEncoder(Protocol):
    """Encoder of chat chunks into the events of another endpoint."""

    def encode(self, chunk: Mapping[str, Any]) -> bytes:
        """Return the events for one chunk, or empty bytes."""
        ...

    def finish(self) -> bytes:
        """Return the events after the last chunk, including usage."""
        ...


class EndpointAdapter(Protocol):
    """Endpoint for conversations, beside the chat itself."""

    name: Endpoint
    path: str
    """Path below `/v1`."""

    def parse(self, body: bytes) -> RequestFields:
        """Parse a request.

        Raises: InvalidInput, which names the missing or invalid field.
        """
        ...

    def prepare_body(self, body: bytes, model: str, stream: bool) -> bytes:
        """Return the body for a provider with this endpoint, with only the model name replaced."""
        ...

    def to_chat(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat.

        Raises: Unsupported if a chat cannot express the request.
        """
        ...

    def to_response(self, completion: Mapping[str, Any], request: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into the response to `request`.

        `id` is the id of the call, in 32 hexadecimal digits.
        """
        ...

    def stream_encoder(self, request: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for the chat stream that answers `request`."""
        ...

    def error_body(self, status: int, error: Mapping[str, Any], request_id: str | None = None) -> dict[str, Any]:
        """Build an error body from OpenAI's error object (message, type, param, code).

        `request_id` identifies the request in formats whose errors contain it.
        """
        ...

    def error_event(self, status: int, error: Mapping[str, Any], request_id: str | None = None) -> bytes:
        """Build the last event of a stream that breaks. `request_id` is as in `error_body`."""
        ...


@runtime_checkable
class NativeEndpointAdapter(EndpointAdapter, Protocol):
    """Endpoint that some providers support themselves.

    `last_event` ends every native stream, if it is the same for all; a server that leaves it out is tolerated.
    """

    last_event: bytes

    def prefers_native(self, body: bytes, address: str, model_kind: ModelKind = "either") -> bool:
        """Return True if a provider of this endpoint at `address` receives the request itself, not a chat.

        `model_kind` is what the model completes.
        """
        ...

    def with_max_tokens(self, body: bytes, tokens: int) -> bytes:
        """Return the body with a maximum number of output tokens."""
        ...

    def to_completion(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Translate a complete native response into a chat completion."""
        ...

    def chunk_decoder(self) -> ChunkDecoder:
        """Return a decoder for a native stream."""
        ...
