"""What a call needs of the gateway, and how it may differ from that of a caller."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from vong.gateway.admission import Admission
from vong.gateway.answers import Answers
from vong.gateway.breakers import Circuit
from vong.gateway.brief import Brief
from vong.gateway.directory import Directory
from vong.gateway.keys import Principal
from vong.gateway.loads import Load
from vong.gateway.request import Trace
from vong.gateway.shadows import Second
from vong.gateway.shares import Ticket
from vong.records import Span


class Means(NamedTuple):
    """What a call needs of the gateway: a project's directory, who takes spans and those told in brief, the circuits
    and loads of targets, the limits, the conversation up to an earlier response, the cache, who asks a second time, and
    a way for guards to ask a model.
    """

    directory: Callable[[Principal], Awaitable[Directory]]
    account: Callable[[Principal, Span, tuple[str, ...], Ticket | None], None]
    told: Callable[[Brief], None]
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
