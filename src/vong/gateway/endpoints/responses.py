"""Endpoint of OpenAI's responses. A response is the span of its call, and `previous_response_id` continues it.

Features that a chat cannot express (tools that run at OpenAI, for example) are forwarded unchanged to a provider of the
responses endpoint, and its response is returned unchanged. Such a response is stored at OpenAI and has OpenAI's id.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from vong.errors import InvalidInput, NotFound, Unsupported
from vong.gateway.endpoints.base import ChunkDecoder, StreamEncoder
from vong.gateway.endpoints.chat_backed import ChatBackedEndpoint
from vong.gateway.endpoints.parsing import RequestFields, decoded, with_field
from vong.gateway.providers import Shape
from vong.gateway.translators.responses_request import chat_of
from vong.gateway.translators.responses_response import ResponsesEventEncoder, response_of
from vong.gateway.translators.responses_upstream import ResponsesChunkDecoder, completion_of


class _Asked(RequestFields, kw_only=True):
    input: msgspec.Raw = msgspec.Raw()
    max_output_tokens: int | None = None
    previous_response_id: str | None = None


OURS = re.compile(r"resp_[0-9a-f]{32}")
HOSTS = (".openai.com", ".openai.azure.com", ".services.ai.azure.com")
"""Hosts of OpenAI's models, which return encrypted reasoning."""
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
_read = msgspec.json.Decoder(_Asked).decode


class ResponsesEndpoint(ChatBackedEndpoint):
    """Endpoint `POST /v1/responses`."""

    name: Shape = "responses"
    path = "/responses"

    def read(self, body: bytes) -> RequestFields:
        """Parse a request."""
        fields = decoded(_read, body)
        if not bytes(fields.input) or bytes(fields.input) in (b"null", b'""', b"[]"):
            raise InvalidInput("input is missing or empty", "send a text or a list of items")
        fields.max_completion_tokens = fields.max_output_tokens
        fields.previous = fields.previous_response_id if is_ours(fields.previous_response_id) else None
        return fields

    def chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Translate the request into a chat.

        Raises: NotFound if the request continues a response that was not created by this server.
        """
        previous = asked.get("previous_response_id")
        if previous and not is_ours(previous):
            raise NotFound(f"no response has the id {previous!r}", "send the whole conversation as input")
        return chat_of(asked)

    def answer(self, completion: Mapping[str, Any], asked: Mapping[str, Any], id: str) -> dict[str, Any]:
        """Translate a chat completion into a response."""
        return response_of(completion, asked, id)

    def streamed(self, asked: Mapping[str, Any], id: str) -> StreamEncoder:
        """Return an encoder for a chat stream."""
        return _Streamed(ResponsesEventEncoder(asked, id))

    def passes(self, body: bytes, address: str) -> bool:
        """Return True if only OpenAI can answer the request.

        Such a request cannot be expressed as a chat, continues a response or reasoning of OpenAI, or requests encrypted
        reasoning from OpenAI.
        """
        request = msgspec.json.decode(body, type=dict[str, Any])
        if is_ours(request.get("previous_response_id")):
            return False
        try:
            details = [
                detail
                for message in self.chat(request)["messages"]
                for detail in message.get("reasoning_details") or ()
            ]
        except (Unsupported, NotFound):
            return True
        except MALFORMED:
            return False  # the translation to a chat reports the error
        foreign = any(detail["type"] == "reasoning.encrypted" and not detail.get("format") for detail in details)
        host = urlsplit(address).hostname or ""
        return foreign or (host.endswith(HOSTS) and "reasoning.encrypted_content" in (request.get("include") or ()))

    def ended(self, body: bytes, tokens: int) -> bytes:
        """Return the body with a maximum number of output tokens."""
        return with_field(body, "max_output_tokens", tokens)

    def completion(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Translate a response of OpenAI into a chat completion."""
        return completion_of(answer)

    def chunks(self) -> ChunkDecoder:
        """Return a decoder for a stream of OpenAI."""
        return ResponsesChunkDecoder()

    def error_event(self, status: int, said: Mapping[str, Any]) -> bytes:
        """Build the event of an error."""
        del status
        fields = {"code": said.get("code"), "message": said.get("message"), "param": said.get("param")}
        return _event({"type": "error", **fields, "sequence_number": 0})


def is_ours(id: str | None) -> bool:
    """Return True if an id was created by Vong: it is then the id of a span."""
    return id is not None and OURS.fullmatch(id) is not None


def span_of(id: str) -> UUID:
    """Return the span id of a response.

    Raises: NotFound if the id was not created by Vong.
    """
    try:
        return UUID(id.removeprefix("resp_"))
    except ValueError:
        raise NotFound(f"no response has the id {id!r}", "send the whole conversation as input") from None


class _Streamed:
    def __init__(self, events: ResponsesEventEncoder) -> None:
        self._events = events

    def take(self, chunk: Mapping[str, Any]) -> bytes:
        return b"".join(map(_event, self._events.take(chunk)))

    def end(self) -> bytes:
        return b"".join(map(_event, self._events.end()))


def _event(data: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (data["type"].encode(), msgspec.json.encode(data))
