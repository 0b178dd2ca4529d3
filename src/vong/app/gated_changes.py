"""Changes of aliases, routes, deployments and live indexes, each behind the gate of its subject.

These functions are the only callers of the unchecked ones of registry, gateway and serving; a test compares the
sources with this rule.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from vong import gateway, registry
from vong.app import gate_retrieval, gates
from vong.app.gate_evidence import exposed_targets
from vong.app.gates import GateCaller, GateRequest
from vong.evals.gates import DEFAULT_POLICY, GateDecision
from vong.gateway.routing.store import UNCHANGED_POLICY, PolicySentinel, TargetCheck
from vong.knowledge import index_versions
from vong.knowledge.index.indexes import find_live_index
from vong.knowledge.index_versions import IndexSwitch
from vong.records import Route, RoutePolicy, RouteTarget, now
from vong.records.route import check_target_name
from vong.records.routing_tree import RouteNode
from vong.registry.aliases import AliasChange
from vong.store.blobs import BlobStore


class RouteChange(NamedTuple):
    """Targets, policy and tree of a route, as in `gateway.set_route`, and the reason that may override the gate."""

    targets: Sequence[RouteTarget]
    policy: RoutePolicy | PolicySentinel | None = UNCHANGED_POLICY
    tree: RouteNode | None = None
    reason: str | None = None


class AliasTarget(NamedTuple):
    """New target of an alias: a ref, with the evidence or the reason for the change."""

    ref: str
    evidence: dict[str, Any] = {}
    reason: str | None = None


class IndexChange(NamedTuple):
    """Index that becomes the live one, with the evidence or the reason for the switch.

    With `allow_missing` the index may lack documents of the base, which are added afterwards.
    """

    number: int
    reason: str | None = None
    evidence: dict[str, Any] = {}
    allow_missing: bool = False


def set_alias(
    connection: Connection, blobs: BlobStore, caller: GateCaller, name: str, alias: str, target: AliasTarget
) -> AliasChange:
    """Point an alias of a model to a version if its gate passes. The change refers to the decision of the gate.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the version.
    """
    ref, evidence, reason = target
    subject = gates.alias_subject(name, alias)
    version = gates.resolve_candidate(connection, subject, ref).key
    current = {change.alias: change for change in registry.list_aliases(connection, name)}.get(alias)
    if current and current.model == version and _same_change(current, evidence, reason):
        return current
    request = GateRequest(subject, version, reason, has_evidence=bool(evidence))
    decision = gates.require(connection, blobs, request, caller)
    proof = dict(evidence)
    if decision.id is not None and decision.requirements and not _is_builtin(decision):
        proof["gate"] = str(decision.id)
    return registry.set_alias(connection, name, alias, version, proof, reason=reason, moved_by=caller.actor)


def set_route(
    connection: Connection,
    blobs: BlobStore,
    caller: GateCaller,
    name: str,
    change: RouteChange,
    check: TargetCheck = check_target_name,
) -> Route:
    """Create a route or replace its targets if the gate passes for every target that callers did not have before.

    A fallback and a target of a tree are targets. A target of the weight 0 receives no calls and needs no gate.

    Raises: PreconditionFailed with everything that is missing if the gate rejects a target.
    """
    old = {route.name: route for route in gateway.list_routes(connection)}.get(name)
    targets, policy, tree, reason = change
    planned = _plan_route(name, targets, old.policy if old and isinstance(policy, PolicySentinel) else policy, tree)
    new = sorted(exposed_targets(planned) - exposed_targets(old))
    decisions = _require_targets(connection, blobs, caller, name, new, check, reason)
    cause = {"gates": [str(one.id) for one in decisions], "by": caller.actor} if decisions else None
    return gateway.set_route(connection, name, targets, check, policy, tree, cause)


def check_deployment(
    connection: Connection, blobs: BlobStore, caller: GateCaller, name: str, ref: str, reason: str | None = None
) -> None:
    """Check the gates of all routes that a deployment answers, before it gets another model.

    Raises: PreconditionFailed with everything that is missing if a gate rejects the model.
    """
    current = gates.deployed_model(connection, name)
    if current is not None and registry.find(connection, ref).ref == current:
        return
    for route in gates.routes_with_deployment(connection, name):
        request = GateRequest(gates.route_subject(route), f"{gates.DEPLOYMENT_PREFIX}{name}", reason)
        gates.require_model(connection, blobs, request, ref, caller)


def switch_index(
    connection: Connection,
    blobs: BlobStore,
    caller: GateCaller,
    base: str,
    change: IndexChange,
) -> IndexSwitch:
    """Make an index the live one of a base if its gate passes, in one transaction.

    Evaluations of both indexes on the same questions are evidence. Switching back is the same operation: a retired
    index keeps its chunks and receives new documents.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the index; Conflict if it cannot be
        used.
    """
    index_versions.lock_base(connection, base)
    index = index_versions.check_switchable(connection, base, change.number, allow_missing=change.allow_missing)
    live = find_live_index(connection, base)
    pair = gate_retrieval.find_pair(connection, base, live.number, index.number) if live else None
    proof = dict(change.evidence)
    if pair is not None:
        proof["evaluations"] = [str(one.id) for one in pair]
    request = GateRequest(gates.index_subject(base), str(index.number), change.reason, has_evidence=bool(proof))
    decision = gates.require(connection, blobs, request, caller)
    if decision.id is not None:
        proof["gate"] = str(decision.id)
    return index_versions.switch_live_index(connection, index, reason=change.reason, evidence=proof, by=caller.actor)


def _plan_route(
    name: str, targets: Sequence[RouteTarget], policy: RoutePolicy | PolicySentinel | None, tree: RouteNode | None
) -> Route:
    """Return the route as it would be, without storing it."""
    moment = now()
    return Route(
        name=name,
        version="",
        targets=tuple(RouteTarget(model=model) for model in tree.models()) if tree else tuple(targets),
        policy=None if isinstance(policy, PolicySentinel) else policy,
        tree=tree,
        created_at=moment,
        updated_at=moment,
    )


def _require_targets(
    connection: Connection,
    blobs: BlobStore,
    caller: GateCaller,
    route: str,
    new: Sequence[str],
    check: TargetCheck,
    reason: str | None,
) -> list[GateDecision]:
    """Return the stored decisions about the targets that are new to callers."""
    subject = gates.route_subject(route)
    if not new or not gates.is_protected(connection, subject):
        return []
    for target in new:
        check(target)
    return [gates.require(connection, blobs, GateRequest(subject, target, reason), caller) for target in new]


def _same_change(current: AliasChange, evidence: dict[str, Any], reason: str | None) -> bool:
    stored = {name: value for name, value in current.evidence.items() if name != "gate"}
    return stored == evidence and current.reason == reason


def _is_builtin(decision: GateDecision) -> bool:
    """Return True if only the built-in policy decided, whose evidence is the change itself."""
    return decision.policies == (f"{DEFAULT_POLICY}@1",)
