"""OpenAI's legacy completions: one prompt, one text."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.gateway.endpoints.base import StreamEncoder
from vong.gateway.endpoints.chat_backed import ChatBackedEndpoint
from vong.gateway.endpoints.parsing import RequestFields, decode
from vong.gateway.providers import Endpoint
from vong.gateway.translators.text_completions import to_chat_request, to_text_chunk, to_text_completion
from vong.gateway.upstream.sse import DONE, encode_sse_event


class _CompletionRequest(RequestFields, kw_only=True):
    prompt: msgspec.Raw


_decode = msgspec.json.Decoder(_CompletionRequest).decode


class CompletionsEndpoint(ChatBackedEndpoint):
    """Endpoint `POST /v1/completions`."""

    name: Endpoint = "completions"
    path = "/completions"

    def parse(self, body: bytes) -> RequestFields:
        """Parse a request."""
        return decode(_decode, body)

    def to_chat(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat."""
        return to_chat_request(request)

    def to_response(self, completion: Mapping[str, Any], request: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into a text completion."""
        del request, id
        return to_text_completion(completion)

    def stream_encoder(self, request: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for a chat stream."""
        del id
        return _TextEventEncoder(bool((request.get("stream_options") or {}).get("include_usage")))

    def error_event(self, status: int, error: Mapping[str, Any]) -> bytes:
        """Build the event of an error."""
        return encode_sse_event(self.error_body(status, error))


class _TextEventEncoder:
    def __init__(self, include_usage: bool) -> None:
        self._include_usage = include_usage

    def encode(self, chunk: Mapping[str, Any]) -> bytes:
        text_chunk = to_text_chunk(chunk, self._include_usage)
        return encode_sse_event(text_chunk) if text_chunk else b""

    def finish(self) -> bytes:
        return DONE
