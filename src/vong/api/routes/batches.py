"""Routes of batches for the members of a project. Batches are created under `/v1` (`openai.files_and_batches`)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from vong.api.http.dependencies import CurrentUser
from vong.app import batches
from vong.records.batch import Batch

routes = APIRouter(prefix="/api/v1/gateway/batches", tags=["gateway"])


@routes.get("")
def list_batches(
    context: CurrentUser, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[Batch]:
    """List batches with their cost so far, newest first. `after` is the last id of the previous page."""
    return batches.list_batches(context.platform, context.principal, after, limit)


@routes.get("/{id}")
def get_batch(id: UUID, context: CurrentUser) -> Batch:
    """Return a batch. Its job has the same id."""
    return batches.get_batch(context.platform, context.principal, id)


@routes.post("/{id}/cancel")
def cancel_batch(id: UUID, context: CurrentUser) -> Batch:
    """Cancel a batch.

    A queued batch ends immediately, a running one within seconds, with the files of the finished requests.
    """
    return batches.cancel_batch(context.platform, context.principal, id)
