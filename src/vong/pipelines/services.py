"""Services that steps use: models, knowledge bases, prompts, guards and secrets, supplied by the application."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from vong.pipelines.definition import JsonSchema, PipelineDefinition, RunLimits
from vong.records import Span


@dataclass(slots=True)
class RunUsage:
    """Consumption of a run so far, with what running calls have reserved."""

    cost: int = 0
    """Cost in millionths of a dollar."""
    tokens: int = 0
    reserved_cost: int = 0
    reserved_tokens: int = 0
    steps: int = 0
    by_span: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    """Cost and tokens of the calls of each execution of a step, until the step ends."""


@dataclass(slots=True)
class RunScope:
    """Run to which the calls of a step belong."""

    id: UUID
    project_id: UUID
    caller: Any
    """Principal on whose behalf the run calls models."""
    trace_id: str
    pipeline: str | None
    version: str
    limits: RunLimits
    usage: RunUsage = field(default_factory=RunUsage)
    conversation_id: UUID | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Prompts used in place of others, by the ref in the definition."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Models used in place of others, by the name in the definition."""
    parent_span_id: str | None = None
    user: str | None = None
    session: str | None = None
    tags: tuple[str, ...] = ()
    call_id: UUID | None = None
    """Span of the call of the gateway that started the run."""
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    reservations: dict[UUID, Callable[[int, int], Awaitable[None]]] = field(default_factory=dict)
    """Function of each running step, by its span, that stores the cost and tokens that a call has reserved."""
    passages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Passages that steps of the run retrieved, by the id of their chunk."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """Call of a model."""

    model: str
    messages: Sequence[Mapping[str, Any]]
    settings: Mapping[str, Any]
    """Further fields of the request, such as `temperature` and `tools`."""
    prompt_version: str | None = None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """Answer of a model."""

    text: str
    message: dict[str, Any]
    model: str
    finish_reason: str | None
    usage: dict[str, int | None]
    cost: int | None
    """Cost in millionths of a dollar, None if the price is unknown."""
    span_id: UUID | None


@dataclass(frozen=True, slots=True)
class RenderedMessages:
    """Stored prompt with its variables filled in."""

    ref: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    output_schema: JsonSchema | None
    model: str | None
    settings: dict[str, Any]


class PipelineServices(Protocol):
    """Services of one run. Each call is recorded as a child of the span of its step."""

    async def call_model(
        self, run: RunScope, parent: UUID, request: ModelRequest, on_delta: Callable[[str], None] | None
    ) -> ModelReply:
        """Call a model through the gateway, streamed if `on_delta` is given."""
        ...

    async def render_prompt(self, run: RunScope, ref: str, variables: Mapping[str, Any]) -> RenderedMessages:
        """Render a stored prompt."""
        ...

    async def retrieve(
        self, run: RunScope, parent: UUID, base: str, question: str, options: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return the passages that match a question, best first, and the version of the index."""
        ...

    async def record_passages(self, run: RunScope, outputs: Mapping[str, Any]) -> None:
        """Store the passages that a run has retrieved for its outputs."""
        ...

    async def rerank(
        self, run: RunScope, parent: UUID, model: str, query: str, documents: Sequence[str]
    ) -> list[float]:
        """Return the relevance of each document, in their order."""
        ...

    async def check_guards(
        self, run: RunScope, parent: UUID, text: str, guards: Sequence[Mapping[str, Any]], route: str | None, on: str
    ) -> dict[str, Any]:
        """Return the text after the guards, and what they found: `text`, `action` and `findings`."""
        ...

    async def get_secret(self, run: RunScope, name: str, url: str) -> str:
        """Return a stored secret, if it may be sent to the origin of a URL."""
        ...

    async def find_pipeline(self, run: RunScope, ref: str) -> tuple[str, PipelineDefinition]:
        """Return the hash and the definition of a stored pipeline."""
        ...

    def record_span(self, run: RunScope, span: Span) -> None:
        """Record a span of code that a step called."""
        ...

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Return the hosts (`HOST` or `HOST:PORT`) that may have private addresses."""
        ...

    @property
    def app_folder(self) -> Any:
        """Return the folder with the Python files of `call` steps."""
        ...
