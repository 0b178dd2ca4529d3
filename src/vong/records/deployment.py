"""Model served by engine processes."""

from datetime import datetime
from typing import Any, Literal

from vong.records.deployment_load import DeploymentLoad, DeploymentPrice
from vong.records.job import Job
from vong.records.record import Record

DeploymentState = Literal["pending", "checking", "starting", "ready", "sleeping", "failed", "stopped"]


class DeploymentEvent(Record):
    """Event of a deployment: an update, a change of its number of replicas, sleep, wake, or the loss of a machine."""

    kind: str
    message: str
    created_at: datetime


class Deployment(Record):
    """Served model version. `desired_state` is set by the user, `state` is the current state.

    An engine also serves the adapters of its base model: such deployments share one `engine_key`, whose replicas are
    processes. `memory` is the resident size of all replicas in bytes, `pid` and `url` belong to the first one.
    `active_model` answers calls now: while another version is being prepared, this is the previous one. `parity` is the
    stored result of the parity check. Lists omit `events`. `load` is None until a replica has reported it.
    """

    name: str
    model: str
    engine: str
    engine_key: str
    desired_state: Literal["running", "stopped"] = "running"
    state: DeploymentState = "pending"
    reason: str | None = None
    active_model: str | None = None
    replicas: int = 0
    """Replicas that take calls of `active_model`."""
    desired_replicas: int = 0
    url: str | None = None
    pid: int | None = None
    memory: int | None = None
    restarts: int = 0
    settings: dict[str, Any] = {}
    parity: dict[str, Any] | None = None
    load: DeploymentLoad | None = None
    price: DeploymentPrice | None = None
    events: tuple[DeploymentEvent, ...] = ()
    created_at: datetime
    updated_at: datetime


class MemoryPlan(Record):
    """Memory of one replica in bytes, computed before its start.

    `required` is the sum of `weights`, `runtime` and the part of the `cache` that a deployment must have. `cache` holds
    `batch` conversations of `context` tokens (None if the size of a token in the cache is unknown). `machine` has the
    most memory for it, `available` bytes. `evicts` are deployments that are put to sleep for it, if they are idle.
    """

    weights: int
    runtime: int
    cache: int | None
    required: int
    context: int
    batch: int
    machine: str | None = None
    available: int | None = None
    evicts: tuple[str, ...] = ()
    note: str | None = None


class DeployResult(Record):
    """Deployment, the job of its parity check, if it needs one, and the memory plan of a replica, if it is known."""

    deployment: Deployment
    job: Job | None = None
    plan: MemoryPlan | None = None
