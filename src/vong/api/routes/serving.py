"""Routes of serving: deployments of local models."""

from typing import Annotated

from fastapi import APIRouter, Query

from vong import serving
from vong.api.http.dependencies import Call
from vong.app import serving as wired
from vong.records import Deployment, Record
from vong.serving import DeployResult
from vong.serving.deployments import DeploymentSettings

routes = APIRouter(prefix="/api/v1/serving", tags=["serving"])


class DeploymentCreate(Record):
    """What to serve: a model ref (`triage`, `triage@1f0c9a27b4de`, `triage:prod`), by which engine, and how."""

    model: str
    engine: str | None = None
    settings: DeploymentSettings = DeploymentSettings()


class LogTail(Record):
    """The last lines of an engine's log, oldest first."""

    lines: list[str]


@routes.put("/deployments/{name}", status_code=202)
def deploy(name: str, wanted: DeploymentCreate, call: Call) -> DeployResult:
    """Serve a model under that name. A tuned model answers once its parity check has passed: see the job."""
    with call.scope() as connection:
        return wired.deploy(connection, name, wanted.model, engine=wanted.engine, settings=wanted.settings)


@routes.get("/deployments")
def deployments(call: Call, after: str = "", limit: Annotated[int, Query(ge=1, le=500)] = 50) -> list[Deployment]:
    """The project's deployments by name, those after `after`."""
    with call.scope() as connection:
        return serving.list_deployments(connection, after=after, limit=limit)


@routes.get("/deployments/{name}")
def deployment(name: str, call: Call) -> Deployment:
    """One deployment: what is wanted, how it stands and why, its process, and its parity check."""
    with call.scope() as connection:
        return serving.find(connection, name)


@routes.delete("/deployments/{name}")
def stop(name: str, call: Call) -> Deployment:
    """Serve it no more."""
    with call.scope() as connection:
        return serving.stop(connection, name)


@routes.post("/deployments/{name}/restart", status_code=202)
def restart(name: str, call: Call) -> DeployResult:
    """Start its engine process anew, its failures forgiven."""
    with call.scope() as connection:
        return serving.restart(connection, name)


@routes.get("/deployments/{name}/log")
def log(name: str, call: Call, lines: Annotated[int, Query(ge=1, le=2000)] = 100) -> LogTail:
    """The end of its engine's log."""
    with call.scope() as connection:
        return LogTail(lines=wired.log_lines(call.platform, connection, name, lines))
