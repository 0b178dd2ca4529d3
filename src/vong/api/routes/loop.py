"""Routes of the loop: overview, canaries and loop runs."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import jobs, loop
from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.app import loop as loop_app
from vong.app import loop_job
from vong.app.gatekeeper import PlatformGate
from vong.app.gates import GateCaller
from vong.app.gateway import target_check
from vong.app.overview import overview
from vong.app.overview_records import Overview
from vong.loop import Canary, DecisionRules
from vong.loop.canary import Status
from vong.loop.plan import LoopPlan
from vong.loop.sequential import Goal
from vong.records import Job, Record

routes = APIRouter(prefix="/api/v1/loop", tags=["loop"])
Limit = Annotated[int, Query(ge=1, le=500)]


class CanaryCreate(Record):
    """Canary to start: `share` of `route` goes to `candidate` until the scores named `metric` decide.

    `goal`: promote if shown `better`, or if shown `non_inferior`, which is not worse by more than `margin`. If shown
    worse by more than `margin`, roll back. `alpha` bounds the probability of any wrong decision.
    """

    route: str = Field(min_length=1)
    candidate: str = Field(min_length=1)
    share: float = Field(default=0.1, gt=0, lt=1)
    metric: str = "quality"
    alpha: float = Field(default=0.05, gt=0, lt=1)
    margin: float = Field(default=0.0, ge=0, lt=1)
    goal: Goal = "better"
    min_pairs: int = Field(default=10, ge=1, le=5000)
    max_pairs: int = Field(default=500, ge=1, le=5000)


class CanaryDecision(Record):
    """Manual decision with its reason."""

    verdict: Literal["promote", "roll_back"]
    reason: str = Field(min_length=1, max_length=2000)


class TrafficShareUpdate(Record):
    """New traffic share of the candidate."""

    share: float = Field(gt=0, lt=1)


def _gate(context: RequestContext) -> PlatformGate:
    return PlatformGate(context.platform.blobs, GateCaller.from_principal(context.principal))


@routes.post("/canaries", status_code=201)
def start_canary(body: CanaryCreate, context: CurrentUser) -> Canary:
    """Start a canary on a route."""
    rules = DecisionRules(body.alpha, body.margin, body.goal, body.min_pairs, body.max_pairs)
    with context.project_transaction() as connection:
        return loop.start_canary(
            connection,
            route=body.route,
            candidate=body.candidate,
            share=body.share,
            metric=body.metric,
            rules=rules,
            check=target_check(context.platform, context.principal.project_id, connection),
            gate=_gate(context),
        )


@routes.get("/canaries")
def list_canaries(
    context: CurrentUser, status: Status | None = None, after: UUID | None = None, limit: Limit = 50
) -> list[Canary]:
    """List the canaries of the project, newest first, without their evidence history."""
    with context.project_transaction() as connection:
        return loop.list_canaries(connection, status=status, after=after, limit=limit)


@routes.get("/canaries/{id}")
def get_canary(id: UUID, context: CurrentUser) -> Canary:
    """Return a canary with its evidence and evidence history."""
    with context.project_transaction() as connection:
        return loop.get_canary(connection, id)


@routes.post("/canaries/{id}/evaluate")
def evaluate_canary(id: UUID, context: CurrentUser) -> Canary:
    """Count all new scores, and decide if the evidence is sufficient. Every new score triggers this automatically."""
    with context.project_transaction() as connection:
        return loop_app.evaluate_canary(context.platform, connection, id)


@routes.post("/canaries/{id}/decision")
def decide_canary(id: UUID, body: CanaryDecision, context: CurrentUser) -> Canary:
    """Promote or roll back a canary manually."""
    with context.project_transaction() as connection:
        actor = context.principal.actor
        return loop.decide_canary(connection, id, body.verdict, body.reason, actor, gate=_gate(context))


@routes.put("/canaries/{id}/traffic")
def set_canary_traffic(id: UUID, body: TrafficShareUpdate, context: CurrentUser) -> Canary:
    """Change the traffic share of the candidate. A new canary starts, and its test starts from zero."""
    with context.project_transaction() as connection:
        return loop.change_share(connection, id, body.share, context.principal.actor, gate=_gate(context))


@routes.get("/overview")
def get_overview(context: CurrentUser) -> Overview:
    """Return the state of every stage of the loop, recent activity, and the recommended next step."""
    with context.project_transaction() as connection:
        return overview(connection)


class LoopRunCreate(Record):
    """Loop run to start. Without a plan the quickstart plan runs on the bundled samples."""

    plan: LoopPlan | None = None


@routes.post("/runs", status_code=202)
def start_run(body: LoopRunCreate, context: CurrentUser) -> Job:
    """Start a complete loop run as a job. The job result is the report."""
    plan = body.plan or loop_job.default_plan()
    with context.project_transaction() as connection:
        return jobs.submit(connection, "loop.run", {"plan": plan.model_dump(mode="json")}, key=context.idempotency_key)


@routes.get("/runs")
def list_runs(context: CurrentUser, after: UUID | None = None, limit: Limit = 50) -> list[Job]:
    """List the loop runs of the project, newest first."""
    with context.project_transaction() as connection:
        return jobs.list_jobs(connection, kind="loop.run", after=after, limit=limit)


@routes.get("/runs/{id}")
def get_run(id: UUID, context: CurrentUser) -> Job:
    """Return the progress of a loop run and, when finished, its report as the result."""
    with context.project_transaction() as connection:
        return jobs.get(connection, id)
