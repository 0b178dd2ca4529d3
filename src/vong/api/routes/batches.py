"""Batches as the project's people see them; they are made under `/v1`, see `openai/storage`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from vong.api.http.dependencies import Call
from vong.app import batches
from vong.records.batch import Batch

routes = APIRouter(prefix="/api/v1/gateway/batches", tags=["gateway"])


@routes.get("")
def list_batches(call: Call, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[Batch]:
    """Batches with what their calls cost so far, newest first; `after` is the last id of the page before."""
    return batches.list_batches(call.platform, call.principal, after, limit)


@routes.get("/{id}")
def get_batch(id: UUID, call: Call) -> Batch:
    """One batch. Its job has the same id."""
    return batches.get(call.platform, call.principal, id)


@routes.post("/{id}/cancel")
def cancel_batch(id: UUID, call: Call) -> Batch:
    """End a batch: one that waits at once, one that runs within seconds, with the files of what is answered."""
    return batches.cancel(call.platform, call.principal, id)
