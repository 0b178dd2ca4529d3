"""Parsing of requests, and the body that is sent to a provider: unchanged except for the fields that Vong sets."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from vong.errors import InvalidInput
from vong.gateway.providers import Endpoint
from vong.records import new_id

FORWARDED_HEADERS = ("anthropic-beta", "anthropic-version")
"""Request headers that are forwarded to a provider with the same format as the caller."""
MAX_TOKENS_FIELDS = ("max_completion_tokens", "max_tokens", "max_new_tokens", "n_predict", "num_predict")
"""Names of the maximum of output tokens, by which servers read it."""
TRACEPARENT_PATTERN = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class RequestStreamOptions(msgspec.Struct):
    """Value of `stream_options`."""

    include_usage: bool | None = None


class RequestFields(msgspec.Struct):
    """Fields of a request that the gateway reads; all others are forwarded unread.

    Maximums may have a fraction of zero, as some languages write them. `max_new_tokens`, `n_predict` and `num_predict`
    are names of other servers for `max_tokens`.
    """

    model: str
    stream: bool | None = None
    stream_options: RequestStreamOptions | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    max_tokens: int | float | None = None
    max_completion_tokens: int | float | None = None
    max_new_tokens: int | float | None = None
    n_predict: int | float | None = None
    num_predict: int | float | None = None
    n: int | None = None
    best_of: int | None = None
    previous: str | None = None

    @property
    def largest_maximum(self) -> int | None:
        """Return the largest maximum of output tokens that a server may read in the request.

        Returns None if the request sets no maximum, or one below 1, which many servers read as no maximum.
        """
        values = (
            *(self.max_completion_tokens, self.max_tokens),
            *(self.max_new_tokens, self.n_predict, self.num_predict),
        )
        return max([int(value) for value in values if value is not None and value >= 1], default=None)

    @property
    def names_prompt(self) -> bool:
        """Return True if the request names a stored prompt."""
        return False

    @property
    def choices(self) -> int:
        """Return the largest number of completions that a server may make."""
        return max(self.n or 1, self.best_of or 1, 1)


class _ChatRequest(RequestFields):
    messages: list[msgspec.Raw] = []
    prompt: msgspec.Raw = msgspec.Raw()

    @property
    def names_prompt(self) -> bool:
        """Return True if the request names a stored prompt."""
        return bool(self.prompt)


class _EmbeddingsRequest(RequestFields):
    input: msgspec.Raw = msgspec.Raw()


class _RerankRequest(RequestFields):
    query: str = ""
    documents: list[msgspec.Raw] = []


FieldsT = TypeVar("FieldsT", bound=RequestFields)
_decoders: Mapping[str, Callable[[bytes], RequestFields]] = {
    "chat": msgspec.json.Decoder(_ChatRequest).decode,
    "embeddings": msgspec.json.Decoder(_EmbeddingsRequest).decode,
    "rerank": msgspec.json.Decoder(_RerankRequest).decode,
}
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.encode


class TraceContext(NamedTuple):
    """Position of a call in the caller's trace, and further data of its headers.

    `id` is the id of the span, `forwarded_headers` are sent to a provider with the same format as the caller.
    `priority` is the value of `x-vong-priority`: `low` for a call of background work. `prompt` is the ref of a prompt
    that the caller has rendered.
    """

    id: UUID
    trace_id: str
    span_id: str
    parent_span_id: str | None
    session: str | None
    tags: str | None = None
    cache: str | None = None
    forwarded_headers: Mapping[str, str] | None = None
    priority: str | None = None
    prompt: str | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> "TraceContext":
        """Read the W3C `traceparent` and the headers `x-vong-…`: session, tags, cache, priority and prompt.

        A missing or malformed `traceparent` starts a new trace.
        """
        id = new_id()
        own_hex = f"{id.int:032x}"
        trace_id, parent = own_hex, None
        traceparent = headers.get("traceparent")
        match = TRACEPARENT_PATTERN.fullmatch(traceparent.strip()) if traceparent else None
        if match and match[1].strip("0") and match[2].strip("0"):
            trace_id, parent = match.groups()
        session, tags = headers.get("x-vong-session") or None, headers.get("x-vong-tags")
        cache = headers.get("x-vong-cache") or None
        forwarded = None
        if "anthropic-version" in headers or "anthropic-beta" in headers:
            forwarded = {name: headers[name] for name in FORWARDED_HEADERS if name in headers}
        priority = headers.get("x-vong-priority") or None
        prompt = headers.get("x-vong-prompt") or None
        return cls(id, trace_id, own_hex[16:], parent, session, tags, cache, forwarded, priority, prompt)

    @property
    def is_low_priority(self) -> bool:
        """Return whether the caller marks the call as background work.

        Raises: InvalidInput if the header has another value.
        """
        if self.priority in (None, "normal", "low"):
            return self.priority == "low"
        raise InvalidInput(f"invalid header x-vong-priority: {self.priority!r}", "send low or normal, or omit it")


def parse(endpoint: Endpoint, body: bytes) -> RequestFields:
    """Parse a chat, embedding or rerank request.

    Raises: InvalidInput, which names the invalid field and the reason.
    """
    fields = decode(_decoders[endpoint], body)
    if isinstance(fields, _ChatRequest) and not fields.messages:
        raise InvalidInput("messages is missing or empty", "send at least one message")
    if isinstance(fields, _EmbeddingsRequest) and not bytes(fields.input):
        raise InvalidInput("input is missing", "send a text or a list of texts")
    if isinstance(fields, _RerankRequest) and not (fields.query and fields.documents):
        missing = "documents" if fields.query else "query"
        raise InvalidInput(f"{missing} is missing or empty", "send a query and a list of documents")
    return fields


def decode(decoder: Callable[[bytes], FieldsT], body: bytes) -> FieldsT:
    """Decode and check a request body.

    Raises: InvalidInput, which names the invalid field and the reason.
    """
    try:
        if not body.isascii():
            body.decode()
        fields = decoder(body)
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the body is not UTF-8: {error}", "send JSON in UTF-8") from error
    except msgspec.DecodeError as error:
        raise InvalidInput(f"invalid request body: {error}", "see docs/guides/gateway.md for an example") from error
    if not fields.model:
        raise InvalidInput("model is empty", "list the available models with: vong gateway models")
    if fields.max_tokens.__class__ is float or fields.max_completion_tokens.__class__ is float:
        check_count("max_tokens", fields.max_tokens)
        check_count("max_completion_tokens", fields.max_completion_tokens)
    return fields


def check_count(name: str, value: int | float | None) -> None:
    """Check a number of tokens.

    Raises: InvalidInput if it has a fraction.
    """
    if isinstance(value, float) and not value.is_integer():
        raise InvalidInput(f"{name} is {value}", "send a whole number")


def with_field(body: bytes, name: str, value: str | int) -> bytes:
    """Return the body with one field replaced."""
    return with_fields(body, {name: msgspec.Raw(_encode(value))})


def with_fields(
    body: bytes, values: Mapping[str, msgspec.Raw], *, include_usage: bool = False, without: Sequence[str] = ()
) -> bytes:
    """Return the body with some fields replaced, and others removed.

    `include_usage` requests usage in the stream.
    """
    fields = _fields.decode(body)
    if without:
        for name in without:
            fields.pop(name, None)
    fields.update(values)
    if include_usage:
        fields["stream_options"] = _with_usage(fields.get("stream_options"))
    return _encode(fields)


def with_max_tokens(body: bytes, tokens: int, name: str) -> bytes:
    """Return the chat with a maximum number of output tokens in the field `name`, and in no other."""
    return with_fields(body, {name: msgspec.Raw(_encode(tokens))}, without=MAX_TOKENS_FIELDS)


def with_model(body: bytes, model: str) -> bytes:
    """Return the body with a provider's model name."""
    return with_field(body, "model", model)


def without_stream(body: bytes, model: str) -> bytes:
    """Return the body as a request to another model without streaming."""
    fields = _fields.decode(body)
    fields.pop("stream_options", None)
    fields |= {"model": msgspec.Raw(_encode(model)), "stream": msgspec.Raw(b"false")}
    return _encode(fields)


def prepare_body(body: bytes, model: str, stream: bool) -> bytes:
    """Return the body for a provider: with its model name, and with usage requested in a stream."""
    return with_fields(body, {"model": msgspec.Raw(_encode(model))}, include_usage=stream)


def _with_usage(options: msgspec.Raw | None) -> msgspec.Raw:
    """Return `stream_options` that request usage."""
    values = _fields.decode(options) if options and bytes(options) != b"null" else {}
    return msgspec.Raw(_encode({**values, "include_usage": True}))
