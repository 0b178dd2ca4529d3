"""Interface of a provider."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable
from uuid import UUID

from vong.errors import InvalidInput, NotFound, RateLimitExceeded, UpstreamFailed, VongError
from vong.gateway.upstream.response import ResponseLimits

Endpoint = Literal["chat", "embeddings", "completions", "messages", "responses", "rerank", "audio", "images"]
VECTOR_ENDPOINTS: frozenset[Endpoint] = frozenset({"embeddings", "rerank"})
"""Endpoints whose models generate no text: no stream, no output tokens, and no answer that a guard could read."""
MediaOperation = Literal[
    "audio/speech",
    "audio/transcriptions",
    "audio/translations",
    "images/generations",
    "images/edits",
    "images/variations",
]
"""Operations on audio and images, by their path below `/v1`."""


class CallOrigin(NamedTuple):
    """Caller of a model: the principal, the id and span of the call, and labels for further calls on its behalf."""

    principal: Any
    call_id: UUID
    trace_id: str
    span_id: str
    session: str | None = None
    user: str | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Any] = MappingProxyType({})
    """Fields of a responses request to a composite provider, which may get the request translated to a chat."""
    previous: UUID | None = None
    """Call whose response the request continues (`previous_response_id`)."""


class ProviderRequest(NamedTuple):
    """Call of a provider: `body` is the complete JSON request, `model` the model named in it.

    A streamed call requests usage in the stream (`stream_options.include_usage`), even if the caller did not. `limits`
    are those of the route; a provider that calls over a network applies the smaller of these and its own. `headers` are
    the caller's, for a provider with the same format as the caller. `low_priority` marks a call that nobody waits for.
    `caller` is set for calls of the request pipeline; a composite provider makes further calls on its behalf.
    """

    endpoint: Endpoint
    model: str
    body: bytes
    stream: bool = False
    limits: ResponseLimits | None = None
    headers: Mapping[str, str] | None = None
    low_priority: bool = False
    caller: CallOrigin | None = None


@dataclass(slots=True)
class ProviderResponse:
    """Response of a provider; a status of 400 or more is passed to the caller with its body.

    `events` is set instead of `body` if a stream was requested and has started: each item is one or more complete
    server-sent events, each ended by an empty line. Closing it early cancels the call at the provider.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    events: AsyncIterator[bytes] | None = None


ModelKind = Literal["chat", "text", "either"]
"""What a model completes: conversations, texts, or that is unknown."""
COMMON_ENDPOINTS: frozenset[Endpoint] = frozenset({"chat", "embeddings"})
"""Endpoints that most providers support."""
OPENAI_ENDPOINTS: frozenset[Endpoint] = frozenset({*COMMON_ENDPOINTS, "responses"})
"""Endpoints that OpenAI's own models support."""
TEXT_ENDPOINTS: frozenset[Endpoint] = frozenset({*COMMON_ENDPOINTS, "completions"})
"""Endpoints of servers that complete texts too."""
MODEL_SERVER_ENDPOINTS: frozenset[Endpoint] = frozenset({*TEXT_ENDPOINTS, "rerank"})
"""Endpoints of servers of open models, which may be rerankers."""


class Provider(Protocol):
    """Interface to a model API.

    A cancelled `call`, or a closed stream, ends the work at the provider.

    Raises: UpstreamFailed if the provider does not respond in the agreed format, UpstreamTimeout if a limit is
    exceeded.
    """

    @property
    def endpoints(self) -> frozenset[Endpoint]:
        """Return the endpoints that the provider supports itself; all others reach it as a chat."""
        ...

    @property
    def address(self) -> str:
        """Return the address without secrets, as recorded in the configuration of a span."""
        ...

    async def call(self, request: ProviderRequest) -> ProviderResponse:
        """Answer a call."""
        ...

    async def list_models(self) -> list[str]:
        """Return the names that `ProviderRequest.model` may have; also tests if the provider is reachable."""
        ...


def is_composite(provider: Provider) -> bool:
    """Return True for a provider that makes model calls of its own, which are accounted for instead of the outer one.

    Such a provider has the attribute `is_composite`.
    """
    return bool(getattr(provider, "is_composite", False))


class TokenCount(NamedTuple):
    """Input tokens of a request. `is_exact` is false if a part of it was estimated."""

    tokens: int
    is_exact: bool = True


@runtime_checkable
class CompletesTexts(Protocol):
    """Provider of an API that completes texts without a chat, at `/completions`."""

    def model_kind(self, model: str) -> ModelKind:
        """Return what a model completes."""
        ...


class MediaProviderRequest(NamedTuple):
    """Call of an operation on audio or images: `body` is JSON or a form, as `content_type` says."""

    operation: MediaOperation
    model: str
    body: bytes
    content_type: str
    fields: Mapping[str, Any]
    """Fields of the request without its files."""
    limits: ResponseLimits | None = None


@runtime_checkable
class SupportsMedia(Protocol):
    """Provider with operations on audio or images."""

    @property
    def media_operations(self) -> frozenset[MediaOperation]:
        """Return the operations that the provider supports."""
        ...

    async def send_media(self, request: MediaProviderRequest) -> ProviderResponse:
        """Answer a call. `events` of the response are parts of its body; its headers contain the content type."""
        ...


@runtime_checkable
class SupportsTokenCount(Protocol):
    """Provider that counts the tokens of a request without answering it."""

    async def count_tokens(self, body: bytes, headers: Mapping[str, str] | None = None) -> TokenCount:
        """Return the number of tokens of a request in Anthropic's format.

        `headers` are the caller's, for a provider with the same format as the caller.
        """
        ...


def count_error(name: str, status: int, message: str) -> VongError:
    """Return the error for the response of an API that refuses to count tokens."""
    text = f"{name!r} failed to count tokens: {message}"
    if status == 404:
        return NotFound(text, "check the name of the model")
    if status == 429:
        return RateLimitExceeded(text, "try again later")
    if status in (400, 413, 422):
        return InvalidInput(text, "change the request")
    return UpstreamFailed(f"{text} (status {status})", "test the provider: vong gateway providers test NAME")
