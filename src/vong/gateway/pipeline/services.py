"""Dependencies and options of a model call."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.cache.response_cache import ResponseCache
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import Reservation
from vong.gateway.pipeline.shadow import ShadowRequest
from vong.gateway.routing.catalog import ModelCatalog
from vong.gateway.routing.circuit_breaker import CircuitBreaker
from vong.gateway.routing.load import TargetLoad
from vong.records import Span


class CallServices(NamedTuple):
    """Dependencies of a model call, given as callables so that the pipeline knows no database."""

    load_catalog: Callable[[GatewayPrincipal], Awaitable[ModelCatalog]]
    """Return the model catalog of the principal's project."""
    record_span: Callable[[GatewayPrincipal, Span, tuple[str, ...], Reservation | None], None]
    """Record a span with its tags and settle its reservation."""
    circuit_breaker: Callable[[UUID, str], CircuitBreaker]
    """Return the circuit breaker of a target of a project."""
    target_load: Callable[[UUID, str], TargetLoad]
    """Return the load of a target of a project."""
    limiter: Limiter
    load_history: Callable[[UUID, str], Awaitable[list[dict[str, Any]]]]
    """Return the conversation up to and including a stored response."""
    response_cache: ResponseCache
    enqueue_shadow: Callable[[UUID, ShadowRequest], None]
    """Send a shadow request later, outside of the call."""
    ask_model: Callable[[GatewayPrincipal, TraceContext, str, list[dict[str, Any]]], Awaitable[str]]
    """Return the text that a model answers to a guard."""


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


DEFAULT_OPTIONS = CallOptions()
