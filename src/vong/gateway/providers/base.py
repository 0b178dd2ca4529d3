"""Interface of a provider."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from vong.gateway.upstream.response import ResponseLimits

Endpoint = Literal["chat", "embeddings", "completions", "messages", "responses"]


class ProviderRequest(NamedTuple):
    """Call of a provider: `body` is the complete JSON request, `model` the model named in it.

    A streamed call requests usage in the stream (`stream_options.include_usage`), even if the caller did not. `limits`
    are those of the route; a provider that calls over a network applies the smaller of these and its own. `headers` are
    the caller's, for a provider with the same format as the caller.
    """

    endpoint: Endpoint
    model: str
    body: bytes
    stream: bool = False
    limits: ResponseLimits | None = None
    headers: Mapping[str, str] | None = None


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


COMMON_ENDPOINTS: frozenset[Endpoint] = frozenset({"chat", "embeddings"})
"""Endpoints that most providers support."""
OPENAI_ENDPOINTS: frozenset[Endpoint] = frozenset({*COMMON_ENDPOINTS, "responses"})
"""Endpoints that OpenAI's own models support."""


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


@runtime_checkable
class SupportsTokenCount(Protocol):
    """Provider that counts the tokens of a request without answering it."""

    async def count_tokens(self, body: bytes) -> int:
        """Return the number of tokens of a request in Anthropic's format."""
        ...
