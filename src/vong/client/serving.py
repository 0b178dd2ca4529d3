"""Serving namespace of the client."""

import builtins
import time
from collections.abc import Callable
from typing import Any

from vong.client.transport import Transport, segment
from vong.errors import PreconditionFailed, Unavailable
from vong.records import Deployment
from vong.records.deployment import DeploymentEvent, DeploymentPlan, DeployResult
from vong.records.replica import Replica, ServingMachine


class ServingClient:
    """Deployments of local models."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def deploy(
        self,
        name: str,
        *,
        model: str,
        engine: str | None = None,
        settings: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> DeployResult:
        """Deploy a model; it is served as `deployment/NAME` once its state is `ready` (see `wait`).

        The previous model of the deployment answers until then. `reason` overrides the gate of a route that the
        deployment answers, if its policy allows the caller's role.
        """
        body = {"model": model, "engine": engine, "settings": settings or {}, "reason": reason}
        return self._transport.request("PUT", f"/api/v1/serving/deployments/{segment(name)}", DeployResult, body=body)

    def plan(self, *, model: str, engine: str | None = None, settings: dict[str, Any] | None = None) -> DeploymentPlan:
        """Return what a deployment needs and costs, without making it."""
        body = {"model": model, "engine": engine, "settings": settings or {}}
        return self._transport.post("/api/v1/serving/plan", DeploymentPlan, body=body)

    def wait(
        self, name: str, *, timeout: float = 900.0, on_change: Callable[[Deployment], None] | None = None
    ) -> Deployment:
        """Wait until a deployment is ready; `on_change` is called on every change.

        Raises: PreconditionFailed if the deployment failed or was stopped, Unavailable after `timeout` seconds.
        """
        deadline, last = time.monotonic() + timeout, None
        while True:
            deployment = self.get(name)
            if on_change is not None and (deployment.state, deployment.reason) != last:
                last = (deployment.state, deployment.reason)
                on_change(deployment)
            if deployment.state in {"ready", "sleeping"}:
                return deployment
            if deployment.state in {"failed", "stopped"}:
                reason = f": {deployment.reason}" if deployment.reason else ""
                raise PreconditionFailed(
                    f"the deployment {name!r} {_describe_end(deployment.state)}{reason}",
                    f"see: vong serving logs {name}",
                )
            if time.monotonic() > deadline:
                message = f"the deployment {name!r} is still {deployment.state} after {timeout:.0f} s"
                raise Unavailable(message, f"see: vong serving show {name}")
            time.sleep(0.3)

    def list(self, *, after: str = "", limit: int = 50) -> list[Deployment]:
        """Return the project's deployments by name, those after `after`."""
        return self._transport.get("/api/v1/serving/deployments", list[Deployment], after=after, limit=limit)

    def get(self, name: str) -> Deployment:
        """Return one deployment."""
        return self._transport.get(f"/api/v1/serving/deployments/{segment(name)}", Deployment)

    def stop(self, name: str) -> Deployment:
        """Stop a deployment."""
        return self._transport.request("DELETE", f"/api/v1/serving/deployments/{segment(name)}", Deployment)

    def restart(self, name: str) -> DeployResult:
        """Restart the engine process of a deployment and reset its failures."""
        return self._transport.post(f"/api/v1/serving/deployments/{segment(name)}/restart", DeployResult)

    def logs(self, name: str, *, lines: int = 100, replica: int | None = None) -> "builtins.list[str]":
        """Return the last lines of the engine's log, by default of the first replica."""
        path = f"/api/v1/serving/deployments/{segment(name)}/log"
        number = {} if replica is None else {"replica": replica}
        return self._transport.get(path, dict[str, Any], lines=lines, **number)["lines"]

    def replicas(self, name: str) -> "builtins.list[Replica]":
        """Return the replicas of a deployment."""
        return self._transport.get(f"/api/v1/serving/deployments/{segment(name)}/replicas", builtins.list[Replica])

    def events(self, name: str, *, limit: int = 50) -> "builtins.list[DeploymentEvent]":
        """Return the newest events of a deployment, newest first."""
        path = f"/api/v1/serving/deployments/{segment(name)}/history"
        return self._transport.get(path, builtins.list[DeploymentEvent], limit=limit)

    def wake(self, name: str) -> Deployment:
        """Start a sleeping deployment before its first call."""
        return self._transport.post(f"/api/v1/serving/deployments/{segment(name)}/wake", Deployment)

    def machines(self) -> "builtins.list[ServingMachine]":
        """Return the machines that run engines."""
        return self._transport.get("/api/v1/serving/machines", builtins.list[ServingMachine])

    def metrics(self, name: str) -> str:
        """Return the metrics of vLLM in Prometheus' format, for a deployment with this engine."""
        return self._transport.get_text(f"/api/v1/serving/deployments/{segment(name)}/metrics")


def _describe_end(state: str) -> str:
    return "failed" if state == "failed" else "was stopped"
