"""What a provider is."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from vong.gateway.upstream.response import ResponseLimits

Shape = Literal["chat", "embeddings", "completions", "messages", "responses"]


class ProviderRequest(NamedTuple):
    """What is asked of a provider. `body` is the whole JSON request, `model` the model named in it.

    A streamed call asks for usage in the stream (`stream_options.include_usage`), whatever the caller wanted. `limits`
    are a route's; a provider that calls over a network keeps them beside its own, the shorter of each. `headers` are of
    the caller, for a provider that speaks the caller's shape.
    """

    shape: Shape
    model: str
    body: bytes
    stream: bool = False
    limits: ResponseLimits | None = None
    headers: Mapping[str, str] | None = None


@dataclass(slots=True)
class ProviderResponse:
    """A provider's answer. A status of 400 or more is passed on to the caller with its body.

    `events` is set instead of `body` where a stream was asked for and begun: each item is one or more whole
    server-sent events, each ended by an empty line. Closing it early cancels the call at the provider.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    events: AsyncIterator[bytes] | None = None


OPENAI: frozenset[Shape] = frozenset({"chat", "embeddings"})
"""The shapes of most."""
RESPONSES: frozenset[Shape] = frozenset({*OPENAI, "responses"})
"""Those of OpenAI's own models."""


class Provider(Protocol):
    """Answers calls. Raises UpstreamFailed where nobody answers or not in the agreed form, UpstreamTimeout where it
    takes too long. A cancelled `call`, or a closed stream, ends the work at the provider.
    """

    @property
    def shapes(self) -> frozenset[Shape]:
        """How `Ask.shape` may be: the shapes that it speaks itself. All others reach it as a chat."""
        ...

    @property
    def address(self) -> str:
        """Where it is reached, without secrets: part of what a span names as its configuration."""
        ...

    async def call(self, ask: ProviderRequest) -> ProviderResponse:
        """Answer."""
        ...

    async def models(self) -> list[str]:
        """The names that `Ask.model` may have; also the probe of whether the provider is reachable."""
        ...


@runtime_checkable
class SupportsTokenCount(Protocol):
    """A provider that counts the tokens of a request without answering it."""

    async def count(self, body: bytes) -> int:
        """The tokens of a request in Anthropic's shape."""
        ...
