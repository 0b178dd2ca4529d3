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


class AliasFailure(Record):
    """Version of a followed alias that is not served, and why. One without memory is tried again at `retry_at`."""

    model: str
    reason: str
    retry_at: datetime | None = None


class Deployment(Record):
    """Served model version. `desired_state` is set by the user, `state` is the current state.

    An engine also serves the adapters of its base model: such deployments share one `engine_key`, whose replicas are
    processes. `memory` is the resident size of all replicas in bytes, `pid` and `url` belong to the first one.
    `active_model` answers calls now: while another version is being prepared, this is the previous one. `parity` is the
    stored result of the parity check. Lists omit `events`. `load` is None until a replica has reported it.

    `alias` is the alias that the deployment was made from, as NAME:ALIAS. If `settings.follow` is true, the deployment
    is updated when the alias is moved. `alias_failure` is the version of the alias that could not be served: the
    version before it continues to answer.
    """

    name: str
    model: str
    alias: str | None = None
    alias_failure: AliasFailure | None = None
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


class SpeedPlan(Record):
    """Speed of one completion at a time, in tokens per second. None if it is unknown.

    `source` is `measured` if an engine with the same model and settings has run, `estimated` if the speed follows from
    another engine or from the memory bandwidth of the machine, and `unknown` otherwise. `note` states the basis.
    """

    output: float | None = None
    prompt: float | None = None
    source: Literal["measured", "estimated", "unknown"] = "unknown"
    note: str = ""


class LevelPlan(Record):
    """Memory and speed of the deployment with another quantization."""

    quantization: str
    required: int
    fits: bool
    output_speed: float | None = None


class DeploymentAlternative(Record):
    """Settings with which the deployment fits into the memory: the changed ones, and the bytes that they need."""

    settings: dict[str, Any]
    required: int


class DeploymentPlan(Record):
    """What a deployment needs and costs, computed before it is made.

    `fits` compares the memory of one replica with the machine that has the most room; `lack` states what is missing,
    `alternatives` what would fit instead. `levels` compares the quantizations of a model that is converted for
    llama.cpp. `disk_bytes` is what the converted and downloaded files will need, `disk_available` what is free.
    `start_seconds` covers conversion and load, without the parity check.
    """

    model: str
    engine: str
    engine_reason: str | None = None
    settings: dict[str, Any]
    fits: bool
    lack: str | None = None
    memory: MemoryPlan
    speed: SpeedPlan
    price: DeploymentPrice
    disk_bytes: int
    disk_available: int
    start_seconds: float
    start_source: Literal["measured", "estimated"] = "estimated"
    levels: tuple[LevelPlan, ...] = ()
    alternatives: tuple[DeploymentAlternative, ...] = ()


class DeployResult(Record):
    """Deployment, the job of its parity check, if it needs one, and the memory plan of a replica, if it is known."""

    deployment: Deployment
    job: Job | None = None
    plan: MemoryPlan | None = None
