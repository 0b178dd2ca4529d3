"""Preparation of one call: order of the targets, capacity for low-priority calls, reservation of limits."""

from contextlib import suppress
from functools import partial
from random import random
from uuid import UUID

from vong.errors import NotFound, Unavailable, Unsupported
from vong.gateway.limits.estimate import UsageBound, estimate_usage_bound
from vong.gateway.limits.quota import Reservation
from vong.gateway.limits.subjects import LimitSubjects
from vong.gateway.pipeline.cache_lookup import CacheLookup
from vong.gateway.pipeline.context import CallContext
from vong.gateway.pipeline.exchange import UpstreamExchange
from vong.gateway.pipeline.services import CallServices
from vong.gateway.providers.base import is_composite
from vong.gateway.routing.catalog import ModelCatalog, RoutePlan
from vong.gateway.routing.load import TargetLoad
from vong.gateway.routing.low_priority import low_priority_load_key, wait_for_capacity
from vong.gateway.routing.strategies import order_targets
from vong.records import Usage

DEFAULT_OUTPUT_TOKENS = 500
"""Output tokens assumed for a request without max_tokens when targets are compared by cost."""


def plan_targets(
    services: CallServices,
    context: CallContext,
    catalog: ModelCatalog,
    exchange: UpstreamExchange,
    random_draw: float | None,
) -> RoutePlan:
    """Return the targets in the order in which they are tried.

    `random_draw` replaces the draw of a target by weight if it is already drawn.
    """
    model = exchange.request.model
    route = catalog.routes.get(model)
    if route is None or route.tree is None:
        return catalog.plan_route(model, random if random_draw is None else lambda: random_draw)
    usage = Usage(
        input_tokens=len(context.body) // 4, output_tokens=exchange.request.largest_maximum or DEFAULT_OUTPUT_TOKENS
    )
    costs = dict[str, int | None]()
    if "cheapest" in route.tree.picks():
        for target in route.tree.models():
            with suppress(NotFound, Unavailable):  # an attempt at this target raises the same error
                costs[target] = services.limiter.expected_cost(catalog.resolve(target, route), usage)
    load = partial(services.target_load, context.principal.project_id)
    facts = exchange.routing_facts(context.principal.actor, context.trace.session, context.tags, load, costs)
    return catalog.plan_targets(route, order_targets(route.tree, facts))


async def find_cached(
    services: CallServices, context: CallContext, catalog: ModelCatalog, plan: RoutePlan, exchange: UpstreamExchange
) -> bytes | None:
    """Return the body of a cached response, or None if there is none or the route has no cache."""
    policy = plan.route.policy.cache if plan.route and plan.route.policy else None
    if policy is None:
        return None
    try:
        resolved = catalog.resolve(plan.targets[0], plan.route)
        guards = catalog.guards.version if catalog.guards else None
        lookup = CacheLookup(services.response_cache, policy, context.principal, resolved, exchange, guards)
        lookup.apply_cache_header(context.trace.cache)
        cached = await lookup.find()
    except (NotFound, Unavailable, Unsupported):
        return None  # the attempt that follows raises the same error
    context.cache_lookup = lookup
    if cached is None:
        return None
    context.resolved = resolved
    return cached.body


async def reserve_capacity(services: CallServices, project_id: UUID, plan: RoutePlan) -> TargetLoad:
    """Wait until calls of normal priority leave capacity for a low-priority call.

    Returns the load that counts the low-priority calls. The caller releases it at the end of the call.
    """
    low_priority_load = services.target_load(project_id, low_priority_load_key(plan))
    await wait_for_capacity(
        plan, low_priority_load, services.target_load(project_id, plan.targets[0]) if plan.route else None
    )
    return low_priority_load


async def reserve_limits(
    services: CallServices, context: CallContext, catalog: ModelCatalog, plan: RoutePlan, exchange: UpstreamExchange
) -> Reservation:
    """Reserve the maximum usage of the call in all limits that apply, and set the max_tokens that it is sent with."""
    request = exchange.request
    usage_bound = estimate_usage_bound(exchange.endpoint, request, exchange.request_bytes, context.body)
    if not exchange.allow_native:  # a broken stream may be continued by a second request that repeats the text so far
        input_tokens, output_tokens = usage_bound.input_tokens, usage_bound.output_tokens
        usage_bound = UsageBound(
            2 * input_tokens + output_tokens, 2 * output_tokens, usage_bound.max_tokens, usage_bound.token_types
        )
    targets = catalog.resolve_available(plan)
    if targets and all(is_composite(target.provider) for target in targets):  # the calls of its steps reserve tokens
        usage_bound = UsageBound(0, 0, None)
    route = plan.route.name if plan.route else None
    subjects = LimitSubjects(context.principal.actor, request.user, route, context.tags)
    reservation = await services.limiter.admit(context.principal, catalog, plan, subjects, usage_bound)
    exchange.max_tokens = reservation.max_tokens
    return reservation
