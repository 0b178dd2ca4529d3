"""Routes of releases. Part of the loop's API."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.api.http.timestamps import Timestamp
from vong.app import releases as releases_app
from vong.app.gatekeeper import PlatformGate
from vong.app.gates import GateCaller
from vong.app.gateway import target_check
from vong.evals.gates import GateDecision
from vong.loop import release_store, releases
from vong.loop.release_records import Release, ReleaseEvent, ReleasePlan, ReleaseStatus
from vong.records import Record

routes = APIRouter(prefix="/api/v1/loop/releases", tags=["loop"])
Limit = Annotated[int, Query(ge=1, le=500)]


class ReleaseCreate(Record):
    """Release to start: `candidate` on `route`, now or at `start_at`.

    A candidate is `deployment/NAME`, `PROVIDER/MODEL`, or `MODEL+prompt/REF` with a stored prompt.
    """

    route: str = Field(min_length=1)
    candidate: str = Field(min_length=1)
    plan: ReleasePlan = ReleasePlan()
    start_at: Timestamp | None = None


class ReleaseAction(Record):
    """Reason of an action, stored with the evidence. Stopping and promoting by hand need one."""

    reason: str = Field(default="", max_length=2000)


@routes.post("", status_code=201)
def start_release(body: ReleaseCreate, context: CurrentUser) -> Release:
    """Start a release on a route, or schedule it."""
    with context.project_transaction() as connection:
        releases_app.check_plan(connection, body.plan)
        check = target_check(context.platform, context.principal.project_id, connection)
        started = releases.start(
            connection,
            route=body.route,
            candidate=body.candidate,
            plan=body.plan,
            services=releases_app.build_services(connection, _gate(context), check),
            start_at=body.start_at,
            key=context.idempotency_key,
        )
    context.platform.apply_routing_change(context.principal.project_id)
    return started


@routes.get("")
def list_releases(
    context: CurrentUser,
    status: ReleaseStatus | None = None,
    route: str | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> list[Release]:
    """List the releases of the project, newest first, without their evidence history."""
    with context.project_transaction() as connection:
        return release_store.list_releases(connection, status=status, route=route, after=after, limit=limit)


@routes.get("/{id}")
def get_release(id: UUID, context: CurrentUser) -> Release:
    """Return a release with its evidence and evidence history."""
    with context.project_transaction() as connection:
        return release_store.get_release(connection, id)


@routes.get("/{id}/history")
def list_release_events(id: UUID, context: CurrentUser) -> list[ReleaseEvent]:
    """List the log of a release, oldest first: every change with its actor, reason and evidence."""
    with context.project_transaction() as connection:
        return release_store.list_events(connection, id)


@routes.get("/{id}/gate")
def check_release_gate(id: UUID, context: CurrentUser) -> GateDecision:
    """Return what the candidate of a release lacks for the gate of its route."""
    with context.project_transaction() as connection:
        release = release_store.get_release(connection, id)
        return _gate(context).check_target(connection, release.route, release.candidate)


@routes.post("/{id}/evaluate")
def evaluate_release(id: UUID, context: CurrentUser) -> Release:
    """Count all new scores and calls, and move the release on. Every new score triggers this automatically."""
    with context.project_transaction() as connection:
        changed = releases_app.evaluate(context.platform, connection, id)
    context.platform.apply_routing_change(context.principal.project_id)
    return changed


@routes.post("/{id}/{action}")
def change_release(
    id: UUID,
    action: Literal["pause", "resume", "stop", "advance", "promote"],
    context: CurrentUser,
    body: ReleaseAction | None = None,
) -> Release:
    """Pause, resume or stop a release, take its next step, or promote it by hand.

    A paused release keeps its share and is still rolled back if the candidate is worse. A promotion needs the gate;
    its reason may override it.
    """
    reason, by = (body or ReleaseAction()).reason, context.principal.actor
    with context.project_transaction() as connection:
        if action == "pause":
            changed = releases.pause(connection, id, by)
        elif action == "resume":
            changed = releases.resume(connection, id, by)
        elif action == "stop":
            changed = releases.stop(connection, id, reason, by)
        else:
            services = releases_app.build_services(connection, _gate(context))
            step = "promote" if action == "promote" else "next"
            changed = releases.take_step(connection, id, services, step, reason)
    context.platform.apply_routing_change(context.principal.project_id)
    return changed


def _gate(context: RequestContext) -> PlatformGate:
    return PlatformGate(context.platform.blobs, GateCaller.from_principal(context.principal))
