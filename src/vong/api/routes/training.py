"""Routes of training: recipes, plans and runs. The metrics of a run are under experiments."""

from fastapi import APIRouter

from vong.api.http.dependencies import CurrentUser
from vong.app import training as training_app
from vong.app.training import RecipeInfo, TrainingRequest
from vong.records.run import TrainingStarted
from vong.training import TrainingPlan

routes = APIRouter(prefix="/api/v1/training", tags=["training"])


@routes.get("/recipes")
def list_recipes(context: CurrentUser) -> list[RecipeInfo]:
    """List the training recipes, each with the JSON schema of its settings."""
    context.require_role("member", "viewer")
    return training_app.list_recipes()


@routes.post("/plan")
def plan_run(body: TrainingRequest, context: CurrentUser) -> TrainingPlan:
    """Estimate the steps, tokens, time and memory of a run. Nothing is started."""
    with context.project_transaction() as connection:
        return training_app.plan(context.platform, connection, body)


@routes.post("/runs", status_code=202)
def start_run(body: TrainingRequest, context: CurrentUser) -> TrainingStarted:
    """Start a training run. The job result has the model ref (`model`) and the metrics (`summary`)."""
    with context.project_transaction() as connection:
        return training_app.start(connection, body, context.idempotency_key)
