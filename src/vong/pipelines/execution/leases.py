"""Leases of runs: which server executes a run, and who takes over after it was killed."""

import os
import socket
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from vong.pipelines.run_records import PipelineRun

LEASE_SECONDS = 30.0
"""Time after which another server takes over the runs of a server that stopped renewing."""
RUN_FIELDS = ", ".join(PipelineRun.model_fields)

CLAIM = """
UPDATE pipelines_runs SET state = 'running', lease_owner = :owner, wake_at = NULL,
  lease_expires_at = now() + :seconds * interval '1 second', started_at = coalesce(started_at, now())
WHERE id IN (
  SELECT id FROM pipelines_runs
  WHERE state IN ('queued', 'running', 'waiting') AND NOT (id = ANY(:own)) AND (
    state = 'queued' OR (state = 'running' AND lease_expires_at < now()) OR (state = 'waiting' AND wake_at <= now()))
  ORDER BY id LIMIT :count FOR UPDATE SKIP LOCKED)
RETURNING project_id, caller, cancel_requested, """
RENEW = """
UPDATE pipelines_runs SET lease_expires_at = now() + :seconds * interval '1 second'
WHERE lease_owner = :owner AND state = 'running' AND id = ANY(:ids)
RETURNING id, cancel_requested"""
LIST_CANCELLED = """
SELECT id FROM pipelines_runs WHERE state = 'running' AND lease_owner = :owner AND cancel_requested"""
LIST_OWNERS = """
SELECT DISTINCT lease_owner FROM pipelines_runs WHERE state = 'running' AND lease_owner <> :owner"""
EXPIRE = """
UPDATE pipelines_runs SET lease_expires_at = now() - interval '1 second'
WHERE state = 'running' AND lease_owner = ANY(:owners)"""
RELEASE = """
UPDATE pipelines_runs SET lease_expires_at = now() WHERE state = 'running' AND lease_owner = :owner"""


def create_owner() -> str:
    """Return the name of this process as owner of leases: host, process and the time of its start."""
    import psutil  # imported here, because importing the routes must not load it

    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def claim(connection: Connection, owner: str, own: list[UUID], count: int) -> list[dict[str, Any]]:
    """Take runs that are queued, whose wait is over, or whose server stopped. `own` are those this process executes."""
    values = {"owner": owner, "seconds": LEASE_SECONDS, "own": own, "count": count}
    return [dict(row) for row in connection.execute(text(CLAIM + RUN_FIELDS), values).mappings()]


def renew(connection: Connection, owner: str, ids: list[UUID]) -> dict[UUID, bool]:
    """Renew leases. Return the runs that this process still owns, and for each if it is to be cancelled."""
    found = connection.execute(text(RENEW), {"owner": owner, "seconds": LEASE_SECONDS, "ids": ids})
    return {row.id: row.cancel_requested for row in found}


def list_cancelled(connection: Connection, owner: str) -> list[UUID]:
    """Return the runs of this process that are to be cancelled."""
    return list(connection.execute(text(LIST_CANCELLED), {"owner": owner}).scalars())


def expire_dead_owners(connection: Connection, owner: str) -> int:
    """End the leases of processes of this machine that no longer exist, and return their number."""
    owners = connection.execute(text(LIST_OWNERS), {"owner": owner}).scalars()
    dead = [one for one in owners if _is_dead(one)]
    if dead:
        connection.execute(text(EXPIRE), {"owners": dead})
    return len(dead)


def release(connection: Connection, owner: str) -> None:
    """End the leases of this process, so that another server continues its runs at once."""
    connection.execute(text(RELEASE), {"owner": owner})


def _is_dead(owner: str) -> bool:
    """Return True if an owner is a process of this machine that has ended."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    started = owner.rpartition(":")[2]
    if host != socket.gethostname() or not rest.isdecimal():
        return False
    import psutil

    try:
        process = psutil.Process(int(rest))
        return f"{process.create_time():.2f}" != started or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return int(rest) != os.getpid()
    except psutil.Error:
        return False
