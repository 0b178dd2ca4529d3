"""Routes of training: recipes, plans and runs. The metrics of a run are under experiments."""

from uuid import UUID

from fastapi import APIRouter

from vong.api.http.dependencies import CurrentUser
from vong.app import fine_tuning_plan, fine_tuning_provider, training_plan
from vong.app import training as training_app
from vong.app.fine_tuning_plan import ProviderPlan
from vong.app.training import RecipeInfo, TrainingRequest
from vong.records import Job
from vong.records.name import check_versioned_name
from vong.records.run import TrainingStarted
from vong.training import TrainingPlan
from vong.training.recipes.provider import ProviderRecipe

routes = APIRouter(prefix="/api/v1/training", tags=["training"])


@routes.get("/recipes")
def list_recipes(context: CurrentUser) -> list[RecipeInfo]:
    """List the training recipes, each with the JSON schema of its settings."""
    context.require_role("member", "viewer")
    return training_app.list_recipes()


@routes.post("/plan")
def plan_run(body: TrainingRequest, context: CurrentUser) -> TrainingPlan | ProviderPlan:
    """Estimate the steps, tokens, time, cost and memory of a run, and settings that would fit. Nothing is started.

    With the recipe `provider` the plan has the estimated tokens and their price at the provider.
    """
    with context.project_transaction() as connection:
        if body.recipe == ProviderRecipe.name:
            return fine_tuning_plan.plan(context.platform, connection, body)
        return training_plan.plan(context.platform, connection, body)


@routes.post("/probes", status_code=202)
def start_probe(body: TrainingRequest, context: CurrentUser) -> Job:
    """Measure rate and memory in up to 20 real steps. The job result has the `measurement` that later plans use."""
    with context.project_transaction() as connection:
        return training_plan.start_probe(context.platform, connection, body, context.idempotency_key)


@routes.post("/runs", status_code=202)
def start_run(body: TrainingRequest, context: CurrentUser) -> TrainingStarted:
    """Start a training run. The job result has the model ref (`model`) and the metrics (`summary`).

    The recipe `provider` trains at the provider that the base names (PROVIDER/MODEL).
    """
    check_versioned_name(body.name, "model")
    with context.project_transaction() as connection:
        if body.recipe == ProviderRecipe.name:
            return fine_tuning_provider.start(
                context.platform, connection, context.principal, body, key=context.idempotency_key
            )
        return training_plan.start(context.platform, connection, body, context.idempotency_key, context.principal)


@routes.post("/runs/{id}/resume", status_code=202)
def resume_run(id: UUID, context: CurrentUser) -> TrainingStarted:
    """Continue a cancelled or failed run from its newest checkpoint. The result equals that of a run without a stop."""
    with context.project_transaction() as connection:
        return training_app.resume(connection, id)
