"""Routes of loop policies and their runs. Part of the loop's API."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from vong.api.http.dependencies import CurrentUser
from vong.app import loop_policies
from vong.errors import PreconditionFailed
from vong.loop import policy_report, policy_store
from vong.loop.policy_records import LoopPolicy, LoopPolicyDefinition, PolicyRun, PolicyStatus
from vong.records import Record

routes = APIRouter(prefix="/api/v1/loop", tags=["loop"])
Limit = Annotated[int, Query(ge=1, le=500)]


class LoopPolicySet(Record):
    """Content of a loop policy. `consent` must be true: it permits runs and promotions without a further action."""

    definition: LoopPolicyDefinition
    consent: bool = False


@routes.put("/policies/{name}")
def set_loop_policy(name: str, body: LoopPolicySet, context: CurrentUser) -> LoopPolicy:
    """Create a loop policy, or replace its content by the next version, with the caller's consent."""
    if not body.consent:
        raise PreconditionFailed(
            f"loop policy {name!r} has no consent: its runs train and promote models without a person",
            "set consent to true, or pass --consent",
        )
    with context.project_transaction() as connection:
        return loop_policies.set_policy(connection, name, body.definition, context.principal)


@routes.get("/policies")
def list_loop_policies(context: CurrentUser) -> list[PolicyStatus]:
    """List the loop policies by name, each with the state of its triggers and its runs."""
    with context.project_transaction() as connection:
        return [loop_policies.get_status(connection, one.name) for one in policy_store.list_policies(connection)]


@routes.get("/policies/{name}")
def get_loop_policy(name: str, context: CurrentUser) -> PolicyStatus:
    """Return a loop policy with the state of its triggers and its runs."""
    with context.project_transaction() as connection:
        return loop_policies.get_status(connection, name)


@routes.delete("/policies/{name}")
def delete_loop_policy(name: str, context: CurrentUser) -> LoopPolicy:
    """Delete a loop policy without an active run. Its runs are kept."""
    with context.project_transaction() as connection:
        return policy_store.delete_policy(connection, name)


@routes.get("/policies/{name}/runs")
def list_loop_policy_runs(
    name: str, context: CurrentUser, after: UUID | None = None, limit: Limit = 50
) -> list[PolicyRun]:
    """List the runs of a loop policy, newest first."""
    with context.project_transaction() as connection:
        return policy_store.list_runs(connection, policy=name, after=after, limit=limit)


@routes.post("/policies/{name}/runs", status_code=202)
def start_loop_policy_run(name: str, context: CurrentUser) -> PolicyRun:
    """Start a run of a loop policy by hand, without a trigger."""
    with context.project_transaction() as connection:
        return loop_policies.start_by_hand(connection, name, context.principal.actor)


@routes.post("/policies/{name}/{action}")
def change_loop_policy(name: str, action: Literal["pause", "resume"], context: CurrentUser) -> PolicyStatus:
    """Pause or resume a loop policy. A paused one starts no runs; an active run continues."""
    with context.project_transaction() as connection:
        policy_store.update_policy(connection, name, paused=action == "pause")
        return loop_policies.get_status(connection, name)


@routes.get("/policy-runs/{id}")
def get_loop_policy_run(id: UUID, context: CurrentUser) -> PolicyRun:
    """Return a run of a loop policy: its report, with the evidence of each step."""
    with context.project_transaction() as connection:
        return policy_store.get_run(connection, id)


@routes.get("/policy-runs/{id}/report", response_class=PlainTextResponse)
def get_loop_policy_report(id: UUID, context: CurrentUser) -> PlainTextResponse:
    """Return the report of a run of a loop policy as Markdown."""
    with context.project_transaction() as connection:
        report = policy_report.to_markdown(policy_store.get_run(connection, id))
    return PlainTextResponse(report, media_type="text/markdown; charset=utf-8")


@routes.post("/policy-runs/{id}/cancel")
def cancel_loop_policy_run(id: UUID, context: CurrentUser) -> PolicyRun:
    """Cancel a run of a loop policy with its training, suite run or release. The route gets its previous targets."""
    with context.project_transaction() as connection:
        run = loop_policies.cancel(connection, id, context.principal.actor)
    context.platform.apply_routing_change(context.principal.project_id)
    return run
