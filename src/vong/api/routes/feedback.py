"""Routes of feedback: scores of spans, their summary, and the harvest."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import feedback
from vong.api.http.dependencies import CurrentUser
from vong.app import feedback as feedback_app
from vong.app.feedback import HarvestQuery, HarvestRequest, HarvestResult, InboxItem
from vong.feedback.summary import DEFAULT_GROUPING, GroupField, ScoreSummary
from vong.records import Score

routes = APIRouter(prefix="/api/v1/feedback", tags=["feedback"])


class ScorePage(feedback.ScoreFilter):
    """Score filter and page."""

    after: UUID | None = None
    limit: int = Field(default=50, ge=1, le=500)


class SummaryRequest(feedback.ScoreFilter):
    """Score filter and the fields to group by."""

    by: tuple[GroupField, ...] = DEFAULT_GROUPING


@routes.post("", status_code=201)
def add_score(judgement: feedback.ScoreCreate, context: CurrentUser) -> Score:
    """Score a span with a value, a comment or a correction. A score with the same id is stored once."""
    author = judgement.author or context.principal.actor
    signed = judgement.model_copy(update={"author": author})
    return feedback_app.add_score(context.platform, context.principal.project_id, signed, key=context.idempotency_key)


@routes.get("")
def list_scores(context: CurrentUser, query: Annotated[ScorePage, Query()]) -> list[Score]:
    """List matching scores, newest first. `after` is the id of the last score of the previous page."""
    filter = feedback.ScoreFilter(**query.model_dump(exclude={"after", "limit"}))
    with context.project_transaction() as connection:
        return feedback.list_scores(connection, filter, after=query.after, limit=query.limit, newest_first=True)


@routes.get("/inbox")
def list_inbox(context: CurrentUser, query: Annotated[ScorePage, Query()]) -> list[InboxItem]:
    """List matching scores, newest first, each with the span that it judges."""
    filter = feedback.ScoreFilter(**query.model_dump(exclude={"after", "limit"}))
    with context.project_transaction() as connection:
        return feedback_app.list_inbox(connection, filter, query.after, query.limit)


@routes.get("/summary")
def summarize_scores(context: CurrentUser, query: Annotated[SummaryRequest, Query()]) -> list[ScoreSummary]:
    """Summarize matching scores for each combination of the fields in `by`: mean and 95 % interval."""
    filter = feedback.ScoreFilter(**query.model_dump(exclude={"by"}))
    with context.project_transaction() as connection:
        return feedback.summarize(connection, filter, query.by)


@routes.get("/harvest")
def preview_harvest(context: CurrentUser, query: Annotated[HarvestQuery, Query()]) -> feedback.Harvest:
    """Preview a harvest: its counts, disagreements, and the newest 50 examples, newest first."""
    found = feedback_app.preview_harvest(context.platform, context.principal.project_id, query)
    return found.model_copy(update={"examples": found.examples[:-51:-1]})


@routes.post("/harvest", status_code=201)
def harvest_examples(body: HarvestRequest, context: CurrentUser) -> HarvestResult:
    """Write corrections and good answers as rows of the dataset's next version."""
    return feedback_app.harvest(context.platform, context.principal.project_id, body)
