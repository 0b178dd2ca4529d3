"""What a call needs of the gateway, and how it may differ from that of a caller."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from vong.gateway.auth.principals import Principal
from vong.gateway.cache.response_cache import Answers
from vong.gateway.endpoints.parsing import Trace
from vong.gateway.limits.limiter import Admission
from vong.gateway.limits.quota import Ticket
from vong.gateway.pipeline.shadow import Second
from vong.gateway.routing.catalog import Directory
from vong.gateway.routing.circuit_breaker import Circuit
from vong.gateway.routing.load import Load
from vong.records import Span


class Means(NamedTuple):
    """What a call needs of the gateway: a project's directory, who takes spans, the circuits
    and loads of targets, the limits, the conversation up to an earlier response, the cache, who asks a second time, and
    a way for guards to ask a model.
    """

    directory: Callable[[Principal], Awaitable[Directory]]
    account: Callable[[Principal, Span, tuple[str, ...], Ticket | None], None]
    circuit: Callable[[UUID, str], Circuit]
    load: Callable[[UUID, str], Load]
    admission: Admission
    earlier: Callable[[UUID, str], Awaitable[list[dict[str, Any]]]]
    answers: Answers
    mirror: Callable[[UUID, Second], None]
    ask: Callable[[Principal, Trace, str, list[dict[str, Any]]], Awaitable[str]]


class Manner(NamedTuple):
    """How a call differs from that of a caller: whether limits hold for it, whether guards look at it, and the route
    whose guards do, where it is not the one that it names. `lot`, from 0 to 1, draws a target of a route by its weight,
    where it is drawn already.
    """

    limited: bool = True
    guarded: bool = True
    route: str | None = None
    lot: float | None = None


CALLERS = Manner()
