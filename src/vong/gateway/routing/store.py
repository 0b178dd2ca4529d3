"""Routes: named, weighted, versioned ways to models, each change kept, and heard of by every server."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from itertools import accumulate
from math import isfinite
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import Conflict, InvalidInput, NotFound, Unavailable, nearest
from vong.gateway import tables
from vong.gateway.guards.store import well_guarded
from vong.records import Record, Route, RoutePolicy, RouteTarget, content_hash, new_id, now
from vong.records.route import check_target_name
from vong.records.routing_tree import RouteNode

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
Check = Callable[[str], None]
"""Raises NotFound or InvalidInput for a target's `model` that cannot be called."""


class RouteVersion(Record):
    """How a route stood from `changed_at` on; without targets where it was deleted."""

    id: UUID
    name: str
    version: str
    targets: tuple[RouteTarget, ...]
    policy: RoutePolicy | None = None
    tree: RouteNode | None = None
    changed_at: datetime


class PolicySentinel(Enum):
    """The policy that a route has."""

    KEPT = "kept"


KEPT = PolicySentinel.KEPT


def put_route(
    connection: Connection,
    name: str,
    targets: Sequence[RouteTarget],
    check: Check = check_target_name,
    policy: RoutePolicy | PolicySentinel | None = KEPT,
    tree: RouteNode | None = None,
) -> Route:
    """Make a route or give it new targets. `check` is asked for every target and fallback. Without a word of it the
    `policy` stays, and so do its `guards` where another policy says nothing of them; None removes it. A `tree` stands
    instead of `targets`, which are then those that it names.

    The same again changes nothing. Servers learn of it within a second of the commit.
    """
    old = _find(connection, name)
    kept = old.policy if old else None
    policy = kept if isinstance(policy, PolicySentinel) else policy
    if policy and kept and "guards" not in policy.model_fields_set:  # who knows of none takes none away
        policy = policy.model_copy(update={"guards": kept.guards})
    if tree is not None:
        targets = [RouteTarget(model=model) for model in tree.models()]
    _sound(name, targets)
    _without_doubles(policy.fallbacks if policy else ())
    shadow = [policy.shadow.model] if policy and policy.shadow else []
    for model in (*(target.model for target in targets), *(policy.fallbacks if policy else ()), *shadow):
        check(model)
    well_guarded(policy.guards if policy else ())
    version = _version(targets, policy, tree)
    if old is not None and old.version == version:
        return old
    at = now()
    created = old.created_at if old else at
    route = Route(
        name=name,
        version=version,
        targets=tuple(targets),
        policy=policy,
        tree=tree,
        created_at=created,
        updated_at=at,
    )
    values = {**route.model_dump(), **_stored(route)}
    statement = upsert(tables.routes).values(values)
    changed = {column: values[column] for column in ("version", "targets", "policy", "tree", "updated_at")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[tables.routes.c.project_id, tables.routes.c.name], set_=changed)
    )
    _changed(connection, route, at)
    return route


def get_route(connection: Connection, name: str) -> Route:
    """The route of that name."""
    route = _find(connection, name)
    if route is None:
        names = [known.name for known in list_routes(connection)]
        raise NotFound(f"no route named {name!r}", nearest(name, names, "vong gateway routes"))
    return route


def list_routes(connection: Connection, *, after: str = "", limit: int | None = None) -> list[Route]:
    """The project's routes by name, those after `after`."""
    columns = [column for column in tables.routes.c if column.name != "project_id"]
    query = select(*columns).where(tables.routes.c.name > after).order_by(tables.routes.c.name)
    return [Route.model_validate(dict(row)) for row in connection.execute(query.limit(limit)).mappings()]


def delete_route(connection: Connection, name: str) -> Route:
    """Remove a route. Its history stays."""
    route = get_route(connection, name)
    connection.execute(delete(tables.routes).where(tables.routes.c.name == name))
    gone = route.model_copy(update={"version": _version((), None, None), "targets": (), "policy": None, "tree": None})
    _changed(connection, gone, now())
    return route


def route_history(connection: Connection, name: str, *, limit: int = 50) -> list[RouteVersion]:
    """Every version the route had, newest first."""
    versions = tables.route_versions.c
    columns = [column for column in versions if column.name != "project_id"]
    query = select(*columns).where(versions.name == name).order_by(versions.id.desc()).limit(limit)
    found = [RouteVersion.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    if not found:
        get_route(connection, name)
    return found


def set_weights(
    connection: Connection, name: str, weights: Mapping[str, float], check: Check = check_target_name
) -> Route:
    """Give targets of a route new weights: those named that are not in it yet are added, the others stay as they are.

    This is how a canary shifts traffic: `set_weights(connection, "triage", {"deployment/new": 0.1})`.
    """
    route = get_route(connection, name)
    if route.tree is not None:
        hint = "give the route plain targets, or make another route of them"
        raise Conflict(f"the route {name!r} is a tree, whose weights are not shifted from outside", hint)
    present = {target.model: target for target in route.targets}
    for model, weight in weights.items():
        present[model] = RouteTarget(model=model, weight=weight)
    return put_route(connection, name, list(present.values()), check)


def choose(route: Route, random: Callable[[], float]) -> RouteTarget:
    """One target, each with a chance of its weight over the sum of all. `random` gives numbers in [0, 1)."""
    if len(route.targets) == 1 and route.targets[0].weight > 0:
        return route.targets[0]
    sums = list(accumulate(target.weight for target in route.targets))
    if not sums or sums[-1] <= 0:
        hint = f"give one with: vong gateway route set {route.name} TARGET=WEIGHT"
        raise Unavailable(f"no target of the route {route.name!r} has a weight above 0", hint)
    return route.targets[min(bisect_right(sums, random() * sums[-1]), _last_weighted(route))]


def _last_weighted(route: Route) -> int:
    """Rounding may push the number up to the very sum: the last target that has a weight takes it."""
    return max(index for index, target in enumerate(route.targets) if target.weight > 0)


def _sound(name: str, targets: Sequence[RouteTarget]) -> None:
    if not NAME.fullmatch(name):
        hint = "use up to 63 small letters, digits, '.', '_' and '-', beginning with a letter or digit"
        raise InvalidInput(f"{name!r} cannot name a route", hint)
    _without_doubles([target.model for target in targets])
    if any(not isfinite(target.weight) or target.weight < 0 for target in targets):
        raise InvalidInput("a weight is a number of 0 or more", "0 keeps a target without sending it anything")
    if not any(target.weight > 0 for target in targets):
        raise InvalidInput(f"no target of {name!r} has a weight above 0", "give at least one")


def _without_doubles(models: Sequence[str]) -> None:
    doubled = sorted({model for model in models if models.count(model) > 1})
    if doubled:
        raise InvalidInput(f"the target {doubled[0]!r} is named twice", "name each target once")


def _find(connection: Connection, name: str) -> Route | None:
    columns = [column for column in tables.routes.c if column.name != "project_id"]
    row = connection.execute(select(*columns).where(tables.routes.c.name == name)).mappings().first()
    return Route.model_validate(dict(row)) if row else None


def _version(targets: Sequence[RouteTarget], policy: RoutePolicy | None, tree: RouteNode | None) -> str:
    """Only what differs from the defaults counts, so that a new setting of policies renames no route."""
    dumped = [target.model_dump() for target in targets]
    if policy is None and tree is None:
        return content_hash(dumped)[:12]
    said: dict[str, Any] = {"targets": dumped}
    if policy is not None:
        said["policy"] = policy.model_dump(mode="json", exclude_defaults=True)
    if tree is not None:
        said["tree"] = tree.model_dump(mode="json", exclude_defaults=True)
    return content_hash(said)[:12]


def _stored(route: Route) -> dict[str, Any]:
    return {
        "targets": [target.model_dump() for target in route.targets],
        "policy": route.policy.model_dump(mode="json") if route.policy else None,
        "tree": route.tree.model_dump(mode="json", exclude_defaults=True) if route.tree else None,
    }


def _changed(connection: Connection, route: Route, at: datetime) -> None:
    values = {"id": new_id(), "name": route.name, "version": route.version, "changed_at": at}
    connection.execute(insert(tables.route_versions).values({**values, **_stored(route)}))
