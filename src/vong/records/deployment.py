"""Model served by an engine process."""

from datetime import datetime
from typing import Any, Literal

from vong.records.record import Record

DeploymentState = Literal["pending", "checking", "starting", "ready", "failed", "stopped"]


class Deployment(Record):
    """Served model version. `wanted` is the desired state (`running` or `stopped`), `state` the current state.

    The engine process of a base model also serves its adapters: such deployments share one `group`, which is one
    process. `memory` is the resident size of the process in bytes, `parity` the stored result of the parity check.
    """

    name: str
    model: str
    engine: str
    group: str
    wanted: Literal["running", "stopped"] = "running"
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
