"""Routes of feedback: scores of spans, what they say together, and the harvest."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import feedback
from vong.api.http.dependencies import Call
from vong.app import feedback as wired
from vong.app.feedback import ExportQuery, HarvestRequest, HarvestResult, InboxItem
from vong.feedback.summary import BY, By, ScoreSummary
from vong.records import Score

routes = APIRouter(prefix="/api/v1/feedback", tags=["feedback"])


class ScorePage(feedback.ScoreFilter):
    """Which scores, and which page of them."""

    after: UUID | None = None
    limit: int = Field(default=50, ge=1, le=500)


class SummaryRequest(feedback.ScoreFilter):
    """Which scores, and by what to group them."""

    by: tuple[By, ...] = BY


@routes.post("", status_code=201)
def add(judgement: feedback.ScoreCreate, call: Call) -> Score:
    """Score an answer by its span: a value, a comment, a correction. The same id again is the same score."""
    author = judgement.author or call.principal.actor
    signed = judgement.model_copy(update={"author": author})
    return wired.add(call.platform, call.principal.project_id, signed, key=call.idempotency_key)


@routes.get("")
def scores(call: Call, wanted: Annotated[ScorePage, Query()]) -> list[Score]:
    """The scores that fit, newest first; `after` is the id of the last score of the page before."""
    filter = feedback.ScoreFilter(**wanted.model_dump(exclude={"after", "limit"}))
    with call.scope() as connection:
        return feedback.list_scores(connection, filter, after=wanted.after, limit=wanted.limit, newest_first=True)


@routes.get("/inbox")
def inbox(call: Call, wanted: Annotated[ScorePage, Query()]) -> list[InboxItem]:
    """The scores that fit, newest first, each beside the span that it judges."""
    filter = feedback.ScoreFilter(**wanted.model_dump(exclude={"after", "limit"}))
    with call.scope() as connection:
        return wired.inbox(connection, filter, wanted.after, wanted.limit)


@routes.get("/summary")
def summary(call: Call, wanted: Annotated[SummaryRequest, Query()]) -> list[ScoreSummary]:
    """What the scores that fit say together, for each combination of the fields in `by`: mean and 95 % interval."""
    filter = feedback.ScoreFilter(**wanted.model_dump(exclude={"by"}))
    with call.scope() as connection:
        return feedback.summary(connection, filter, wanted.by)


@routes.get("/harvest")
def preview(call: Call, wanted: Annotated[ExportQuery, Query()]) -> feedback.Harvest:
    """What a harvest would give: its counts, the disagreements, and the newest 50 examples, newest first."""
    found = wired.preview(call.platform, call.principal.project_id, wanted)
    return found.model_copy(update={"examples": found.examples[:-51:-1]})


@routes.post("/harvest", status_code=201)
def harvest(wanted: HarvestRequest, call: Call) -> HarvestResult:
    """Make corrections and good answers into rows of the dataset's next version."""
    return wired.harvest(call.platform, call.principal.project_id, wanted)
