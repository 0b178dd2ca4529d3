"""Routes of serving: deployments of local models."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from pydantic import Field

from vong import serving
from vong.api.http.dependencies import CurrentUser
from vong.app import gated_changes, serving_plan
from vong.app import serving as serving_app
from vong.app.deployment_prices import with_prices
from vong.app.gates import GateCaller
from vong.records import Deployment, Record
from vong.records.deployment import DeploymentEvent, DeploymentPlan, DeployResult
from vong.records.replica import Replica, ServingMachine
from vong.serving import views
from vong.serving.settings import DeploymentSettings

routes = APIRouter(prefix="/api/v1/serving", tags=["serving"])


class DeploymentCreate(Record):
    """Deployment to start: a model ref (`triage`, `triage@1f0c9a27b4de`, `triage:prod`), its engine, and settings.

    `reason` overrides the gate of a route that the deployment answers, if its policy allows the role of the caller.
    """

    model: str
    engine: str | None = None
    settings: DeploymentSettings = DeploymentSettings()
    reason: str | None = Field(default=None, max_length=2000)


class LogTail(Record):
    """Last lines of an engine log, oldest first."""

    lines: list[str]


@routes.put("/deployments/{name}", status_code=202)
def deploy(name: str, body: DeploymentCreate, context: CurrentUser) -> DeployResult:
    """Deploy a model under a name. A fine-tuned model serves after its parity check has passed; see the job.

    The previous model of the deployment answers until the new one is ready.
    """
    with context.project_transaction() as connection:
        caller = GateCaller.from_principal(context.principal)
        gated_changes.check_deployment(connection, context.platform.blobs, caller, name, body.model, reason=body.reason)
        return serving_app.deploy(
            context.platform, connection, name, body.model, engine=body.engine, settings=body.settings
        )


@routes.post("/plan")
def plan_deployment(body: DeploymentCreate, context: CurrentUser) -> DeploymentPlan:
    """Return what a deployment needs and costs, without making it: memory, speed, price, disk and time to start.

    If the memory does not suffice, the plan has settings with which the deployment would fit.
    """
    with context.project_transaction() as connection:
        return serving_plan.plan(context.platform, connection, body.model, engine=body.engine, settings=body.settings)


@routes.get("/deployments")
def list_deployments(
    context: CurrentUser, after: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> list[Deployment]:
    """List the deployments of the project by name, starting after `after`."""
    with context.project_transaction() as connection:
        found = serving.list_deployments(connection, after=after, limit=limit)
        return with_prices(connection, found, context.platform.settings)


@routes.get("/deployments/{name}")
def get_deployment(name: str, context: CurrentUser) -> Deployment:
    """Return a deployment: desired and actual state with its reason, processes, parity check, load and price."""
    with context.project_transaction() as connection:
        found = serving.get_deployment(connection, name)
        return with_prices(connection, [found], context.platform.settings)[0]


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
def get_deployment_log(
    name: str,
    context: CurrentUser,
    lines: Annotated[int, Query(ge=1, le=2000)] = 100,
    replica: Annotated[int | None, Query(ge=1)] = None,
) -> LogTail:
    """Return the last lines of the engine log of a replica, by default of the first one."""
    with context.project_transaction() as connection:
        return LogTail(lines=serving_app.read_log(context.platform, connection, name, lines, replica))


@routes.get("/deployments/{name}/metrics", response_class=PlainTextResponse)
def get_deployment_metrics(name: str, context: CurrentUser) -> PlainTextResponse:
    """Return the metrics of vLLM in Prometheus' format, for a deployment with this engine."""
    with context.project_transaction() as connection:
        text = serving_app.read_metrics(connection, name)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


@routes.get("/deployments/{name}/replicas")
def list_deployment_replicas(name: str, context: CurrentUser) -> list[Replica]:
    """List the replicas of a deployment with their machines and loads."""
    with context.project_transaction() as connection:
        return views.list_replicas(connection, name)


@routes.get("/deployments/{name}/history")
def list_deployment_events(
    name: str, context: CurrentUser, limit: Annotated[int, Query(ge=1, le=100)] = 50
) -> list[DeploymentEvent]:
    """List the events of a deployment, newest first: updates, scaling, sleep, wake and lost machines."""
    with context.project_transaction() as connection:
        return views.list_events(connection, name, limit)


@routes.post("/deployments/{name}/wake", status_code=202)
def wake_deployment(name: str, context: CurrentUser) -> Deployment:
    """Start a sleeping deployment before its first call."""
    with context.project_transaction() as connection:
        views.get_deployment(connection, name)
        serving.wake(connection, name)
        return views.get_deployment(connection, name)


@routes.get("/machines")
def list_machines(context: CurrentUser) -> list[ServingMachine]:
    """List the machines that run engines, with their memory. A machine without heartbeat is `lost`."""
    with context.project_transaction() as connection:
        return views.list_machines(connection)
