"""What a served shape is: how a request is written, how its answer is, and how both become a chat and come back.

Conversations are translated through one pivot, OpenAI's chat completion, as plain dicts. It is widened where others
hold more, by the field's own names: `reasoning_content` and `reasoning_details` of a message, `cache_control` of a
part, `prompt_tokens_details.cache_write_tokens` of usage.
"""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from vong.gateway.endpoints.parsing import RequestFields
from vong.gateway.providers import Shape


class StreamEncoder(Protocol):
    """A chat's stream on its way into another shape."""

    def take(self, chunk: Mapping[str, Any]) -> bytes:
        """The events that follow from one chunk; empty where none does."""
        ...

    def end(self) -> bytes:
        """What the shape says after the last chunk, usage with it."""
        ...


class ChunkDecoder(Protocol):
    """A native stream of a shape on its way into a chat's chunks."""

    ended: bool
    """Whether the stream came to its proper end."""

    def take(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The chunks that follow from the data of one event. An error is a chunk with `error`, in OpenAI's form."""
        ...


class EndpointAdapter(Protocol):
    """A shape that a conversation is served in, beside the chat itself."""

    name: Shape
    path: str
    """Below `/v1`."""

    def read(self, body: bytes) -> RequestFields:
        """What is asked. InvalidInput names the field that is missing or wrong."""
        ...

    def written(self, body: bytes, model: str, stream: bool) -> bytes:
        """The body for a provider that speaks this shape: its own name of the model, nothing else changed."""
        ...

    def chat(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The request as a chat. Unsupported for what a chat cannot hold."""
        ...

    def answer(self, completion: Mapping[str, Any], asked: Mapping[str, Any], id: str) -> dict[str, Any]:
        """A chat completion as this shape's answer to the request `asked`; `id` is the call's, in 32 hex digits."""
        ...

    def streamed(self, asked: Mapping[str, Any], id: str) -> StreamEncoder:
        """For the chat's stream that answers the request `asked`."""
        ...

    def error(self, status: int, said: Mapping[str, Any]) -> dict[str, Any]:
        """An error body of this shape. `said` is OpenAI's error object: message, type, param, code."""
        ...

    def error_event(self, status: int, said: Mapping[str, Any]) -> bytes:
        """The last event of a stream that was begun and breaks off."""
        ...


@runtime_checkable
class NativeEndpointAdapter(EndpointAdapter, Protocol):
    """A shape that some providers speak themselves."""

    def passes(self, body: bytes, address: str) -> bool:
        """Whether a provider at that address that speaks the shape is asked in it; else in a chat, as all others."""
        ...

    def ended(self, body: bytes, tokens: int) -> bytes:
        """The body with an end to its answer."""
        ...

    def completion(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """A native whole answer as a chat completion."""
        ...

    def chunks(self) -> ChunkDecoder:
        """For a native stream."""
        ...
