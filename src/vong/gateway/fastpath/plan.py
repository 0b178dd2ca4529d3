"""Cached plans for the fast path: everything that all calls of one key to one model share.

A call qualifies if its route has no guards, policy, routing tree or prompts, and its target accepts the request format
unchanged. Most calls of most applications qualify. A plan is created once and dropped when the key, route or price
changes.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from random import random
from typing import NamedTuple, Protocol, cast
from uuid import UUID
from weakref import ref

import msgspec

from vong.errors import VongError
from vong.gateway.accounting.call_record import encode_head
from vong.gateway.auth.principals import GatewayPrincipal, PrincipalCache
from vong.gateway.auth.scopes import check_scope
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.limits.limiter import Limiter
from vong.gateway.limits.quota import LocalQuota
from vong.gateway.limits.subjects import LimitSubjects
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.providers.http import PassthroughProvider, RequestTemplate
from vong.gateway.refreshing_cache import RefreshingCache
from vong.gateway.routing.catalog import ModelCatalog, ResolvedTarget
from vong.gateway.routing.store import pick_weighted
from vong.records import Route, Span, now
from vong.records.record import construct_trusted
from vong.records.usage import Usage
from vong.store.spans.row_template import RowTemplate

MAX_CACHED_PLANS = 1_000
"""Maximum number of cached plans. There is one per key, model and user."""
MAX_CACHED_NAME_CHARS = 500
"""Maximum characters of model and user together. Longer ones have no plan."""
UNKNOWN_USAGE = Usage()


class CallCounter(Protocol):
    """Counter of calls with the same metric labels."""

    def record_call(self, seconds: float, input_tokens: int, output_tokens: int) -> None:
        """Count a call with its duration and tokens."""
        ...


class CounterFactory(Protocol):
    """Function that finds the counter of calls with the same metric labels."""

    def __call__(self, kind: str, route: str | None, provider: str, status: int, /) -> CallCounter:
        """Return the counter of fast-path calls with these labels."""
        ...


class FastPathPlan(NamedTuple):
    """Plan of the calls of one key and user to one model.

    `encoded_model` is the provider's model name in JSON. `valid_until_ns` is when the first quota or the price expires,
    in nanoseconds since 1970. `needs_max_tokens`: every call is sent with the maximum of output tokens that was
    reserved, in the field `max_tokens_name`.
    `has_rate_limits`: not all limits are budgets. `price` is None if the price is unknown or the target is not billed.
    `row_template` encodes the spans, `attributes` begins their attributes, and `span` holds their shared fields, which
    `call_head` contains for the crash log.
    """

    principal: GatewayPrincipal
    route: Route | None
    target: ResolvedTarget
    request_template: RequestTemplate
    encoded_model: msgspec.Raw
    subjects: LimitSubjects
    quotas: Sequence[LocalQuota]
    valid_until_ns: float
    needs_max_tokens: bool
    max_tokens_name: str
    has_rate_limits: bool
    price: ModelPrice | None
    span: Span
    attributes: bytes
    call_head: bytes
    row_template: RowTemplate
    counter: CallCounter


class _RoutePlans(NamedTuple):
    """Plans of a route by target, or the only plan, valid while principal and catalog are unchanged.

    Without any plan the calls do not qualify. Until `fresh_until` the principal and catalog are not checked for
    changes.
    """

    principal: GatewayPrincipal
    catalog: "ref[ModelCatalog]"
    fresh_until: float
    single: FastPathPlan | None
    weighted: Route | None = None
    by_target: dict[str, FastPathPlan | None] = {}


class FastPathPlanner:
    """Planner of one gateway. `price_of` returns the price of a target, or None if the price is unknown."""

    def __init__(
        self,
        principals: PrincipalCache,
        catalogs: RefreshingCache[UUID, ModelCatalog],
        limiter: Limiter,
        *,
        price_of: Callable[[ResolvedTarget], ModelPrice | None],
        counter_for: CounterFactory,
    ) -> None:
        self._principals = principals
        self._catalogs = catalogs
        self._limiter = limiter
        self._price_of = price_of
        self._counter_for = counter_for
        self._plans: dict[tuple[str, str, str | None], _RoutePlans] = {}

    def find_plan(self, secret: str, model: str, user: str | None, random_draw: float) -> FastPathPlan | None:
        """Return the plan of a call, or None if there is none or something must be loaded first.

        `random_draw`, from 0 to 1, selects a target by weight.
        """
        if len(model) + len(user or "") > MAX_CACHED_NAME_CHARS:
            return None
        route_plans = self._plans.get((secret, model, user))
        if route_plans is None or route_plans.fresh_until <= time.monotonic():
            route_plans = self._refresh(route_plans, secret, model, user)
            if route_plans is None:
                return None
        if route_plans.weighted is None:
            return route_plans.single
        target = pick_weighted(route_plans.weighted, lambda: random_draw).model
        if target not in route_plans.by_target:
            plan, catalog = None, route_plans.catalog()
            with suppress(VongError):  # the slow path raises the error
                if catalog is not None:
                    plan = self._create_plan(route_plans.principal, catalog, route_plans.weighted, target, model, user)
            route_plans.by_target[target] = plan
        return route_plans.by_target[target]

    def invalidate(self) -> None:
        """Drop all plans, because something they depend on has changed."""
        self._plans.clear()

    def _refresh(
        self, route_plans: _RoutePlans | None, secret: str, model: str, user: str | None
    ) -> _RoutePlans | None:
        principal = self._principals.get_cached(secret)
        catalog = self._catalogs.get_cached(principal.project_id, principal.project_id) if principal else None
        if principal is None or catalog is None:
            return None
        if route_plans is not None and route_plans.principal is principal and route_plans.catalog() is catalog:
            return route_plans  # both are being refreshed in the background
        route_plans = self._create_route_plans(principal, catalog, secret, model, user)
        if len(self._plans) >= MAX_CACHED_PLANS:
            self._plans.clear()
        self._plans[secret, model, user] = route_plans
        return route_plans

    def _create_route_plans(
        self, principal: GatewayPrincipal, catalog: ModelCatalog, secret: str, model: str, user: str | None
    ) -> _RoutePlans:
        fresh_until = min(self._principals.fresh_until(secret), self._catalogs.fresh_until(principal.project_id))
        route_plans = _RoutePlans(principal, ref(catalog), fresh_until, None)
        route = catalog.routes.get(model)
        if catalog.guards_for(model) or principal.is_delegated or (route and _needs_pipeline(route)):
            return route_plans
        try:
            check_scope(principal, "chat", model)
            if route is not None and len(route.targets) > 1:
                return route_plans._replace(weighted=route, by_target={})
            (target,) = catalog.plan_route(model, random).targets
            plan = self._create_plan(principal, catalog, route, target, model, user)
        except VongError:
            return route_plans  # the slow path raises the error
        return route_plans._replace(single=plan)

    def _create_plan(
        self,
        principal: GatewayPrincipal,
        catalog: ModelCatalog,
        route: Route | None,
        target: str,
        model: str,
        user: str | None,
    ) -> FastPathPlan | None:
        choice = catalog.resolve(target, route)
        if not hasattr(choice.provider, "request_template"):
            return None
        sending = cast(PassthroughProvider, choice.provider).request_template("chat")
        sending.api.require_key()
        price = self._price_of(choice)
        labels = principal.labels
        if labels is not None:
            user = user or labels.user
        tags = tuple(dict.fromkeys(labels.tags)) if labels else ()
        subjects = LimitSubjects(principal.actor, user, route.name if route else None, tags)
        limits = [(limit, subject) for limit in catalog.limits for subject in subjects.matching(limit)]
        if price is None and self._limiter.is_billed(choice) and any(limit.metric == "cost" for limit, _ in limits):
            return None
        shares = [self._limiter.quota_for(principal.project_id, limit, subject) for limit, subject in limits]
        span = _shared_span(principal, choice, model, user)
        attributes = {
            "gen_ai.operation.name": "chat",
            "vong.endpoint": "chat",
            "http.response.status_code": 200,
            "gen_ai.request.model": model,
            "gen_ai.provider.name": choice.provider_name,
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
            min([price.valid_until or inf if price else inf, *(share.expires_at for share in shares)]) * 1e9,
            any(limit.metric in ("cost", "tokens") for limit, _ in limits),
            sending.max_tokens_name(choice.model),
            any(limit.metric != "cost" for limit, _ in limits),
            price,
            span,
            msgspec.json.encode(attributes)[:-1],
            encode_head(principal.project_id, tags, span, msgspec.json.encode(attributes)),
            RowTemplate(principal.project_id, span),
            self._counter_for("chat", choice.versions.route, choice.provider_name, 200),
        )


def _needs_pipeline(route: Route) -> bool:
    """Return True if the calls of a route do not qualify for the fast path."""
    return bool(route.policy or route.tree) or any(target.prompt for target in route.targets)


def _shared_span(principal: GatewayPrincipal, choice: ResolvedTarget, model: str, user: str | None) -> Span:
    """Return the span with the fields that all spans of a plan share."""
    trace = TraceContext.from_headers({})
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
        "usage": UNKNOWN_USAGE,
        "versions": choice.versions,
        "attributes": {},
        "input": None,
        "output": None,
    }
    return construct_trusted(Span, values)
