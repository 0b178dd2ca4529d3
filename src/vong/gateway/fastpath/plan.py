"""What all plain calls of one key to one name have in common: worked out once, and kept while what it is made of holds.

A call is plain where nothing stands in its way: no guard, no policy, no tree, and a target that is asked in
the caller's own words. Most calls of most applications are.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from random import random
from types import EllipsisType
from typing import NamedTuple, Protocol, cast
from uuid import UUID
from weakref import ref

import msgspec

from vong.errors import VongError
from vong.gateway.auth.principals import GatewayPrincipal, PrincipalCache
from vong.gateway.auth.scopes import check
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.limits.limiter import Limiter, LimitSubjects
from vong.gateway.limits.quota import LocalQuota
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.providers.http import PassthroughProvider, RequestTemplate
from vong.gateway.refreshing_cache import RefreshingCache
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget
from vong.gateway.routing.store import choose
from vong.records import Route, Span, now
from vong.records.record import known
from vong.records.usage import Usage
from vong.store.spans.row_template import RowTemplate

KEPT = 1_000
"""Keys, names and users whose lanes are kept."""
LONGEST = 500
"""Characters of a name and a user whose lane is kept."""
UNKNOWN = Usage()


class CallCounter(Protocol):
    """Counts calls that have everything in common that calls are counted by."""

    def answered(self, seconds: float, read: int, made: int) -> None:
        """One more, that took so long and used so many tokens."""
        ...


class FastPathPlan(NamedTuple):
    """Where plain calls go. `model_name` is the provider's own in JSON; `ends` when the first of the shares does, in
    nanoseconds since 1970. `capped`: a call that sets no end to its answer is given one; `counted`: not all limits are
    budgets. `price` is None where nobody knows or sends one. `template` packs their spans, whose attributes begin with
    `attributes`, and `span` is what they have in common.
    """

    principal: GatewayPrincipal
    route: Route | None
    choice: ResolvedTarget
    sending: RequestTemplate
    model_name: msgspec.Raw
    subjects: LimitSubjects
    shares: Sequence[LocalQuota]
    ends: float
    capped: bool
    counted: bool
    price: ModelPrice | None
    span: Span
    attributes: bytes
    template: RowTemplate
    tally: CallCounter


class _Plan(NamedTuple):
    """The lanes of a route by its targets, or the only one, while principal and directory are the same; none where
    calls are not plain. Until that moment nobody needs to look whether they are.
    """

    principal: GatewayPrincipal
    directory: "ref[ModelCatalog]"
    until: float
    only: FastPathPlan | None
    weighted: Route | None = None
    lanes: dict[str, FastPathPlan | None] = {}


class FastPathPlanner:
    """The lanes of one gateway. `price` is what a choice costs, `...` where that must be looked up first."""

    def __init__(
        self,
        keys: PrincipalCache,
        directories: RefreshingCache[UUID, ModelCatalog],
        admission: Limiter,
        price: Callable[[ResolvedTarget], ModelPrice | EllipsisType | None],
        tally: Callable[[str, str | None, str, int], CallCounter],
    ) -> None:
        self._keys = keys
        self._directories = directories
        self._admission = admission
        self._price = price
        self._tally = tally
        self._plans: dict[tuple[str, str, str | None], _Plan] = {}

    def find(self, secret: str, model: str, user: str | None, lot: float) -> FastPathPlan | None:
        """The lane of a call; None where it is none, or something must be waited for. `lot`, from 0 to 1, draws a
        target by its weight.
        """
        if len(model) + len(user or "") > LONGEST:
            return None
        plan = self._plans.get((secret, model, user))
        if plan is None or plan.until <= time.monotonic():
            plan = self._looked(plan, secret, model, user)
            if plan is None:
                return None
        if plan.weighted is None:
            return plan.only
        target = choose(plan.weighted, lambda: lot).model
        if target not in plan.lanes:
            made, directory = None, plan.directory()
            with suppress(VongError):  # the long way says what is wrong
                if directory is not None:
                    made = self._lane(plan.principal, directory, plan.weighted, target, model, user)
            plan.lanes[target] = made
        return plan.lanes[target]

    def forget(self) -> None:
        """Something has changed."""
        self._plans.clear()

    def _looked(self, plan: _Plan | None, secret: str, model: str, user: str | None) -> _Plan | None:
        principal = self._keys.at_hand(secret)
        directory = self._directories.at_hand(principal.project_id, principal.project_id) if principal else None
        if principal is None or directory is None:
            return None
        if plan is not None and plan.principal is principal and plan.directory() is directory:
            return plan  # they are being renewed
        plan = self._planned(principal, directory, secret, model, user)
        if len(self._plans) >= KEPT:
            self._plans.clear()
        self._plans[secret, model, user] = plan
        return plan

    def _planned(
        self, principal: GatewayPrincipal, directory: ModelCatalog, secret: str, model: str, user: str | None
    ) -> _Plan:
        until = min(self._keys.fresh_until(secret), self._directories.fresh_until(principal.project_id))
        plan = _Plan(principal, ref(directory), until, None)
        route = directory.routes.get(model)
        if directory.guards is not None or principal.deputy or (route and (route.policy or route.tree)):
            return plan
        try:
            check(principal, "chat", model)
            if route is not None and len(route.targets) > 1:
                return plan._replace(weighted=route, lanes={})
            (target,) = directory.way(model, random).targets
            lane = self._lane(principal, directory, route, target, model, user)
        except VongError:
            return plan  # the long way says what is wrong
        return plan._replace(only=lane)

    def _lane(
        self,
        principal: GatewayPrincipal,
        directory: ModelCatalog,
        route: Route | None,
        target: str,
        model: str,
        user: str | None,
    ) -> FastPathPlan | None:
        choice = directory.resolve(target, route)
        if not hasattr(choice.provider, "sending"):
            return None
        sending = cast(PassthroughProvider, choice.provider).sending("chat")
        sending.api.ready()
        price = self._price(choice)
        if isinstance(price, EllipsisType):
            return None
        labels = principal.labels
        if labels is not None:
            user = user or labels.user
        tags = tuple(dict.fromkeys(labels.tags)) if labels else ()
        subjects = LimitSubjects(principal.actor, user, route.name if route else None, tags)
        limits = [(limit, subject) for limit in directory.limits for subject in subjects.of(limit)]
        if price is None and self._admission.billed(choice) and any(limit.what == "cost" for limit, _ in limits):
            return None
        shares = [self._admission.share(principal.project_id, limit, subject) for limit, subject in limits]
        span = _common(principal, choice, model, user)
        attributes = {
            "gen_ai.operation.name": "chat",
            "vong.shape": "chat",
            "http.response.status_code": 200,
            "gen_ai.request.model": model,
            "gen_ai.provider.name": choice.system,
            **({"vong.tags": list(tags)} if tags else {}),
        }
        return FastPathPlan(
            principal,
            route,
            choice,
            sending,
            msgspec.Raw(msgspec.json.encode(choice.model)),
            subjects,
            shares,
            min([share.ends for share in shares], default=inf) * 1e9,
            any(limit.what in ("cost", "tokens") for limit, _ in limits),
            any(limit.what != "cost" for limit, _ in limits),
            price,
            span,
            msgspec.json.encode(attributes)[:-1],
            RowTemplate(principal.project_id, span),
            self._tally("chat", choice.versions.route, choice.system, 200),
        )


def _common(principal: GatewayPrincipal, choice: ResolvedTarget, model: str, user: str | None) -> Span:
    """What the spans of a lane have in common."""
    trace = TraceContext.of({})
    values = {
        "id": trace.id,
        "trace_id": trace.trace_id,
        "span_id": trace.span_id,
        "parent_span_id": None,
        "name": f"chat {model}",
        "kind": "chat",
        "status": "ok",
        "error": None,
        "started_at": now(),
        "duration_ms": 0.0,
        "first_token_ms": None,
        "model": choice.target,
        "user": user,
        "session": None,
        "key": principal.actor,
        "usage": UNKNOWN,
        "versions": choice.versions,
        "attributes": {},
        "input": None,
        "output": None,
    }
    return known(Span, values)
