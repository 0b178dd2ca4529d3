"""OpenAI's legacy completions: one or more prompts, a text for each."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.gateway.endpoints.base import StreamEncoder
from vong.gateway.endpoints.chat_backed import ChatBackedEndpoint
from vong.gateway.endpoints.parsing import RequestFields, decode, prepare_body, with_max_tokens
from vong.gateway.providers import Endpoint
from vong.gateway.providers.base import ModelKind
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.translators.text_completions import (
    TextChunkDecoder,
    needs_text_completion,
    split_prompts,
    to_chat_completion,
    to_chat_request,
    to_chat_requests,
    to_text_chunk,
    to_text_completion,
)
from vong.gateway.upstream.sse import DONE, encode_sse_event

DEFAULT_MAX_TOKENS = 16
"""Output tokens of a text completion without max_tokens, by OpenAI's description of the endpoint."""


class _CompletionRequest(RequestFields, kw_only=True):
    prompt: msgspec.Raw


_decode = msgspec.json.Decoder(_CompletionRequest).decode


class CompletionsEndpoint(ChatBackedEndpoint):
    """Endpoint `POST /v1/completions`."""

    name: Endpoint = "completions"
    path = "/completions"
    last_event = DONE

    def parse(self, body: bytes) -> RequestFields:
        """Parse a request. `n` becomes the number of completions of all prompts."""
        fields = decode(_decode, body)
        prompts = split_prompts(msgspec.json.decode(fields.prompt))
        if len(prompts) > 1:
            fields.n = len(prompts) * fields.choices
        return fields

    def prepare_body(self, body: bytes, model: str, stream: bool) -> bytes:
        """Return the body for a provider: with its model name, and with usage requested in a stream."""
        return prepare_body(body, model, stream)

    def to_chat(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat."""
        return to_chat_request(request)

    def to_chats(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Translate the request into a chat for each prompt."""
        return to_chat_requests(request)

    def to_response(self, completion: Mapping[str, Any], request: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into a text completion."""
        del request, id
        return to_text_completion(completion)

    def stream_encoder(self, request: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for a chat stream."""
        del id
        return _TextEventEncoder(bool((request.get("stream_options") or {}).get("include_usage")))

    def prefers_native(self, body: bytes, address: str, model_kind: ModelKind = "either") -> bool:
        """Return True if the model completes texts. If that is unknown, only requests that no chat can answer pass."""
        del address
        return model_kind == "text" or (model_kind == "either" and needs_text_completion(msgspec.json.decode(body)))

    def with_max_tokens(self, body: bytes, tokens: int) -> bytes:
        """Return the body with a maximum number of output tokens, which is small by default, and may be 0."""
        fields = decode(_decode, body)
        tokens = min(tokens, fields.largest_maximum or DEFAULT_MAX_TOKENS) if fields.max_tokens != 0 else 0
        return with_max_tokens(body, tokens, "max_tokens")

    def to_completion(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Translate a text completion into a chat completion."""
        return to_chat_completion(response)

    def chunk_decoder(self) -> ChunkDecoder:
        """Return a decoder for a stream of text completions."""
        return TextChunkDecoder()

    def error_event(self, status: int, error: Mapping[str, Any], request_id: str | None = None) -> bytes:
        """Build the event of an error."""
        return encode_sse_event(self.error_body(status, error, request_id))


class _TextEventEncoder:
    def __init__(self, include_usage: bool) -> None:
        self._include_usage = include_usage

    def encode(self, chunk: Mapping[str, Any]) -> bytes:
        text_chunk = to_text_chunk(chunk, self._include_usage)
        return encode_sse_event(text_chunk) if text_chunk else b""

    def finish(self) -> bytes:
        return DONE
