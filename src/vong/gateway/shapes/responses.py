"""OpenAI's responses. A response is the span of its call: `previous_response_id` goes on from what stands there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from vong.errors import InvalidInput, NotFound
from vong.gateway.providers import Shape
from vong.gateway.request import Asked, decoded
from vong.gateway.shapes.shape import Streamed
from vong.gateway.shapes.translated import AsChat
from vong.gateway.translate.responses_answer import Events, response_of
from vong.gateway.translate.responses_request import chat_of


class _Asked(Asked, kw_only=True):
    input: msgspec.Raw = msgspec.Raw()
    max_output_tokens: int | None = None
    previous_response_id: str | None = None


_read = msgspec.json.Decoder(_Asked).decode


class Responses(AsChat):
    """`POST /v1/responses`."""

    name: Shape = "responses"
    path = "/responses"

    def read(self, body: bytes) -> Asked:
        """What is asked."""
        asked = decoded(_read, body)
        if not bytes(asked.input) or bytes(asked.input) in (b"null", b'""', b"[]"):
            raise InvalidInput("input is missing or empty", "send a text, or items")
        asked.max_completion_tokens = asked.max_output_tokens
        asked.previous = asked.previous_response_id
        return asked

    def chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The request as a chat."""
        return chat_of(asked)

    def answer(self, completion: Mapping[str, Any], asked: Mapping[str, Any], id: str) -> dict[str, Any]:
        """A chat completion as a response."""
        return response_of(completion, asked, id)

    def streamed(self, asked: Mapping[str, Any], id: str) -> Streamed:
        """For a chat's stream."""
        return _Streamed(Events(asked, id))

    def error_event(self, status: int, said: Mapping[str, Any]) -> bytes:
        """The event of an error."""
        del status
        told = {"code": said.get("code"), "message": said.get("message"), "param": said.get("param")}
        return _event({"type": "error", **told, "sequence_number": 0})


def span_of(id: str) -> UUID:
    """The span that a response is. NotFound where the id was not made here."""
    try:
        return UUID(id.removeprefix("resp_"))
    except ValueError:
        raise NotFound(f"no response has the id {id!r}", "send the whole conversation as input") from None


class _Streamed:
    def __init__(self, events: Events) -> None:
        self._events = events

    def take(self, chunk: Mapping[str, Any]) -> bytes:
        return b"".join(map(_event, self._events.take(chunk)))

    def end(self) -> bytes:
        return b"".join(map(_event, self._events.end()))


def _event(said: Mapping[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (said["type"].encode(), msgspec.json.encode(said))
