"""Routes of training: recipes, plans and runs. The figures of a run are read at experiments."""

from fastapi import APIRouter

from vong.api.http.dependencies import Call
from vong.app import training as wired
from vong.app.training import RecipeInfo, TrainingRequest, TrainingStarted
from vong.training import TrainingPlan

routes = APIRouter(prefix="/api/v1/training", tags=["training"])


@routes.get("/recipes")
def recipes(call: Call) -> list[RecipeInfo]:
    """The ways of training, each with the JSON schema of its settings."""
    call.must("member", "viewer")
    return wired.recipes()


@routes.post("/plan")
def plan(wanted: TrainingRequest, call: Call) -> TrainingPlan:
    """What a run would take: steps, tokens, time and memory. Nothing is started."""
    with call.scope() as connection:
        return wired.plan(call.platform, connection, wanted)


@routes.post("/runs", status_code=202)
def start(wanted: TrainingRequest, call: Call) -> TrainingStarted:
    """Start a run. Its job's result has the ref of the model (`model`) and the figures (`summary`)."""
    with call.scope() as connection:
        return wired.start(connection, wanted, call.idempotency_key)
