"""States of deployments, derived from the replicas that serve them and from their parity checks."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping

from vong import jobs
from vong.errors import NotFound
from vong.records import now
from vong.serving import tables
from vong.serving.deployments import is_parity_passed
from vong.serving.versions import desired_version


class EngineReplicas(Protocol):
    """Replicas of one engine."""

    is_sleeping: bool

    @property
    def live(self) -> list[dict[str, Any]]:
        """Return the replicas that are not about to end."""
        ...

    @property
    def ready(self) -> list[dict[str, Any]]:
        """Return the replicas that take calls."""
        ...


def update_states(
    connection: Connection, deployments: Sequence[RowMapping], engines: Mapping[str, EngineReplicas]
) -> None:
    """Store the state of each deployment of a project that has changed."""
    for row in deployments:
        engine = engines.get(row["engine_key"])
        if row["state"] == "failed" or engine is None:
            continue
        state, reason = _find_state(connection, row, engine)
        if (state, reason) != (row["state"], row["reason"]):
            _store(connection, row, state, reason)


def _find_state(connection: Connection, row: RowMapping, engine: EngineReplicas) -> tuple[str, str | None]:
    """Return the state of a deployment and its reason."""
    name = desired_version(row).served_name
    if _takes_calls(row, engine, name):
        return _find_loaded_state(connection, row)
    if engine.is_sleeping:
        return ("sleeping", None) if row["state"] in {"ready", "sleeping"} else (row["state"], row["reason"])
    if failure := _find_job_failure(connection, row):
        return "failed", failure
    live = engine.live
    reason = next((replica["reason"] for replica in live if replica["reason"]), None)
    if live and all(replica["state"] == "failed" for replica in live):
        return "failed", reason
    if any(replica["machine"] for replica in live) or row["state"] != "pending":
        return "starting", reason
    return "pending", reason


def _takes_calls(row: RowMapping, engine: EngineReplicas, name: str) -> bool:
    """Return True if the model is loaded: by one replica, or by all that start if they replace a previous version."""
    loaded = [replica for replica in engine.ready if name in replica["models"]]
    if not row["previous"]:
        return bool(loaded)
    starting = [replica for replica in engine.live if replica["machine"] and replica["state"] != "failed"]
    return bool(loaded) and len(loaded) == len(starting)


def _find_loaded_state(connection: Connection, row: RowMapping) -> tuple[str, str | None]:
    """Return the state of a deployment whose model is loaded: ready if the parity check passed, else checking."""
    if is_parity_passed(row["parity"]):
        return "ready", None
    failure = _find_job_failure(connection, row)
    return ("failed", failure) if failure else ("checking", None)


def _find_job_failure(connection: Connection, row: RowMapping) -> str | None:
    """Return why the job that converts the model and checks its parity has failed. Returns None if it has not.

    A job that repeats the work for a version that was checked before, for example after a restart, is not looked at.
    """
    if row["job"] is None or (is_parity_passed(row["parity"]) and "skipped" not in row["parity"]):
        return None
    try:
        job = jobs.get(connection, row["job"])
    except NotFound:
        return None
    if job.status not in {"failed", "cancelled"}:
        return None
    return f"parity check {job.status}: {job.error or 'cancelled by a user'}"


def _store(connection: Connection, row: RowMapping, state: str, reason: str | None) -> None:
    """Store a state, unless the deployment serves another model meanwhile. A ready version ends the previous one."""
    values: dict[str, Any] = {"state": state, "reason": reason, "updated_at": now()}
    if state == "ready" and row["previous"]:
        values["previous"] = None
        message = f"{row['model']} answers; the previous version ends after its last call"
        tables.add_event(connection, row["name"], "update", message)
    elif state == "failed":
        tables.add_event(connection, row["name"], "failed", (reason or "").partition("\n")[0])
    tables.update_desired_deployment(connection, row["name"], model=row["model"], **values)
