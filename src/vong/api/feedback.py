"""Routes of feedback: scores of spans, what they say together, and the harvest."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from vong import feedback
from vong.api.call import Call
from vong.app import feedback as wired
from vong.app.feedback import Harvested, HarvestWanted
from vong.feedback.summary import BY, By, Summary
from vong.records import Score

routes = APIRouter(prefix="/api/v1/feedback", tags=["feedback"])
Limit = Annotated[int, Query(ge=1, le=500)]
Filters = Annotated[feedback.Filter, Query()]


@routes.post("", status_code=201)
def add(judgement: feedback.Judgement, call: Call) -> Score:
    """Score an answer by its span: a value, a comment, a correction. The same id again is the same score."""
    author = judgement.author or call.principal.key_name
    signed = judgement.model_copy(update={"author": author})
    return wired.add(call.platform, call.principal.project_id, signed, key=call.idempotency_key)


@routes.get("")
def scores(
    call: Call,
    spans: Annotated[list[UUID] | None, Query()] = None,
    name: str | None = None,
    route: str | None = None,
) -> list[Score]:
    """The scores that fit, newest first."""
    return []


@routes.get("/summary")
def summary(call: Call, by: Annotated[list[By] | None, Query()] = None) -> list[Summary]:
    """What the scores say together."""
    with call.scope() as connection:
        return feedback.summary(connection, by=by or BY)
