"""Routes of optimisations of prompts: estimate, start and read them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from vong.api.http.dependencies import CurrentUser
from vong.app.prompts import optimiser
from vong.app.prompts.optimiser import OptimisationEstimate, OptimisationStart, OptimisationStarted
from vong.prompts.optimiser import optimisations
from vong.prompts.optimiser.optimisations import Optimisation

routes = APIRouter(prefix="/api/v1/prompts", tags=["prompts"])
Limit = Annotated[int, Query(ge=1, le=500)]


@routes.post("/{name}/optimisations/estimate")
def estimate_optimisation(name: str, body: OptimisationStart, context: CurrentUser) -> OptimisationEstimate:
    """Estimate the calls and the largest cost of an optimisation."""
    return optimiser.estimate(context.platform, context.principal.project_id, name, body)


@routes.post("/{name}/optimisations", status_code=202)
def start_optimisation(name: str, body: OptimisationStart, context: CurrentUser) -> OptimisationStarted:
    """Start the search for better instructions and examples of a prompt. It runs as a job."""
    with context.project_transaction() as connection:
        return optimiser.start(
            context.platform, connection, name, body, principal=context.principal, key=context.idempotency_key
        )


@routes.get("/{name}/optimisations")
def list_optimisations(
    name: str, context: CurrentUser, after: UUID | None = None, limit: Limit = 50
) -> list[Optimisation]:
    """List the optimisations of a prompt, newest first."""
    with context.project_transaction() as connection:
        found = optimisations.list_optimisations(connection, name, after=after, limit=limit)
        return optimiser.sync(connection, found)


@routes.get("/optimisations/{id}")
def get_optimisation(id: UUID, context: CurrentUser) -> Optimisation:
    """Return an optimisation with the scores of its candidates."""
    with context.project_transaction() as connection:
        return optimiser.sync(connection, [optimisations.get(connection, id)])[0]


@routes.delete("/optimisations/{id}", status_code=204)
def delete_optimisation(id: UUID, context: CurrentUser) -> None:
    """Delete an optimisation. The versions that it made remain. A running one must be cancelled first."""
    with context.project_transaction() as connection:
        optimiser.delete(connection, id)
