"""Routes of the loop: how it stands, canaries and turns."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import jobs, loop
from vong.api.http.dependencies import Call
from vong.app import loop as wired
from vong.app import loop_job as turns
from vong.app.gateway import check
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
    """The canary to start: `share` of `route` goes to `candidate` until the scores named `metric` decide.

    `goal`: promote when shown `better`, or when shown `not_worse` by more than `margin`. Shown worse by more than
    `margin`: roll back. `alpha` bounds the chance of any wrong decision.
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
    """A decision by hand, and why."""

    verdict: Literal["promote", "roll_back"]
    reason: str = Field(min_length=1, max_length=2000)


class TrafficShareUpdate(Record):
    """The share of the route that the candidate shall have."""

    share: float = Field(gt=0, lt=1)


@routes.post("/canaries", status_code=201)
def start_canary(wanted: CanaryCreate, call: Call) -> Canary:
    """Start a canary on a route."""
    rules = DecisionRules(wanted.alpha, wanted.margin, wanted.goal, wanted.min_pairs, wanted.max_pairs)
    with call.scope() as connection:
        return loop.start(
            connection,
            route=wanted.route,
            candidate=wanted.candidate,
            share=wanted.share,
            metric=wanted.metric,
            rules=rules,
            check=check(call.platform, call.principal.project_id, connection),
        )


@routes.get("/canaries")
def canaries(call: Call, status: Status | None = None, after: UUID | None = None, limit: Limit = 50) -> list[Canary]:
    """The project's canaries, newest first, without their trails."""
    with call.scope() as connection:
        return loop.list_canaries(connection, status=status, after=after, limit=limit)


@routes.get("/canaries/{id}")
def canary(id: UUID, call: Call) -> Canary:
    """One canary with its evidence and how that grew."""
    with call.scope() as connection:
        return loop.get(connection, id)


@routes.post("/canaries/{id}/evaluate")
def evaluate(id: UUID, call: Call) -> Canary:
    """Count every score that has come, and decide where they prove enough. (It happens by itself on every score.)"""
    with call.scope() as connection:
        return wired.evaluate(connection, id)


@routes.post("/canaries/{id}/decide")
def decide(id: UUID, wanted: CanaryDecision, call: Call) -> Canary:
    """Promote or roll back by hand."""
    with call.scope() as connection:
        return loop.decide(connection, id, wanted.verdict, wanted.reason, call.principal.actor)


@routes.put("/canaries/{id}/share")
def change_share(id: UUID, wanted: TrafficShareUpdate, call: Call) -> Canary:
    """Give the candidate another share: the canary that follows, its test begun anew."""
    with call.scope() as connection:
        return loop.change_share(connection, id, wanted.share, call.principal.actor)


@routes.get("/overview")
def show_overview(call: Call) -> Overview:
    """How every stage of the loop stands, what happened lately, and the next step that is worth taking."""
    with call.scope() as connection:
        return overview(connection)


class LoopRunCreate(Record):
    """The turn to run; without a plan it is the quickstart's, on the shipped samples."""

    plan: LoopPlan | None = None


@routes.post("/turns", status_code=202)
def start_turn(wanted: LoopRunCreate, call: Call) -> Job:
    """Run a whole turn of the loop as a job; its result is the report."""
    plan = wanted.plan or turns.default_plan()
    with call.scope() as connection:
        return jobs.submit(connection, "loop.turn", {"plan": plan.model_dump(mode="json")}, key=call.idempotency_key)


@routes.get("/turns")
def list_turns(call: Call, after: UUID | None = None, limit: Limit = 50) -> list[Job]:
    """The project's turns, newest first."""
    with call.scope() as connection:
        return jobs.list_jobs(connection, kind="loop.turn", after=after, limit=limit)


@routes.get("/turns/{id}")
def show_turn(id: UUID, call: Call) -> Job:
    """One turn: how far it is, and once it is finished its report as the result."""
    with call.scope() as connection:
        return jobs.get(connection, id)
