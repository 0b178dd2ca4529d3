"""Routes of serving: deployments of local models."""

from typing import Annotated

from fastapi import APIRouter, Query

from vong import serving
from vong.api.http.dependencies import CurrentUser
from vong.app import serving as serving_app
from vong.records import Deployment, Record
from vong.records.deployment import DeployResult
from vong.serving.deployments import DeploymentSettings

routes = APIRouter(prefix="/api/v1/serving", tags=["serving"])


class DeploymentCreate(Record):
    """Deployment to start: a model ref (`triage`, `triage@1f0c9a27b4de`, `triage:prod`), its engine, and settings."""

    model: str
    engine: str | None = None
    settings: DeploymentSettings = DeploymentSettings()


class LogTail(Record):
    """Last lines of an engine log, oldest first."""

    lines: list[str]


@routes.put("/deployments/{name}", status_code=202)
def deploy(name: str, body: DeploymentCreate, context: CurrentUser) -> DeployResult:
    """Deploy a model under a name. A fine-tuned model serves after its parity check has passed; see the job."""
    with context.project_transaction() as connection:
        return serving_app.deploy(connection, name, body.model, engine=body.engine, settings=body.settings)


@routes.get("/deployments")
def list_deployments(
    context: CurrentUser, after: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[Deployment]:
    """List the deployments of the project by name, starting after `after`."""
    with context.project_transaction() as connection:
        return serving.list_deployments(connection, after=after, limit=limit)


@routes.get("/deployments/{name}")
def get_deployment(name: str, context: CurrentUser) -> Deployment:
    """Return a deployment: desired and actual state with its reason, process, and parity check."""
    with context.project_transaction() as connection:
        return serving.get_deployment(connection, name)


@routes.delete("/deployments/{name}")
def stop_deployment(name: str, context: CurrentUser) -> Deployment:
    """Stop a deployment. Its settings and state remain listed."""
    with context.project_transaction() as connection:
        return serving.stop(connection, name)


@routes.post("/deployments/{name}/restart", status_code=202)
def restart_deployment(name: str, context: CurrentUser) -> DeployResult:
    """Restart the engine process of a deployment and reset its failure count."""
    with context.project_transaction() as connection:
        return serving.restart(connection, name)


@routes.get("/deployments/{name}/log")
def get_deployment_log(name: str, context: CurrentUser, lines: Annotated[int, Query(ge=1, le=2000)] = 100) -> LogTail:
    """Return the last lines of the engine log."""
    with context.project_transaction() as connection:
        return LogTail(lines=serving_app.read_log(context.platform, connection, name, lines))
