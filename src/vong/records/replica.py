"""Replicas of deployments, and the machines that run them."""

from datetime import datetime
from typing import Any, Literal

from vong.records.record import Record

ReplicaState = Literal["pending", "starting", "ready", "draining", "failed"]


class Replica(Record):
    """Engine process of a deployment. `number` is unique among the replicas of its `engine_key`.

    A `pending` replica has no process yet; its `machine` is None until one has room for it. A `draining` replica takes
    no new calls and ends after its last one. `memory` is its resident size, `planned` the memory reserved for it, in
    bytes. `active` and `waiting` are the calls that it computes and queues.
    """

    engine_key: str
    number: int
    machine: str | None = None
    state: ReplicaState
    reason: str | None = None
    url: str | None = None
    pid: int | None = None
    memory: int | None = None
    planned: int = 0
    models: tuple[str, ...] = ()
    active: int = 0
    waiting: int = 0
    time_to_first_token_ms: float | None = None
    restarts: int = 0
    launched_at: datetime | None = None
    answered_at: datetime | None = None


class ServingMachine(Record):
    """Machine whose worker runs engines. `state` is `lost` if its heartbeat is overdue.

    `memory` and `available` are the bytes in all and free now. `reserved` is the part of the free memory that starting
    replicas will use, `evictable` the memory of idle replicas that may be put to sleep.
    """

    name: str
    state: Literal["ready", "lost"]
    address: str
    cores: int
    memory: int
    available: int
    reserved: int = 0
    evictable: int = 0
    gpus: tuple[dict[str, Any], ...] = ()
    replicas: int = 0
    application: str | None = None
    """Ray Serve application that started this machine, on a node of a Ray cluster."""
    started_at: datetime
    seen_at: datetime
