"""Deployments as targets of the gateway, and those that a call starts: fine-tuned models and sleeping deployments."""

from contextlib import suppress
from uuid import UUID

from sqlalchemy import Connection

from vong import serving
from vong.app.platform import Platform
from vong.app.serving import deploy
from vong.errors import NotFound
from vong.gateway.fine_tuning import store
from vong.gateway.providers.replicas import ReplicaEndpoint
from vong.gateway.routing.catalog import DEPLOYMENT, DeploymentEndpoint
from vong.gateway.routing.on_demand import StartState
from vong.records import Deployment
from vong.records.fine_tuning import FineTunedModel
from vong.serving.deployments import is_parity_passed
from vong.serving.views import list_deployments, list_ready_deployments


def start_target(platform: Platform, project_id: UUID, target: str) -> StartState:
    """Start the deployment of a target if it sleeps, or deploy its fine-tuned model, and return the state of it.

    A failed deployment is not deployed again, so that its reason stays visible.
    """
    name = target.removeprefix(f"{DEPLOYMENT}/")
    with platform.scope(project_id) as connection:
        try:
            deployment = serving.get_deployment(connection, name)
        except NotFound:
            deployment = None
        if deployment is None or deployment.desired_state == "stopped":
            model = store.find_model(connection, target)
            if model is None or model.model_ref is None:
                return StartState("failed", "its fine-tuned model was deleted" if model is None else "it was stopped")
            deployment = deploy(platform, connection, name, model.model_ref).deployment
        if deployment.state == "sleeping":
            serving.wake(connection, name)
        if deployment.state == "failed":
            return StartState("failed", deployment.reason or "see its log")
        is_ready = any(ready.name == name for ready in list_ready_deployments(connection))
    return StartState("ready" if is_ready else "starting")


def delete_model(platform: Platform, project_id: UUID, name: str) -> FineTunedModel:
    """Delete the name of a fine-tuned model and stop its deployment. The version stays in the registry."""
    with platform.scope(project_id) as connection:
        model = store.delete_model(connection, name)
        if model.model_ref is not None:
            with suppress(NotFound):  # it was never called
                serving.stop(connection, model.target.removeprefix(f"{DEPLOYMENT}/"))
    platform.apply_routing_change(project_id)
    return model


def list_deployment_endpoints(connection: Connection) -> list[DeploymentEndpoint]:
    """Return the deployments of the project, with the replicas of those that are ready."""
    ready_deployments = {deployment.name: deployment for deployment in list_ready_deployments(connection)}
    endpoints: list[DeploymentEndpoint] = []
    for deployment in list_deployments(connection, limit=500):
        ready = ready_deployments.get(deployment.name)
        endpoints.append(
            DeploymentEndpoint(
                name=deployment.name,
                state=deployment.state,
                replicas=tuple(ReplicaEndpoint(*replica) for replica in ready.replicas) if ready else (),
                model=ready.served_name if ready else deployment.name,
                model_version=ready.model if ready else deployment.model,
                dataset_version=ready.dataset if ready else None,
                wakes=_wakes_on_call(deployment),
            )
        )
    return endpoints


def _wakes_on_call(deployment: Deployment) -> bool:
    """Return True if a call starts a deployment, or waits while it starts: it may sleep and was checked before."""
    may_sleep = bool(deployment.settings.get("idle_seconds")) and deployment.desired_state == "running"
    return may_sleep and deployment.state not in {"failed", "stopped"} and is_parity_passed(deployment.parity)
