"""Routes of the gateway: model routes, providers, limits, ledger, cache, shadow results and usage."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import gateway
from vong.api.http.dependencies import CurrentUser
from vong.api.http.timestamps import Timestamp
from vong.app import gated_changes
from vong.app import providers as providers_app
from vong.app.callable_models import CallableEndpoint, find_endpoints
from vong.app.gated_changes import RouteChange
from vong.app.gates import GateCaller
from vong.app.gateway import list_callable_models, target_check, target_states
from vong.app.guard_secrets import encrypt_policy
from vong.app.providers import ProviderState, ProviderTest
from vong.app.shadow_reports import ShadowPair, list_pairs, summarize_pairs
from vong.app.usage import usage as read_usage
from vong.errors import InvalidInput
from vong.gateway.accounting.ledger import summarize_ledger
from vong.gateway.cache import store as cache_store
from vong.gateway.limits import store as limit_store
from vong.gateway.providers.store import ProviderUpdate
from vong.gateway.routing.store import UNCHANGED_POLICY, RouteVersion
from vong.records import Record, Route, RoutePolicy, RouteTarget, now
from vong.records.cache import CacheStats, ShadowResultKind, ShadowTargetStats
from vong.records.limit import LedgerBucket, LedgerBy, LedgerSummary, Limit, LimitCreate, LimitState
from vong.records.routing_tree import RouteNode
from vong.records.target_state import TargetsReport
from vong.records.usage_report import UsageBucket, UsageBy, UsageReport

routes = APIRouter(prefix="/api/v1/gateway", tags=["gateway"])
Page = Annotated[int, Query(ge=1, le=500)]


class RouteUpdate(Record):
    """Route to create or change: `targets`, or a `tree` instead.

    If `policy` is left out, the current one is kept; null removes it. `reason` overrides a gate that rejects a new
    target, if its policy allows the role of the caller.
    """

    targets: tuple[RouteTarget, ...] = ()
    tree: RouteNode | None = None
    policy: RoutePolicy | None = None
    reason: str | None = Field(default=None, max_length=2000)


class CallableModel(Record):
    """Valid value for the `model` field of a request, and the endpoint for which the model is made.

    Deployments and routes have the endpoint of their models. Providers list names only: a name that contains `embed`
    counts as an embedding model.
    """

    name: str
    endpoint: Literal["chat", "embeddings", "rerank"] = "chat"


class CacheCleared(Record):
    """Number of deleted cache entries."""

    deleted: int


@routes.get("/routes")
def list_routes(context: CurrentUser, after: str = "", limit: Page = 50) -> list[Route]:
    """List the routes of the project by name."""
    with context.project_transaction() as connection:
        return gateway.list_routes(connection, after=after, limit=limit)


@routes.get("/routes/{name}")
def get_route(name: str, context: CurrentUser) -> Route:
    """Return a route."""
    with context.project_transaction() as connection:
        return gateway.get_route(connection, name)


@routes.put("/routes/{name}")
def set_route(name: str, body: RouteUpdate, context: CurrentUser) -> Route:
    """Create a route, or change its targets and failure policy. Setting the same values again changes nothing."""
    with context.project_transaction() as connection:
        known = target_check(context.platform, context.principal.project_id, connection)
        policy = body.policy if "policy" in body.model_fields_set else UNCHANGED_POLICY
        if isinstance(policy, RoutePolicy):
            policy = encrypt_policy(context.platform, connection, name, policy)
        if body.tree is not None and body.targets:
            raise InvalidInput("a route cannot have both targets and a tree", "remove one of them")
        caller = GateCaller.from_principal(context.principal)
        return gated_changes.set_route(
            connection,
            context.platform.blobs,
            caller,
            name,
            RouteChange(body.targets, policy, body.tree, body.reason),
            known,
        )


@routes.delete("/routes/{name}")
def delete_route(name: str, context: CurrentUser) -> Route:
    """Delete a route. Its history is kept."""
    with context.project_transaction() as connection:
        return gateway.delete_route(connection, name)


@routes.get("/routes/{name}/history")
def list_route_versions(name: str, context: CurrentUser, limit: Page = 50) -> list[RouteVersion]:
    """List the versions of a route, newest first. A version without targets is a deletion."""
    with context.project_transaction() as connection:
        return gateway.route_history(connection, name, limit=limit)


@routes.get("/targets")
def get_target_states(context: CurrentUser) -> TargetsReport:
    """Return the state of each route target: circuit, calls in flight and waiting, and recent latency.

    The state is that of the server process that answers this request.
    """
    with context.project_transaction() as connection:
        return target_states(context.platform, context.principal.project_id, connection)


@routes.get("/providers")
def list_providers(context: CurrentUser, probe: bool = True) -> list[ProviderState]:
    """List the providers, without their keys. With `probe` each provider is tested for availability."""
    return providers_app.list_states(context.platform, context.principal.project_id, probe=probe)


@routes.get("/providers/{name}")
def get_provider(name: str, context: CurrentUser) -> ProviderState:
    """Return a provider, without its key and without probing it."""
    return providers_app.get_state(context.platform, context.principal.project_id, name)


@routes.put("/providers/{name}")
def set_provider(name: str, body: ProviderUpdate, context: CurrentUser) -> ProviderState:
    """Create or change a provider. Owners only.

    `api_key` is write-only: if left out it is kept, null removes it.
    """
    context.require_role()
    return providers_app.set_provider(context.platform, context.principal.project_id, name, body)


@routes.delete("/providers/{name}")
def delete_provider(name: str, context: CurrentUser) -> ProviderState:
    """Delete a stored provider and its secret. Owners only."""
    context.require_role()
    return providers_app.delete_provider(context.platform, context.principal.project_id, name)


@routes.post("/providers/{name}/test")
def test_provider(name: str, context: CurrentUser) -> ProviderTest:
    """Test a provider by listing its models. Returns reachability, latency, models, or the error."""
    return providers_app.probe_provider(context.platform, context.principal.project_id, name)


@routes.get("/models")
async def list_models(context: CurrentUser) -> list[CallableModel]:
    """List the callable model names: routes, deployments, and models of the providers."""
    names = await list_callable_models(context.platform, context.principal)
    endpoints = await asyncio.to_thread(_find_endpoints, context, names)
    return [CallableModel(name=name, endpoint=endpoint) for name, endpoint in endpoints.items()]


def _find_endpoints(context: CurrentUser, names: Sequence[str]) -> dict[str, CallableEndpoint]:
    with context.project_transaction() as connection:
        return find_endpoints(connection, names)


@routes.get("/limits")
def list_limits(context: CurrentUser) -> list[LimitState]:
    """List all limits and budgets, with each subject that made calls in the current window."""
    with context.project_transaction() as connection:
        return limit_store.limit_states(connection)


@routes.put("/limits")
def set_limit(body: LimitCreate, context: CurrentUser) -> Limit:
    """Set a limit or a budget. Owners only.

    A limit with the same subject, metric and window gets the new amount.
    """
    context.require_role()
    with context.project_transaction() as connection:
        return limit_store.set_limit(connection, body)


@routes.delete("/limits/{id}")
def delete_limit(id: UUID, context: CurrentUser) -> Limit:
    """Delete a limit with its counters. Owners only."""
    context.require_role()
    with context.project_transaction() as connection:
        return limit_store.delete_limit(connection, id)


@routes.get("/ledger")
def get_ledger(
    context: CurrentUser,
    since: Timestamp | None = None,
    until: Timestamp | None = None,
    by: LedgerBy = "none",
    bucket: LedgerBucket | None = None,
) -> list[LedgerSummary]:
    """Return usage and cost from the append-only ledger. Covers 30 days without `since`; `bucket` groups by time."""
    until = until or now()
    try:
        start = since or until - timedelta(days=30)
    except OverflowError:
        raise InvalidInput(f"until {until.isoformat()} is too early", "set a later until, or since") from None
    with context.project_transaction() as connection:
        return summarize_ledger(connection, since=start, until=until, by=by, bucket=bucket)


@routes.get("/cache")
def get_cache_stats(context: CurrentUser) -> list[CacheStats]:
    """Return cache statistics per route: entries, hits and false hits."""
    with context.project_transaction() as connection:
        return cache_store.cache_stats(connection, now())


@routes.delete("/cache")
def clear_cache(context: CurrentUser, route: str | None = None) -> CacheCleared:
    """Delete the cached responses of a route, or of all routes."""
    with context.project_transaction() as connection:
        return CacheCleared(deleted=cache_store.clear_cache(connection, route))


@routes.get("/shadow/results")
def list_shadow_results(
    context: CurrentUser,
    route: str | None = None,
    kind: ShadowResultKind | None = None,
    after: UUID | None = None,
    limit: Page = 50,
) -> list[ShadowPair]:
    """List shadow results, newest first, each with the original response.

    `after` is the span id of the last shadow result of the previous page.
    """
    with context.project_transaction() as connection:
        return list_pairs(connection, {"route": route, "kind": kind}, after, limit)


@routes.get("/shadow/summary")
def summarize_shadow_results(
    context: CurrentUser, route: str | None = None, kind: ShadowResultKind | None = None
) -> list[ShadowTargetStats]:
    """Summarize the newest 1,000 shadow results for each route, shadow target and kind."""
    with context.project_transaction() as connection:
        return summarize_pairs(connection, {"route": route, "kind": kind})


@routes.get("/usage")
def get_usage(
    context: CurrentUser,
    since: Timestamp | None = None,
    until: Timestamp | None = None,
    bucket: UsageBucket = "hour",
    by: UsageBy = "none",
) -> UsageReport:
    """Return calls, errors, tokens, cost and latencies over time and in total, by group.

    By user and by tag the numbers come from the ledger, which has no latencies.
    """
    with context.project_transaction() as connection:
        return read_usage(connection, since=since, until=until, bucket=bucket, by=by)
