"""Dependencies and options of a model call."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints.file_search import FileHit, FileSearchTool
from vong.gateway.endpoints.file_sources import FileContent
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.context import AppliedPrompt
from vong.gateway.pipeline.shadow import ShadowRequest
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.gateway.translators.prompt_request import PromptContent
from vong.records import Route, Span
from vong.records.prompt import PromptVersion


class RecordSpan(Protocol):
    """Function that records a span."""

    def __call__(
        self, principal: GatewayPrincipal, span: Span, tags: tuple[str, ...], reservation: Reservation | None, /
    ) -> None:
        """Record a span with its tags and settle its reservation."""
        ...


class QueueSpan(Protocol):
    """Function that queues a span."""

    def __call__(
        self, project_id: UUID, span: Span, tags: tuple[str, ...], reservation: Reservation | None, /
    ) -> object:
        """Queue a span with its tags and its reservation. Spans of attempts have neither and count nowhere."""
        ...


class FindCircuitBreaker(Protocol):
    """Function that finds a circuit breaker."""

    def __call__(self, project_id: UUID, target: str, /) -> CircuitBreaker:
        """Return the circuit breaker of a target of a project."""
        ...


class FindTargetLoad(Protocol):
    """Function that finds the load of a target."""

    def __call__(self, project_id: UUID, target: str, /) -> TargetLoad:
        """Return the load of a target of a project."""
        ...


class LoadHistory(Protocol):
    """Function that loads a conversation."""

    def __call__(self, project_id: UUID, response: str, /) -> Awaitable[list[dict[str, Any]]]:
        """Return the conversation up to and including a stored response."""
        ...


class LoadOwnedFile(Protocol):
    """Function that loads a file."""

    def __call__(self, principal: GatewayPrincipal, id: UUID, max_bytes: int, /) -> Awaitable[FileContent]:
        """Return a file that the principal may see. Raises InvalidInput if it has more than `max_bytes`."""
        ...


class ResolveTarget(Protocol):
    """Function that resolves a target."""

    def __call__(
        self, principal: GatewayPrincipal, catalog: ModelCatalog, target: str, route: Route | None, /
    ) -> Awaitable[ResolvedTarget]:
        """Return the provider and model of a target, started first if it is deployed on demand."""
        ...


class EnqueueShadow(Protocol):
    """Function that enqueues a shadow request."""

    def __call__(self, project_id: UUID, request: ShadowRequest, /) -> None:
        """Send a shadow request later, outside of the call."""
        ...


class AskModel(Protocol):
    """Function that asks a model on behalf of a guard."""

    def __call__(
        self, principal: GatewayPrincipal, parent: TraceContext, model: str, messages: list[dict[str, Any]], /
    ) -> Awaitable[str]:
        """Return the text that a model answers to a guard."""
        ...


class FileSearchService(Protocol):
    """Search in the vector stores of a project, on behalf of a principal."""

    async def find_missing(self, principal: GatewayPrincipal, stores: Sequence[str], /) -> list[str]:
        """Return the vector stores that do not exist."""
        ...

    async def search(
        self,
        principal: GatewayPrincipal,
        tool: FileSearchTool,
        queries: Sequence[str],
        trace_id: str,
        parent_span_id: str,
        /,
    ) -> list[FileHit]:
        """Return the passages that match the queries, best first, and record the search as a span."""
        ...

    def record(self, principal: GatewayPrincipal, span: Span, /) -> None:
        """Store the span of a response. The spans of its model calls are stored by the gateway."""
        ...


class PromptService(Protocol):
    """Stored prompts of all projects."""

    async def find(self, project_id: UUID, ref: str, /) -> PromptVersion:
        """Return a version of a prompt. Raises NotFound if there is none, InvalidInput for an invalid ref."""
        ...

    def render(self, version: PromptVersion, variables: Mapping[str, Any], /) -> PromptContent:
        """Return a version with its variables inserted. Raises InvalidInput, which names the prompt and variable."""
        ...

    def invalidate(self, project_id: UUID | None = None, /) -> None:
        """Invalidate all that is cached of a project, or of all projects."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CallServices:
    """Dependencies of a model call. Most of them are functions, so that the pipeline knows no database."""

    load_catalog: Callable[[GatewayPrincipal], Awaitable[ModelCatalog]]
    """Return the model catalog of the principal's project."""
    resolve_target: ResolveTarget
    record_span: RecordSpan
    record_start: QueueSpan
    circuit_breaker: FindCircuitBreaker
    target_load: FindTargetLoad
    limiter: Limiter
    load_history: LoadHistory
    load_file: LoadOwnedFile
    response_cache: ResponseCache
    enqueue_shadow: EnqueueShadow
    ask_model: AskModel
    file_search: FileSearchService | None = None
    """Search in vector stores, or None if the process has none."""
    prompts: PromptService | None = None
    """Stored prompts, or None if the process has none."""


class CallOptions(NamedTuple):
    """Options of a model call. The defaults are those of a call from outside."""

    apply_limits: bool = True
    """Apply limits and budgets."""
    apply_guards: bool = True
    """Run guards."""
    guards_route: str | None = None
    """Route whose guards run, if it differs from the model that the request names."""
    random_draw: float | None = None
    """Random number from 0 to 1 that is already drawn, for the choice of a target by weight."""
    prompt: AppliedPrompt | None = None
    """Prompt that the request contains already. The call renders no other."""


DEFAULT_OPTIONS = CallOptions()
