"""OpenAI's responses. A response is the span of its call: `previous_response_id` goes on from what stands there.

What a chat cannot hold (tools that run at OpenAI, say) passes on as it is to a provider that speaks responses, and the
answer comes back as it is: then the response is OpenAI's, by its id too.
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
"""Where OpenAI's models are that give their thoughts away encrypted."""
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
_read = msgspec.json.Decoder(_Asked).decode


class ResponsesEndpoint(ChatBackedEndpoint):
    """`POST /v1/responses`."""

    name: Shape = "responses"
    path = "/responses"

    def read(self, body: bytes) -> RequestFields:
        """What is asked."""
        asked = decoded(_read, body)
        if not bytes(asked.input) or bytes(asked.input) in (b"null", b'""', b"[]"):
            raise InvalidInput("input is missing or empty", "send a text, or items")
        asked.max_completion_tokens = asked.max_output_tokens
        asked.previous = asked.previous_response_id if is_ours(asked.previous_response_id) else None
        return asked

    def chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The request as a chat. NotFound where it goes on from a response that was not made here."""
        previous = asked.get("previous_response_id")
        if previous and not is_ours(previous):
            raise NotFound(f"no response has the id {previous!r}", "send the whole conversation as input")
        return chat_of(asked)

    def answer(self, completion: Mapping[str, Any], asked: Mapping[str, Any], id: str) -> dict[str, Any]:
        """A chat completion as a response."""
        return response_of(completion, asked, id)

    def streamed(self, asked: Mapping[str, Any], id: str) -> StreamEncoder:
        """For a chat's stream."""
        return _Streamed(ResponsesEventEncoder(asked, id))

    def passes(self, body: bytes, address: str) -> bool:
        """Where only OpenAI can answer: a chat cannot hold the request, it goes on from a response of OpenAI's, or from
        a thought that only OpenAI can read, or asks OpenAI itself for one.
        """
        asked = msgspec.json.decode(body, type=dict[str, Any])
        if is_ours(asked.get("previous_response_id")):
            return False
        try:
            details = [
                one for message in self.chat(asked)["messages"] for one in message.get("reasoning_details") or ()
            ]
        except (Unsupported, NotFound):
            return True
        except MALFORMED:
            return False  # the chat says what is wrong with it
        foreign = any(one["type"] == "reasoning.encrypted" and not one.get("format") for one in details)
        host = urlsplit(address).hostname or ""
        return foreign or (host.endswith(HOSTS) and "reasoning.encrypted_content" in (asked.get("include") or ()))

    def ended(self, body: bytes, tokens: int) -> bytes:
        """The body with an end to its answer."""
        return with_field(body, "max_output_tokens", tokens)

    def completion(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """A response of OpenAI's as a completion."""
        return completion_of(answer)

    def chunks(self) -> ChunkDecoder:
        """For a stream of OpenAI's."""
        return ResponsesChunkDecoder()

    def error_event(self, status: int, said: Mapping[str, Any]) -> bytes:
        """The event of an error."""
        del status
        told = {"code": said.get("code"), "message": said.get("message"), "param": said.get("param")}
        return _event({"type": "error", **told, "sequence_number": 0})


def is_ours(id: str | None) -> bool:
    """Whether an id was made here: then it is that of a span."""
    return id is not None and OURS.fullmatch(id) is not None


def span_of(id: str) -> UUID:
    """The span that a response is. NotFound where the id was not made here."""
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


def _event(said: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (said["type"].encode(), msgspec.json.encode(said))
