"""What is read of a request, and how it goes on to a provider: as it was written, but for the fields Vong must set."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from vong.errors import InvalidInput
from vong.gateway.providers import Shape
from vong.records import new_id

PASSED = ("anthropic-beta", "anthropic-version")
"""Headers that go on to a provider that speaks the caller's shape."""
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class RequestStreamOptions(msgspec.Struct):
    """`stream_options`."""

    include_usage: bool | None = None


class RequestFields(msgspec.Struct):
    """The fields of a request that the gateway itself reads. All others pass through unread."""

    model: str
    stream: bool | None = None
    stream_options: RequestStreamOptions | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None
    previous: str | None = None


class _Chat(RequestFields):
    messages: list[msgspec.Raw] = []


class _Embeddings(RequestFields):
    input: msgspec.Raw = msgspec.Raw()


A = TypeVar("A", bound=RequestFields)
_readers: Mapping[str, Callable[[bytes], RequestFields]] = {
    "chat": msgspec.json.Decoder(_Chat).decode,
    "embeddings": msgspec.json.Decoder(_Embeddings).decode,
}
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.encode


class TraceContext(NamedTuple):
    """Where a call stands in the caller's trace, and what its headers say of it. `id` is the span's own, `passed` what
    goes on to a provider that speaks the caller's shape.
    """

    id: UUID
    trace_id: str
    span_id: str
    parent_span_id: str | None
    session: str | None
    tags: str | None = None
    cache: str | None = None
    passed: Mapping[str, str] | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "TraceContext":
        """From the W3C `traceparent` (a new trace where there is none or a malformed one) and `x-vong-session`."""
        id = new_id()
        own = f"{id.int:032x}"
        trace_id, parent = own, None
        given = headers.get("traceparent")
        found = TRACEPARENT.fullmatch(given.strip()) if given else None
        if found and found[1].strip("0") and found[2].strip("0"):
            trace_id, parent = found.groups()
        session, tags = headers.get("x-vong-session") or None, headers.get("x-vong-tags")
        cache = headers.get("x-vong-cache") or None
        passed = None
        if "anthropic-version" in headers or "anthropic-beta" in headers:
            passed = {name: headers[name] for name in PASSED if name in headers}
        return cls(id, trace_id, own[16:], parent, session, tags, cache, passed)


def read(shape: Shape, body: bytes) -> RequestFields:
    """What a request asks. InvalidInput says what is wrong and where."""
    asked = decoded(_readers[shape], body)
    if isinstance(asked, _Chat) and not asked.messages:
        raise InvalidInput("messages is missing or empty", "send at least one message")
    if isinstance(asked, _Embeddings) and not bytes(asked.input):
        raise InvalidInput("input is missing", "send a text or a list of texts")
    return asked


def decoded(decode: Callable[[bytes], A], body: bytes) -> A:
    """What a shape's decoder finds in a body. InvalidInput says what is wrong and where."""
    try:
        if not body.isascii():
            body.decode()
        asked = decode(body)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the body is not UTF-8: {error}", "send JSON in UTF-8") from error
    except msgspec.DecodeError as error:
        raise InvalidInput(f"the body cannot be used: {error}", "see docs/guides/gateway.md for an example") from error
    if not asked.model:
        raise InvalidInput("model is empty", "list what can be called with: vong gateway models")
    return asked


def with_field(body: bytes, name: str, value: str | int) -> bytes:
    """The body with that field, and nothing else changed."""
    return with_fields(body, {name: msgspec.Raw(_encode(value))})


def with_fields(body: bytes, values: Mapping[str, msgspec.Raw], *, usage: bool = False) -> bytes:
    """The body with those fields, and nothing else changed; `usage` asks for it in the stream."""
    fields = {**_fields.decode(body), **values}
    if usage:
        fields["stream_options"] = _with_usage(fields.get("stream_options"))
    return _encode(fields)


def capped(body: bytes, tokens: int) -> bytes:
    """The chat with an end to its answer."""
    return with_field(body, "max_completion_tokens", tokens)


def named(body: bytes, model: str) -> bytes:
    """The body with a provider's own name of the model, and nothing else changed."""
    return with_field(body, "model", model)


def unstreamed(body: bytes, model: str) -> bytes:
    """The body that asks another model for a whole answer."""
    fields = _fields.decode(body)
    fields.pop("stream_options", None)
    fields |= {"model": msgspec.Raw(_encode(model)), "stream": msgspec.Raw(b"false")}
    return _encode(fields)


def written(body: bytes, model: str, stream: bool) -> bytes:
    """The body for a provider: its own name of the model, and usage asked for in a stream."""
    return with_fields(body, {"model": msgspec.Raw(_encode(model))}, usage=stream)


def _with_usage(options: msgspec.Raw | None) -> msgspec.Raw:
    """`stream_options` that ask for usage."""
    given = _fields.decode(options) if options and bytes(options) != b"null" else {}
    return msgspec.Raw(_encode({**given, "include_usage": True}))
