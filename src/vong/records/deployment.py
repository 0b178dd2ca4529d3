"""A model being served by an engine in a process of its own."""

from datetime import datetime
from typing import Any, Literal

from vong.records.record import Record

State = Literal["pending", "checking", "starting", "ready", "failed", "stopped"]


class Deployment(Record):
    """A served model. `wanted` is what was asked for (`running` or `stopped`), `state` how it stands.

    An adapter is served by the engine process of its base: such deployments share `group`, one process a group.
    `memory` is the resident size of the process in bytes; `parity` the stored result of the parity check.
    """

    name: str
    model: str
    engine: str
    group: str
    wanted: Literal["running", "stopped"] = "running"
    state: State = "pending"
    reason: str | None = None
    url: str | None = None
    pid: int | None = None
    memory: int | None = None
    restarts: int = 0
    settings: dict[str, Any] = {}
    parity: dict[str, Any] | None = None
    created_at: datetime
    updated_at: datetime
