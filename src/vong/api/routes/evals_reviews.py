"""Routes of review items: answers with a low score that people look at. Part of the evals API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.app import reviews as reviews_app
from vong.app.reviews import ReviewCompletion
from vong.evals.monitors import reviews
from vong.evals.monitors.reviews import ReviewItem, ReviewStatus
from vong.records import Record

routes = APIRouter(prefix="/api/v1/evals/reviews", tags=["evals"])
Limit = Annotated[int, Query(ge=1, le=500)]


class ReviewAssignment(Record):
    """Person to whom an item is assigned, or null for nobody."""

    assignee: str | None = Field(default=None, min_length=1, max_length=200)


@routes.get("")
def list_reviews(
    context: CurrentUser,
    status: ReviewStatus | None = None,
    monitor: str | None = None,
    assignee: str | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> list[ReviewItem]:
    """List review items, newest first. `after` is the id of the last item of the previous page."""
    with context.project_transaction() as connection:
        return reviews.list_items(
            connection, status=status, monitor=monitor, assignee=assignee, after=after, limit=limit
        )


@routes.get("/{id}")
def get_review(id: UUID, context: CurrentUser) -> ReviewItem:
    """Return a review item."""
    with context.project_transaction() as connection:
        return reviews.get_item(connection, id)


@routes.post("/{id}/take")
def take_review(id: UUID, context: CurrentUser) -> ReviewItem:
    """Assign an item to the caller, unless somebody else has it."""
    with context.project_transaction() as connection:
        return reviews.assign_item(connection, id, context.principal.actor, only_free=True)


@routes.post("/{id}/assign")
def assign_review(id: UUID, body: ReviewAssignment, context: CurrentUser) -> ReviewItem:
    """Assign an item to a person, or to nobody."""
    with context.project_transaction() as connection:
        return reviews.assign_item(connection, id, body.assignee)


@routes.post("/{id}/complete")
def complete_review(id: UUID, body: ReviewCompletion, context: CurrentUser) -> ReviewItem:
    """Mark an item as done: corrected, accepted or dismissed. A correction becomes feedback for the next harvest."""
    principal = context.principal
    return reviews_app.complete(context.platform, principal.project_id, id, body, principal.actor)


@routes.post("/{id}/reopen")
def reopen_review(id: UUID, context: CurrentUser) -> ReviewItem:
    """Mark an item as open again. Feedback that it created is kept."""
    with context.project_transaction() as connection:
        return reviews.reopen_item(connection, id)
