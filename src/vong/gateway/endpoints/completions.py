"""OpenAI's legacy completions: one prompt, one text."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vong.gateway.endpoints.base import StreamEncoder
from vong.gateway.endpoints.chat_backed import ChatBackedEndpoint
from vong.gateway.endpoints.parsing import RequestFields, decoded
from vong.gateway.providers import Shape
from vong.gateway.translators.text_completions import chat_of, chunk_of, completion_of
from vong.gateway.upstream.sse import DONE, event


class _Asked(RequestFields, kw_only=True):
    prompt: msgspec.Raw


_read = msgspec.json.Decoder(_Asked).decode


class CompletionsEndpoint(ChatBackedEndpoint):
    """Endpoint `POST /v1/completions`."""

    name: Shape = "completions"
    path = "/completions"

    def read(self, body: bytes) -> RequestFields:
        """Parse a request."""
        return decoded(_read, body)

    def chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat."""
        return chat_of(asked)

    def answer(self, completion: Mapping[str, Any], asked: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into a text completion."""
        del asked, id
        return completion_of(completion)

    def streamed(self, asked: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for a chat stream."""
        del id
        return _Streamed(bool((asked.get("stream_options") or {}).get("include_usage")))

    def error_event(self, status: int, said: Mapping[str, Any]) -> bytes:
        """Build the event of an error."""
        return event(self.error(status, said))


class _Streamed:
    def __init__(self, include_usage: bool) -> None:
        self._usage = include_usage

    def take(self, chunk: Mapping[str, Any]) -> bytes:
        text_chunk = chunk_of(chunk, self._usage)
        return event(text_chunk) if text_chunk else b""

    def end(self) -> bytes:
        return DONE
