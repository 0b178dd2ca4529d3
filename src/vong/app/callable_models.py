"""Endpoint of each callable model: what a deployment or a route is made for, by its model and not by its name."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection

from vong import gateway, registry, serving
from vong.app.providers import is_embedding_model
from vong.app.registry import base_model
from vong.errors import NotFound
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.records import Deployment, Route

CallableEndpoint = Literal["chat", "embeddings", "rerank"]


def find_endpoints(connection: Connection, names: Sequence[str]) -> dict[str, CallableEndpoint]:
    """Return the endpoint of each model name.

    A deployment has that of its model, a route that of its targets. Providers list names only: a name that contains
    `embed` counts as an embedding model.
    """
    deployed = {f"{DEPLOYMENT}/{one.name}": one for one in serving.list_deployments(connection, limit=500)}
    routes = {route.name: route for route in gateway.list_routes(connection)}
    return {name: _find_endpoint(connection, name, deployed, routes) for name in names}


def _find_endpoint(
    connection: Connection, name: str, deployed: dict[str, Deployment], routes: dict[str, Route]
) -> CallableEndpoint:
    if name in deployed:
        return _deployment_endpoint(connection, deployed[name])
    route = routes.get(name)
    if route is None or not route.targets:
        return "embeddings" if is_embedding_model(name) else "chat"
    found: set[CallableEndpoint] = {_find_endpoint(connection, target.model, deployed, {}) for target in route.targets}
    return found.pop() if len(found) == 1 else "chat"


def _deployment_endpoint(connection: Connection, deployment: Deployment) -> CallableEndpoint:
    try:
        task = base_model(connection, registry.find(connection, deployment.model)).embedding_task
    except NotFound:  # the version was deleted meanwhile
        return "chat"
    return "embeddings" if task == "embedding" else task or "chat"
