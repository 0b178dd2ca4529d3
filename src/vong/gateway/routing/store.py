"""SQL of routes: named, weighted and versioned, with the history of all changes."""

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

from vong.errors import Conflict, InvalidInput, NotFound, Unavailable, did_you_mean
from vong.gateway import tables
from vong.gateway.guards.store import validate_guards
from vong.records import Record, Route, RoutePolicy, RouteTarget, content_hash, new_id, now
from vong.records.name import check_name
from vong.records.route import PROMPT_SEPARATOR, check_target_name
from vong.records.routing_tree import RouteNode
from vong.store.encryption import lock_secrets

TargetCheck = Callable[[str], None]
"""Raises NotFound or InvalidInput if a target's `model` cannot be called."""


class RouteVersion(Record):
    """Version of a route from `changed_at` on. Without targets if the route was deleted.

    `cause` names the release and the gate decisions that caused the version, and who changed the route.
    """

    id: UUID
    name: str
    version: str
    targets: tuple[RouteTarget, ...]
    policy: RoutePolicy | None = None
    tree: RouteNode | None = None
    changed_at: datetime
    cause: dict[str, Any] | None = None


class PolicySentinel(Enum):
    """Marker for an unchanged policy."""

    UNCHANGED = "kept"


UNCHANGED_POLICY = PolicySentinel.UNCHANGED


def set_route(
    connection: Connection,
    name: str,
    targets: Sequence[RouteTarget],
    check: TargetCheck = check_target_name,
    policy: RoutePolicy | PolicySentinel | None = UNCHANGED_POLICY,
    tree: RouteNode | None = None,
    cause: Mapping[str, Any] | None = None,
) -> Route:
    """Create a route or replace its targets. `check` is called for every target, fallback and shadow.

    `cause` is stored with the version: the release or the gate decisions that caused it, and who changed the route.

    An omitted `policy` stays unchanged, and None removes it. A new policy that omits `guards` keeps the old ones. A
    `tree` replaces `targets`, which are then those that the tree names.

    An identical route is not written again. Servers apply a change within a second of the commit.
    """
    lock_secrets(connection)  # the guards of the old policy may be stored again
    old = _find_route(connection, name)
    old_policy = old.policy if old else None
    policy = old_policy if isinstance(policy, PolicySentinel) else policy
    if policy and old_policy and "guards" not in policy.model_fields_set:  # an update that omits guards keeps them
        policy = policy.model_copy(update={"guards": old_policy.guards})
    if tree is not None:
        targets = [RouteTarget(model=model) for model in tree.models()]
    _validate_targets(name, targets)
    _reject_duplicates(policy.fallbacks if policy else ())
    _reject_prompts(tree.models() if tree else (), policy.fallbacks if policy else ())
    shadow = [policy.shadow.model] if policy and policy.shadow else []
    for key in (*(target.key for target in targets), *(policy.fallbacks if policy else ()), *shadow):
        check(key)
    validate_guards(policy.guards if policy else ())
    version = _content_version(targets, policy, tree)
    if old is not None and _content_version(old.targets, old_policy, old.tree) == version:
        return old  # compares contents, because a key rotation changes the content of a version
    changed_at = now()
    created_at = old.created_at if old else changed_at
    route = Route(
        name=name,
        version=version,
        targets=tuple(targets),
        policy=policy,
        tree=tree,
        created_at=created_at,
        updated_at=changed_at,
    )
    values = {**route.model_dump(), **_column_values(route)}
    statement = upsert(tables.routes).values(values)
    updated = {column: values[column] for column in ("version", "targets", "policy", "tree", "updated_at")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[tables.routes.c.project_id, tables.routes.c.name], set_=updated)
    )
    _insert_version(connection, route, changed_at, cause)
    return route


def get_route(connection: Connection, name: str) -> Route:
    """Return the route of that name."""
    route = _find_route(connection, name)
    if route is None:
        names = [known.name for known in list_routes(connection)]
        raise NotFound(f"no route named {name!r}", did_you_mean(name, names, "vong gateway routes list"))
    return route


def list_routes(connection: Connection, *, after: str = "", limit: int | None = None) -> list[Route]:
    """Return the project's routes by name, those after `after`."""
    columns = [column for column in tables.routes.c if column.name != "project_id"]
    query = select(*columns).where(tables.routes.c.name > after).order_by(tables.routes.c.name)
    return [Route.model_validate(dict(row)) for row in connection.execute(query.limit(limit)).mappings()]


def delete_route(connection: Connection, name: str) -> Route:
    """Delete a route. Its history stays."""
    route = get_route(connection, name)
    connection.execute(delete(tables.routes).where(tables.routes.c.name == name))
    deleted = route.model_copy(
        update={"version": _content_version((), None, None), "targets": (), "policy": None, "tree": None}
    )
    _insert_version(connection, deleted, now())
    return route


def route_history(connection: Connection, name: str, *, limit: int = 50) -> list[RouteVersion]:
    """Return the versions of a route, newest first."""
    version_columns = tables.route_versions.c
    columns = [column for column in version_columns if column.name != "project_id"]
    query = select(*columns).where(version_columns.name == name).order_by(version_columns.id.desc()).limit(limit)
    history = [RouteVersion.model_validate(dict(row)) for row in connection.execute(query).mappings()]
    if not history:
        get_route(connection, name)
    return history


def set_weights(
    connection: Connection,
    name: str,
    weights: Mapping[str, float],
    check: TargetCheck = check_target_name,
    cause: Mapping[str, Any] | None = None,
) -> Route:
    """Set weights of targets of a route. Unknown targets are added, the others keep their weight.

    `weights` maps the keys of targets to weights. A canary shifts traffic this way:
    `set_weights(connection, "triage", {"deployment/new": 0.1})`.
    """
    route = get_route(connection, name)
    if route.tree is not None:
        hint = "replace the tree with targets, or create another route"
        raise Conflict(f"the weights of route {name!r} cannot be set, because the route has a tree", hint)
    present = {target.key: target for target in route.targets}
    for key, weight in weights.items():
        present[key] = RouteTarget(model=key, weight=weight)
    return set_route(connection, name, list(present.values()), check, cause=cause)


def pick_weighted(route: Route, random: Callable[[], float]) -> RouteTarget:
    """Return one target, drawn in proportion to its weight. `random` returns numbers in [0, 1)."""
    if len(route.targets) == 1 and route.targets[0].weight > 0:
        return route.targets[0]
    sums = list(accumulate(target.weight for target in route.targets))
    if not sums or sums[-1] <= 0:
        hint = f"set a weight: vong gateway routes set {route.name} TARGET=WEIGHT"
        raise Unavailable(f"no target of the route {route.name!r} has a weight above 0", hint)
    return route.targets[min(bisect_right(sums, random() * sums[-1]), _last_weighted_index(route))]


def _last_weighted_index(route: Route) -> int:
    """Return the index of the last target with a weight. Rounding may raise the draw up to the sum of weights."""
    return max(index for index, target in enumerate(route.targets) if target.weight > 0)


def _validate_targets(name: str, targets: Sequence[RouteTarget]) -> None:
    check_name(name, "route")
    _reject_duplicates([target.key for target in targets])
    if any(not isfinite(target.weight) or target.weight < 0 for target in targets):
        raise InvalidInput(
            "a weight is negative or not finite", "set it to 0 or more; 0 keeps a target without traffic"
        )
    if not any(target.weight > 0 for target in targets):
        raise InvalidInput(f"no target of the route {name!r} has a weight above 0", "set a weight for at least one")


def _reject_prompts(tree: Sequence[str], fallbacks: Sequence[str]) -> None:
    """Reject prompts in trees and fallbacks, which are tried after the request was rendered."""
    named = next((key for key in (*tree, *fallbacks) if PROMPT_SEPARATOR in key), None)
    if named is not None:
        hint = "name the prompt in a target with a weight; a fallback receives the request as it was rendered"
        raise InvalidInput(f"{named!r} names a prompt in a tree or a fallback", hint)


def _reject_duplicates(models: Sequence[str]) -> None:
    duplicates = sorted({model for model in models if models.count(model) > 1})
    if duplicates:
        raise InvalidInput(f"duplicate target {duplicates[0]!r}", "name each target once")


def _find_route(connection: Connection, name: str) -> Route | None:
    columns = [column for column in tables.routes.c if column.name != "project_id"]
    row = connection.execute(select(*columns).where(tables.routes.c.name == name)).mappings().first()
    return Route.model_validate(dict(row)) if row else None


def _content_version(targets: Sequence[RouteTarget], policy: RoutePolicy | None, tree: RouteNode | None) -> str:
    """Return the hash of a route.

    Only values that differ from the defaults count, so a new policy setting changes no version.
    """
    dumped = [target.dump() for target in targets]
    if policy is None and tree is None:
        return content_hash(dumped)[:12]
    hashed: dict[str, Any] = {"targets": dumped}
    if policy is not None:
        hashed["policy"] = policy.model_dump(mode="json", exclude_defaults=True)
    if tree is not None:
        hashed["tree"] = tree.model_dump(mode="json", exclude_defaults=True)
    return content_hash(hashed)[:12]


def _column_values(route: Route) -> dict[str, Any]:
    return {
        "targets": [target.dump() for target in route.targets],
        "policy": route.policy.model_dump(mode="json") if route.policy else None,
        "tree": route.tree.model_dump(mode="json", exclude_defaults=True) if route.tree else None,
    }


def _insert_version(
    connection: Connection, route: Route, changed_at: datetime, cause: Mapping[str, Any] | None = None
) -> None:
    values: dict[str, Any] = {"id": new_id(), "name": route.name, "version": route.version, "changed_at": changed_at}
    values["cause"] = dict(cause) if cause else None
    connection.execute(insert(tables.route_versions).values({**values, **_column_values(route)}))
