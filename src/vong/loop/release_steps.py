"""Transitions of a release: each changes the route, stores the state and appends an event, in one transaction."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from vong import gateway
from vong.errors import NotFound, PreconditionFailed, VongError
from vong.evals.gates import GateDecision
from vong.loop import guard_rails, release_evidence, release_store
from vong.loop.evidence import describe_evidence
from vong.loop.gatekeeper import build_cause
from vong.loop.release_records import Release, ReleaseObservation, ReleaseStatus
from vong.loop.release_services import ReleaseServices
from vong.records import Route, RoutePolicy, now
from vong.records.cache import ShadowPolicy
from vong.registry.aliases import PROTECTED_ALIAS

MIN_SHADOW_PAIRS = 5
"""Pairs below which an exhausted shadow budget ends the release: too few to have seen anything."""


def try_begin(connection: Connection, release: Release, services: ReleaseServices) -> Release:
    """Start a scheduled release that is due. A gate that rejects it is recorded, and the next call tries again."""
    try:
        with connection.begin_nested():
            return begin(connection, release, services)
    except PreconditionFailed as error:
        services.gate.record_rejection(connection, error)
        return block(connection, release, str(error))
    except VongError as error:
        return end(connection, release, "superseded", f"the release cannot start: {error}", "evidence")


def begin(connection: Connection, release: Release, services: ReleaseServices) -> Release:
    """Start a release on the route as it is now."""
    route = gateway.get_route(connection, release.route)
    moment = now()
    release = release_store.update_release(
        connection,
        release,
        status="running",
        previous_targets=route.targets,
        previous_policy=route.policy,
        route_version=route.version,
        model=services.find_model(release.candidate),
        started_at=moment,
        stage_started_at=moment,
        blocked=None,
    )
    if release.stage == "canary":
        return enter_canary(connection, release, services, "the release starts with the canary")
    policy = (route.policy or RoutePolicy(retries=0)).model_copy(
        update={"shadow": ShadowPolicy(model=release.candidate, share=release.plan.shadow_share)}
    )
    cause = build_cause(services.gate.actor, release=str(release.id))
    changed = gateway.set_route(connection, release.route, route.targets, services.check, policy, cause=cause)
    message = f"copies of {release.plan.shadow_share:.0%} of the calls go to {release.candidate}"
    release_store.add_event(connection, release.id, "shadow", message, services.gate.actor)
    evidence = release_evidence.start_guard_rails(release, services.baseline(release))
    return release_store.update_release(connection, release, route_version=changed.version, evidence=evidence)


def decide(
    connection: Connection, release: Release, services: ReleaseServices, added: Sequence[ReleaseObservation]
) -> Release:
    """Move a running release on as its evidence requires."""
    route = {found.name: found for found in gateway.list_routes(connection)}.get(release.route)
    if route is None or route.version != release.route_version:
        reason = "the route was changed by another request and is not modified"
        return end(connection, release, "superseded", reason, "evidence")
    if reason := _find_fault(release, services):
        return end(connection, release, "rolled_back", reason, "evidence", added)
    started = release.started_at or release.created_at
    if now() - started > timedelta(hours=release.plan.max_hours):
        pairs = release.evidence.quality.pairs
        reason = f"no decision within {release.plan.max_hours:g} hours ({pairs} pairs); the incumbent stays"
        return end(connection, release, "kept", reason, "evidence")
    if release.paused:
        return release
    if release.stage == "shadow":
        return _leave_shadow(connection, release, services)
    return _move_canary(connection, release, services, added)


def enter_canary(connection: Connection, release: Release, services: ReleaseServices, message: str) -> Release:
    """Give the candidate its first share of the traffic, if the gate passes.

    Raises: PreconditionFailed if the gate rejects the candidate.
    """
    decision = services.gate.require_target(connection, release.route, release.candidate, message)
    evidence = release_evidence.start_guard_rails(release, services.baseline(release))
    values = {"evidence": evidence.model_copy(update={"step_pairs": 0}), "stage": "canary", "step": 0}
    release = release_store.update_release(connection, release, **values, stage_started_at=now())
    return _set_share(connection, release, services.gate.actor, "canary", message, decision)


def next_step(connection: Connection, release: Release, by: str, message: str) -> Release:
    """Give the candidate the share of the next step."""
    evidence = release.evidence.model_copy(update={"step_pairs": 0})
    release = release_store.update_release(connection, release, step=release.step + 1, evidence=evidence)
    return _set_share(connection, release, by, "step", message)


def promote(
    connection: Connection,
    release: Release,
    services: ReleaseServices,
    reason: str,
    by: str,
    added: Sequence[ReleaseObservation] = (),
) -> Release:
    """Give the whole route to the candidate and move the alias `prod` of its model, if the gates pass.

    Raises: PreconditionFailed if a gate rejects the candidate.
    """
    decision = services.gate.require_target(connection, release.route, release.candidate, reason)
    gates = _add_gate(release, decision)
    weights = {target.key: 0.0 for target in release.previous_targets} | {release.candidate: 1.0}
    cause = build_cause(by, decision, release=str(release.id))
    route = gateway.get_route(connection, release.route)
    _restore_policy(connection, release, route, cause)
    gateway.set_weights(connection, release.route, weights, services.check, cause)
    services.gate.begin_new_model(connection, release.route)
    services.gate.move_labels(connection, release.candidate, {"release": str(release.id)}, reason)
    if release.model is not None:
        name = release.model.partition("@")[0]
        evidence = {"release": str(release.id), **release.evidence.quality.model_dump(mode="json")}
        with suppress(NotFound):  # the model was removed from the registry
            services.gate.move_alias(connection, name, PROTECTED_ALIAS, release.model, evidence, reason)
    release = release_store.update_release(connection, release, gates=gates)
    return _finish(connection, release, "promoted", reason, by, added)


def end(
    connection: Connection,
    release: Release,
    status: ReleaseStatus,
    reason: str,
    by: str,
    added: Sequence[ReleaseObservation] = (),
) -> Release:
    """End a release without a promotion. The route gets its previous targets, unless another request changed it."""
    route = {found.name: found for found in gateway.list_routes(connection)}.get(release.route)
    if release.status == "running" and status != "superseded":
        if route is None or route.version != release.route_version:
            status, reason = "superseded", f"{reason}; the route was changed meanwhile and is not modified"
        else:
            cause = build_cause(by, release=str(release.id))
            policy = release.previous_policy if release.stage == "shadow" else route.policy
            gateway.set_route(connection, release.route, release.previous_targets, policy=policy, cause=cause)
    return _finish(connection, release, status, reason, by, added)


def block(connection: Connection, release: Release, reason: str) -> Release:
    """Record what a release waits for."""
    if release.blocked == reason:
        return release
    release_store.add_event(connection, release.id, "waiting", reason, "evidence")
    return release_store.update_release(connection, release, blocked=reason)


def _find_fault(release: Release, services: ReleaseServices) -> str | None:
    """Return why a release must be rolled back. Returns None if there is no reason."""
    model = services.find_model(release.candidate)
    if release.model is not None and model != release.model:
        return f"{release.candidate} now serves {model or 'no model'} instead of {release.model}"
    for state in release.evidence.guard_rails:
        if state.is_violated:
            return guard_rails.describe_violation(state)
    for label, evidence in (("shadow: ", release.evidence.shadow), ("", release.evidence.quality)):
        if evidence.verdict == "roll_back":
            return f"{label}{describe_evidence(evidence)}"
    return None


def _leave_shadow(connection: Connection, release: Release, services: ReleaseServices) -> Release:
    """Start the canary once the shadow stage has compared enough responses."""
    plan, pairs = release.plan, release.evidence.shadow.pairs
    spent = plan.shadow_budget is not None and release.evidence.shadow_cost >= plan.shadow_budget
    if pairs < plan.shadow_pairs and not spent:
        return release
    if pairs < min(MIN_SHADOW_PAIRS, plan.shadow_pairs):
        reason = f"the shadow budget of {plan.shadow_budget} µ$ was spent after {pairs} pairs; the incumbent stays"
        return end(connection, release, "kept", reason, "evidence")
    if plan.manual:
        return block(connection, release, f"start the canary by hand: vong loop releases advance {release.id}")
    message = f"shadow: {pairs} pairs compared, the candidate is not shown to be worse"
    try:
        with connection.begin_nested():
            return enter_canary(connection, release, services, message)
    except PreconditionFailed as error:
        services.gate.record_rejection(connection, error)
        return block(connection, release, str(error))


def _move_canary(
    connection: Connection, release: Release, services: ReleaseServices, added: Sequence[ReleaseObservation]
) -> Release:
    """Promote, take the next step, or end after the last pair."""
    plan, evidence = release.plan, release.evidence
    verdict = evidence.quality.verdict
    waited = now() - (release.step_started_at or now()) >= timedelta(seconds=plan.step_seconds)
    is_last = release.step + 1 >= len(plan.steps)
    if verdict == "promote" and waited and (is_last or not plan.step_seconds):
        return _try_promote(connection, release, services, added)
    if verdict == "no_difference":
        return end(connection, release, "kept", describe_evidence(evidence.quality), "evidence", added)
    ready = evidence.step_pairs >= plan.step_pairs or verdict == "promote"
    if not is_last and waited and ready and evidence.quality.pairs:
        if plan.manual:
            return block(connection, release, f"take the next step by hand: vong loop releases advance {release.id}")
        message = f"{evidence.step_pairs} pairs at {plan.steps[release.step]:.0%} without a fault"
        return next_step(connection, release, "evidence", message)
    return release


def _try_promote(
    connection: Connection, release: Release, services: ReleaseServices, added: Sequence[ReleaseObservation]
) -> Release:
    unseen = [state.metric for state in release.evidence.guard_rails if not state.pairs]
    if unseen:
        names = ", ".join(unseen)
        return block(connection, release, f"no data for the guard rails {names}: the candidate is not promoted")
    if release.plan.manual:
        return block(connection, release, f"promote by hand: vong loop releases promote {release.id} --reason TEXT")
    try:
        with connection.begin_nested():
            reason = describe_evidence(release.evidence.quality)
            return promote(connection, release, services, reason, "evidence", added)
    except PreconditionFailed as error:
        services.gate.record_rejection(connection, error)
        return block(connection, release, str(error))


def _set_share(
    connection: Connection, release: Release, by: str, kind: str, message: str, decision: GateDecision | None = None
) -> Release:
    share = release.plan.steps[release.step]
    others = {one.key: one.weight for one in release.previous_targets if one.key != release.candidate}
    total = sum(others.values())
    weights = {model: weight / total * (1 - share) for model, weight in others.items()} | {release.candidate: share}
    cause = build_cause(by, *([decision] if decision else []), release=str(release.id))
    _restore_policy(connection, release, gateway.get_route(connection, release.route), cause)
    route = gateway.set_weights(connection, release.route, weights, cause=cause)
    release_store.add_event(connection, release.id, kind, f"{share:.0%} of the traffic: {message}", by)
    return release_store.update_release(
        connection,
        release,
        route_version=route.version,
        canary_versions=(*release.canary_versions, route.version),
        step_started_at=now(),
        blocked=None,
        gates=_add_gate(release, decision),
    )


def _restore_policy(connection: Connection, release: Release, route: Route, cause: dict[str, Any]) -> None:
    """Remove the shadow target of the release from the policy of the route."""
    if route.policy and route.policy.shadow and route.policy.shadow.model == release.candidate:
        gateway.set_route(connection, route.name, route.targets, policy=release.previous_policy, cause=cause)


def _finish(
    connection: Connection,
    release: Release,
    status: ReleaseStatus,
    reason: str,
    by: str,
    added: Sequence[ReleaseObservation],
) -> Release:
    moment = now()
    newest = max((one.observed_at for one in added), default=None)
    seconds = None if newest is None else max(0.0, (moment - newest).total_seconds())
    data = {"evidence": release.evidence.model_dump(mode="json", exclude={"quality_history", "shadow_history"})}
    release_store.add_event(connection, release.id, status, reason, by, data)
    return release_store.update_release(
        connection,
        release,
        status=status,
        reason=reason,
        decided_by=by,
        ended_at=moment,
        blocked=None,
        reaction_seconds=seconds,
    )


def _add_gate(release: Release, decision: GateDecision | None) -> tuple[str, ...]:
    known = release.gates
    return known if decision is None or decision.id is None else (*known, str(decision.id))
