"""Routes of the gateway's management: routes to models, providers, and what can be called."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from vong import gateway
from vong.api.http.dependencies import Call
from vong.app import providers as wired
from vong.app.gateway import callable_models, check, sealed
from vong.app.gateway import targets as wired_targets
from vong.app.providers import ProviderState, ProviderTest
from vong.app.shadow_reports import ShadowPair, compared, pairs
from vong.app.usage import usage as wired_usage
from vong.errors import InvalidInput
from vong.gateway.accounting.ledger import ledger
from vong.gateway.cache import store as cache_store
from vong.gateway.limits.store import delete_limit, put_limit, states
from vong.gateway.providers.store import ProviderUpdate
from vong.gateway.routing.store import KEPT, RouteVersion
from vong.records import Record, Route, RoutePolicy, RouteTarget, now
from vong.records.cache import CacheStats, ComparedAs, ShadowTargetStats
from vong.records.limit import LedgerBucket, LedgerBy, LedgerSummary, Limit, LimitCreate, LimitState
from vong.records.routing_tree import RouteNode
from vong.records.target_state import TargetsReport
from vong.records.usage_report import Bucket, UsageBy, UsageReport

routes = APIRouter(prefix="/api/v1/gateway", tags=["gateway"])
Page = Annotated[int, Query(ge=1, le=500)]


class RouteUpdate(Record):
    """What a route shall be: `targets`, or a `tree` instead. Where `policy` is left out the one that it has stays; null
    removes it.
    """

    targets: tuple[RouteTarget, ...] = ()
    tree: RouteNode | None = None
    policy: RoutePolicy | None = None


class CallableModel(Record):
    """A name for the `model` field of a request."""

    name: str


class CacheCleared(Record):
    """How many kept answers were forgotten."""

    answers: int


@routes.get("/routes")
def list_routes(call: Call, after: str = "", limit: Page = 50) -> list[Route]:
    """The project's routes by name."""
    with call.scope() as connection:
        return gateway.list_routes(connection, after=after, limit=limit)


@routes.get("/routes/{name}")
def get_route(name: str, call: Call) -> Route:
    """One route."""
    with call.scope() as connection:
        return gateway.get_route(connection, name)


@routes.put("/routes/{name}")
def put_route(name: str, wanted: RouteUpdate, call: Call) -> Route:
    """Make a route or give it new targets and a policy for when they fail. The same again changes nothing."""
    with call.scope() as connection:
        known = check(call.platform, call.principal.project_id, connection)
        policy = wanted.policy if "policy" in wanted.model_fields_set else KEPT
        if policy is not None and policy is not KEPT and policy.guards:
            policy = policy.model_copy(update={"guards": sealed(call.platform, policy.guards)})
        if wanted.tree is not None and wanted.targets:
            raise InvalidInput("a route has targets or a tree, not both", "leave one of them out")
        return gateway.put_route(connection, name, wanted.targets, known, policy, wanted.tree)


@routes.delete("/routes/{name}")
def delete_route(name: str, call: Call) -> Route:
    """Remove a route; its history stays."""
    with call.scope() as connection:
        return gateway.delete_route(connection, name)


@routes.get("/routes/{name}/history")
def history(name: str, call: Call, limit: Page = 50) -> list[RouteVersion]:
    """Every version of a route, newest first; one without targets is its deletion."""
    with call.scope() as connection:
        return gateway.route_history(connection, name, limit=limit)


@routes.get("/targets")
def targets(call: Call) -> TargetsReport:
    """How each target of the project's routes stands, as the server process sees it that answers: its circuit, calls
    under way and waiting, and how long it takes lately.
    """
    with call.scope() as connection:
        return wired_targets(call.platform, call.principal.project_id, connection)


@routes.get("/providers")
def providers(call: Call, probe: bool = True) -> list[ProviderState]:
    """Every provider, without its key. With `probe` each is asked whether it answers at this moment."""
    return wired.states(call.platform, call.principal.project_id, probe=probe)


@routes.get("/providers/{name}")
def get_provider(name: str, call: Call) -> ProviderState:
    """One provider, without its key; it is not asked."""
    return wired.state(call.platform, call.principal.project_id, name)


@routes.put("/providers/{name}")
def put_provider(name: str, wanted: ProviderUpdate, call: Call) -> ProviderState:
    """Make a provider or change it; for owners. `api_key` is written and never read back: left out it stays as it is,
    null removes it.
    """
    call.must()
    return wired.put(call.platform, call.principal.project_id, name, wanted)


@routes.delete("/providers/{name}")
def delete_provider(name: str, call: Call) -> ProviderState:
    """Remove a stored provider with its secret; for owners."""
    call.must()
    return wired.remove(call.platform, call.principal.project_id, name)


@routes.post("/providers/{name}/test")
def test_provider(name: str, call: Call) -> ProviderTest:
    """Ask a provider for its models: whether it is reachable, how fast, what it offers, or why not."""
    return wired.test(call.platform, call.principal.project_id, name)


@routes.get("/models")
def models(call: Call) -> list[CallableModel]:
    """Every name that can be called: routes, deployments, and what the providers list."""
    return [CallableModel(name=name) for name in callable_models(call.platform, call.principal)]


@routes.get("/limits")
def limits(call: Call) -> list[LimitState]:
    """Every limit and budget, with each subject that called in the present time."""
    with call.scope() as connection:
        return states(connection)


@routes.put("/limits")
def set_limit(wanted: LimitCreate, call: Call) -> Limit:
    """Set a limit or a budget; for owners. One on the same subject, thing and time gets the new amount."""
    call.must()
    with call.scope() as connection:
        return put_limit(connection, wanted)


@routes.delete("/limits/{id}")
def remove_limit(id: UUID, call: Call) -> Limit:
    """Remove a limit with what it counted; for owners."""
    call.must()
    with call.scope() as connection:
        return delete_limit(connection, id)


@routes.get("/ledger")
def read_ledger(
    call: Call,
    since: datetime | None = None,
    until: datetime | None = None,
    by: LedgerBy = "none",
    bucket: LedgerBucket | None = None,
) -> list[LedgerSummary]:
    """What calls used, by the append-only ledger: a month where no `since` is given; with a `bucket` over time."""
    until = until or now()
    with call.scope() as connection:
        return ledger(connection, since=since or until - timedelta(days=30), until=until, by=by, bucket=bucket)


@routes.get("/cache")
def cache(call: Call) -> list[CacheStats]:
    """What is kept of each route's answers, how often it was given again, and how often wrongly."""
    with call.scope() as connection:
        return cache_store.states(connection, now())


@routes.delete("/cache")
def clear_cache(call: Call, route: str | None = None) -> CacheCleared:
    """Forget the kept answers of a route, or of all."""
    with call.scope() as connection:
        return CacheCleared(answers=cache_store.clear(connection, route))


@routes.get("/comparisons")
def comparisons(
    call: Call, route: str | None = None, kind: ComparedAs | None = None, after: UUID | None = None, limit: Page = 50
) -> list[ShadowPair]:
    """Answers that somebody got beside second ones that nobody did, newest first; `after` is a second one's span."""
    with call.scope() as connection:
        return pairs(connection, {"route": route, "kind": kind}, after, limit)


@routes.get("/comparisons/summary")
def compared_targets(call: Call, route: str | None = None, kind: ComparedAs | None = None) -> list[ShadowTargetStats]:
    """What the newest 1,000 pairs say together, for each route, second target and kind."""
    with call.scope() as connection:
        return compared(connection, {"route": route, "kind": kind})


@routes.get("/usage")
def usage(
    call: Call,
    since: datetime | None = None,
    until: datetime | None = None,
    bucket: Bucket = "hour",
    by: UsageBy = "none",
) -> UsageReport:
    """Calls, errors, tokens, cost and latencies over time, and in all by group: for charts and for bills. By user and
    tag it is read from the ledger, which knows no latencies.
    """
    with call.scope() as connection:
        return wired_usage(connection, since=since, until=until, bucket=bucket, by=by)
