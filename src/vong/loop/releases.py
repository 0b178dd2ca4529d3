"""Releases: shadow, then canary, then promoted or rolled back, decided by evidence.

Every change is one transaction that also stores its evidence and an event. `advance` moves a release on by what has
been observed. Any process may call it at any time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from vong import gateway, jobs
from vong.errors import Conflict, InvalidInput
from vong.loop import canary, release_evidence, release_steps, release_store
from vong.loop.application_targets import pin_target
from vong.loop.guard_rails import CallMeasures
from vong.loop.release_records import Release, ReleaseObservation, ReleasePlan
from vong.loop.release_services import ReleaseServices
from vong.records import Route, new_id, now

JOB_KIND = "loop.release"


class Observed(NamedTuple):
    """New observations of a release: scores and calls, the measures of the calls, and the cost of shadow calls."""

    observations: Sequence[ReleaseObservation] = ()
    measures: Mapping[str, CallMeasures] = {}
    shadow_cost: int | None = None


def start(
    connection: Connection,
    *,
    route: str,
    candidate: str,
    plan: ReleasePlan | None = None,
    services: ReleaseServices,
    start_at: datetime | None = None,
    key: str | None = None,
) -> Release:
    """Start a release of `candidate` on a route now or at `start_at`, and submit its job.

    A repeated request for the active release returns it.

    Raises: Conflict if the route has another release, a canary or a tree; InvalidInput if it has no other target;
    PreconditionFailed if the canary would start now and the gate rejects the candidate.
    """
    plan = plan or ReleasePlan()
    candidate = pin_target(connection, candidate)
    active = release_store.find_active(connection, route)
    if active is not None:
        if (active.candidate, active.plan) == (candidate, plan):
            return active
        hint = f"see: vong loop releases show {active.id}"
        raise Conflict(f"route {route!r} already has a release", hint)
    current = _check_route(connection, route, candidate, plan)
    services.check(candidate)
    moment = now()
    release = Release(
        id=new_id(),
        route=route,
        candidate=candidate,
        model=services.find_model(candidate),
        plan=plan,
        status="scheduled",
        stage="shadow" if plan.shadow_pairs else "canary",
        previous_targets=current.targets,
        previous_policy=current.policy,
        evidence=release_evidence.empty_evidence(plan),
        started_by=services.gate.actor,
        created_at=moment,
        start_at=start_at,
    )
    try:
        with connection.begin_nested():
            release_store.insert_release(connection, release)
    except IntegrityError as error:
        raise Conflict(f"route {route!r} already has a release", "see: vong loop releases list") from error
    when = f", starts at {start_at.isoformat(timespec='seconds')}" if start_at else ""
    release_store.add_event(connection, release.id, "created", f"{candidate} on {route}{when}", services.gate.actor)
    jobs.submit(connection, JOB_KIND, {"release": str(release.id)}, id=release.id, key=key)
    if start_at is None or start_at <= moment:
        release = release_steps.begin(connection, release, services)
    return release


def advance(connection: Connection, id: UUID, observed: Observed, services: ReleaseServices) -> Release:
    """Count observations and move a release on: start it, take the next step, promote it, or roll it back.

    A release that ended is not changed. Concurrent calls wait for each other.
    """
    release = release_store.load_release(connection, id, lock=True)
    if release.status == "scheduled":
        due = release.start_at is None or release.start_at <= now()
        return release_steps.try_begin(connection, release, services) if due else release
    if release.status != "running":
        return release
    added = release_store.add_observations(connection, id, observed.observations)
    release = _count(connection, release, added, observed)
    return release_steps.decide(connection, release, services, added)


def pause(connection: Connection, id: UUID, by: str) -> Release:
    """Pause a release: the share stays, scores count, and a worse candidate is still rolled back."""
    release = _load_active(connection, id)
    if release.paused:
        return release
    release_store.add_event(connection, id, "paused", "the release keeps its share until it is resumed", by)
    return release_store.update_release(connection, release, paused=True)


def resume(connection: Connection, id: UUID, by: str) -> Release:
    """Resume a paused release."""
    release = _load_active(connection, id)
    if not release.paused:
        return release
    release_store.add_event(connection, id, "resumed", "the release continues", by)
    return release_store.update_release(connection, release, paused=False)


def stop(connection: Connection, id: UUID, reason: str, by: str) -> Release:
    """Stop a release by hand: the route gets its previous targets.

    Raises: InvalidInput if the reason is empty; Conflict if the release has ended.
    """
    release = _load_active(connection, id)
    _check_reason(reason)
    return release_steps.end(connection, release, "rolled_back", reason, by)


def take_step(
    connection: Connection, id: UUID, services: ReleaseServices, to: Literal["next", "promote"], reason: str
) -> Release:
    """Take the next step or promote by hand. Evidence is not needed, but the gate is: `reason` may override it.

    Raises: Conflict if the release has ended or is at its last step; InvalidInput if a promotion has no reason;
    PreconditionFailed if the gate rejects the candidate.
    """
    release = _load_active(connection, id)
    if release.status == "scheduled":
        return release_steps.begin(connection, release, services)
    if to == "promote":
        _check_reason(reason)
        return release_steps.promote(connection, release, services, reason, services.gate.actor)
    if release.stage == "shadow":
        return release_steps.enter_canary(connection, release, services, reason or "started by hand")
    if release.step + 1 >= len(release.plan.steps):
        hint = f"promote it: vong loop releases promote {id} --reason TEXT"
        raise Conflict(f"release {str(id)!r} is at its last step", hint)
    return release_steps.next_step(connection, release, services.gate.actor, reason or "taken by hand")


def _check_route(connection: Connection, name: str, candidate: str, plan: ReleasePlan) -> Route:
    route = gateway.get_route(connection, name)
    if route.tree is not None:
        hint = "replace the tree with targets, or create another route"
        raise Conflict(f"route {name!r} has a tree, whose weights a release cannot change", hint)
    if not any(target.weight > 0 and target.key != candidate for target in route.targets):
        hint = "add the incumbent to the route first"
        raise InvalidInput(f"route {name!r} has no other target to compare with", hint)
    running = [one for one in canary.list_canaries(connection, status="running", limit=500) if one.route == name]
    if running:
        hint = f"end it first: vong loop canaries rollback {running[0].id} --reason TEXT"
        raise Conflict(f"route {name!r} has a canary", hint)
    if plan.shadow_pairs and route.policy and route.policy.capture == "metadata":
        hint = "set shadow_pairs to 0, or another capture"
        raise InvalidInput(f"route {name!r} stores no bodies (capture 'metadata'), which the shadow stage needs", hint)
    return route


def _count(
    connection: Connection, release: Release, added: Sequence[ReleaseObservation], observed: Observed
) -> Release:
    evidence = release_evidence.add_calls(release, added, observed.measures)
    release = release.model_copy(update={"evidence": evidence})
    for series in ("shadow", "quality"):
        if any(one.series == series for one in added):
            evidence = release_evidence.count_scores(connection, release, series)
            release = release.model_copy(update={"evidence": evidence})
    if observed.shadow_cost is not None:
        evidence = release.evidence.model_copy(update={"shadow_cost": observed.shadow_cost})
        release = release.model_copy(update={"evidence": evidence})
    return release_store.update_release(connection, release, evidence=release.evidence)


def _load_active(connection: Connection, id: UUID) -> Release:
    release = release_store.load_release(connection, id, lock=True)
    if release.status not in ("scheduled", "running"):
        raise Conflict(f"release {str(id)!r} is {release.status}", f"see: vong loop releases show {id}")
    return release


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput("a decision by hand needs a reason", "set a reason; it is stored with the evidence")
