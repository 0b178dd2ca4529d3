"""Deployments as targets of the gateway, and fine-tuned models that their first call deploys."""

from contextlib import suppress
from uuid import UUID

from sqlalchemy import Connection

from vong import serving
from vong.app.platform import Platform
from vong.app.serving import deploy
from vong.errors import NotFound
from vong.gateway.fine_tuning import store
from vong.gateway.routing.catalog import DEPLOYMENT, DeploymentEndpoint
from vong.gateway.routing.on_demand import StartState
from vong.records.fine_tuning import FineTunedModel
from vong.serving.deployments import list_deployments, list_ready_deployments


def start_target(platform: Platform, project_id: UUID, target: str) -> StartState:
    """Deploy the fine-tuned model of a target if it has no running deployment, and return the state of it.

    A failed deployment is not deployed again, so that its reason stays visible.
    """
    name = target.removeprefix(f"{DEPLOYMENT}/")
    with platform.scope(project_id) as connection:
        model = store.find_model(connection, target)
        if model is None or model.model_ref is None:
            return StartState("failed", "its fine-tuned model was deleted")
        try:
            deployment = serving.get_deployment(connection, name)
        except NotFound:
            deployment = None
        if deployment is None or deployment.desired_state == "stopped":
            deployment = deploy(connection, name, model.model_ref).deployment
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
    """Return the deployments of the project, with the engines of those that are ready."""
    ready_deployments = {deployment.name: deployment for deployment in list_ready_deployments(connection)}
    endpoints: list[DeploymentEndpoint] = []
    for deployment in list_deployments(connection, limit=500):
        engine = ready_deployments.get(deployment.name)
        endpoints.append(
            DeploymentEndpoint(
                name=deployment.name,
                state=deployment.state,
                url=engine.url if engine else None,
                token=engine.token if engine else None,
                model=deployment.name,  # an engine serves each deployment under its own name
                model_version=deployment.model,
                dataset_version=engine.dataset if engine else None,
            )
        )
    return endpoints
