"""Model served by an engine process."""

from datetime import datetime
from typing import Any, Literal

from vong.records.job import Job
from vong.records.record import Record

DeploymentState = Literal["pending", "checking", "starting", "ready", "failed", "stopped"]


class Deployment(Record):
    """Served model version. `desired_state` is set by the user, `state` is the current state.

    The engine process of a base model also serves its adapters: such deployments share one `engine_key`, which is one
    process. `memory` is the resident size of the process in bytes, `parity` the stored result of the parity check.
    """

    name: str
    model: str
    engine: str
    engine_key: str
    desired_state: Literal["running", "stopped"] = "running"
    state: DeploymentState = "pending"
    reason: str | None = None
    url: str | None = None
    pid: int | None = None
    memory: int | None = None
    restarts: int = 0
    settings: dict[str, Any] = {}
    parity: dict[str, Any] | None = None
    created_at: datetime
    updated_at: datetime


class DeployResult(Record):
    """Deployment and the job of its parity check, if it needs one."""

    deployment: Deployment
    job: Job | None = None
