"""Routes of the gateway's management: routes to models, providers, and what can be called."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from vong import gateway, traces
from vong.api.call import Call
from vong.app.gateway import ProviderState, callable_models, check, provider_states
from vong.gateway.routes import RouteVersion
from vong.records import Record, Route, Target
from vong.records.usage_report import Bucket, UsageBy, UsageReport

routes = APIRouter(prefix="/api/v1/gateway", tags=["gateway"])
Limit = Annotated[int, Query(ge=1, le=500)]


class RouteWanted(Record):
    """The targets that a route shall have."""

    targets: tuple[Target, ...]


class CallableModel(Record):
    """A name for the `model` field of a request."""

    name: str


@routes.get("/routes")
def list_routes(call: Call, after: str = "", limit: Limit = 50) -> list[Route]:
    """The project's routes by name."""
    with call.scope() as connection:
        return gateway.list_routes(connection, after=after, limit=limit)


@routes.get("/routes/{name}")
def get_route(name: str, call: Call) -> Route:
    """One route."""
    with call.scope() as connection:
        return gateway.get_route(connection, name)


@routes.put("/routes/{name}")
def put_route(name: str, wanted: RouteWanted, call: Call) -> Route:
    """Make a route or give it new targets. The same targets again change nothing."""
    with call.scope() as connection:
        return gateway.put_route(connection, name, wanted.targets, check(call.platform, connection))


@routes.delete("/routes/{name}")
def delete_route(name: str, call: Call) -> Route:
    """Remove a route; its history stays."""
    with call.scope() as connection:
        return gateway.delete_route(connection, name)


@routes.get("/routes/{name}/history")
def history(name: str, call: Call, limit: Limit = 50) -> list[RouteVersion]:
    """Every version of a route, newest first; one without targets is its deletion."""
    with call.scope() as connection:
        return gateway.route_history(connection, name, limit=limit)


@routes.get("/providers")
def providers(call: Call) -> list[ProviderState]:
    """The configured providers, without their keys, and whether each answers at this moment."""
    return provider_states(call.platform)


@routes.get("/models")
def models(call: Call) -> list[CallableModel]:
    """Every name that can be called: routes, deployments, and what the providers list."""
    return [CallableModel(name=name) for name in callable_models(call.platform, call.principal)]


@routes.get("/usage")
def usage(
    call: Call,
    since: datetime | None = None,
    until: datetime | None = None,
    bucket: Bucket = "hour",
    by: UsageBy = "none",
) -> UsageReport:
    """Calls, errors, tokens, cost and latencies over time, and in all by group: for charts and for bills."""
    with call.scope() as connection:
        return traces.usage(connection, since=since, until=until, bucket=bucket, by=by)
