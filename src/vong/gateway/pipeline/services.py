"""What a call needs of the gateway, and how it may differ from that of a caller."""

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
    """What a call needs of the gateway: a project's directory, who takes spans, the circuits
    and loads of targets, the limits, the conversation up to an earlier response, the cache, who asks a second time, and
    a way for guards to ask a model.
    """

    directory: Callable[[GatewayPrincipal], Awaitable[ModelCatalog]]
    account: Callable[[GatewayPrincipal, Span, tuple[str, ...], Reservation | None], None]
    circuit: Callable[[UUID, str], CircuitBreaker]
    load: Callable[[UUID, str], TargetLoad]
    admission: Limiter
    earlier: Callable[[UUID, str], Awaitable[list[dict[str, Any]]]]
    answers: ResponseCache
    mirror: Callable[[UUID, ShadowRequest], None]
    ask: Callable[[GatewayPrincipal, TraceContext, str, list[dict[str, Any]]], Awaitable[str]]


class CallOptions(NamedTuple):
    """How a call differs from that of a caller: whether limits hold for it, whether guards look at it, and the route
    whose guards do, where it is not the one that it names. `lot`, from 0 to 1, draws a target of a route by its weight,
    where it is drawn already.
    """

    limited: bool = True
    guarded: bool = True
    route: str | None = None
    lot: float | None = None


CALLERS = CallOptions()
