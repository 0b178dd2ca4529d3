"""Batches connected to blobs, jobs and the server's public endpoint, which they call with a delegated key."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection

from vong import access, jobs
from vong.access.delegated_keys import LIFE, create_deputy, end_deputy
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound
from vong.gateway.auth.scopes import check_shape
from vong.gateway.batch import store as batch_store
from vong.gateway.batch.files import get_file
from vong.gateway.batch.jsonl import BatchRequestLine, BatchResultLine, check, lines_of, unanswered
from vong.gateway.endpoints import PATHS
from vong.jobs import JobContext
from vong.records import new_id, now
from vong.records.batch import Batch, BatchInputError, BatchStatus
from vong.store.retry import patiently

KIND = "gateway.batch"
CHUNK = 500
"""Results stored in one transaction."""
T = TypeVar("T")


class BatchCreate(NamedTuple):
    """Request for a new batch. `kept_for` is the retention of its result files in seconds; None keeps them forever."""

    input_file: UUID
    endpoint: str
    window: str = "24h"
    metadata: dict[str, str] | None = None
    kept_for: int | None = None


def create(platform: Platform, principal: access.Principal, wanted: BatchCreate) -> Batch:
    """Create a batch from an uploaded file, with its job, in one transaction. Both have the same id."""
    if wanted.endpoint not in PATHS:
        raise InvalidInput(
            f"batches do not support the endpoint {wanted.endpoint!r}", f"use one of: {', '.join(PATHS)}"
        )
    check_shape(principal, PATHS[wanted.endpoint])
    lifetime, created_at = batch_store.lasting(wanted.window), now()
    with platform.scope(principal.project_id) as connection:
        file = get_file(connection, wanted.input_file, of=seen_by(principal))
        if file.purpose != "batch":
            raise InvalidInput(
                f"the file {file.filename!r} has the purpose {file.purpose!r}", "upload it with the purpose 'batch'"
            )
        batch_fields = {"id": new_id(), "status": "validating", "blob": file.blob, **wanted._asdict()}
        owner = {"actor": principal.actor, "key_id": principal.key_id, "user_id": principal.user_id}
        batch = batch_store.BatchRow.model_validate(
            {**batch_fields, **owner, "created_at": created_at, "expires_at": created_at + lifetime}
        )
        jobs.submit(connection, KIND, {"endpoint": wanted.endpoint, "file": file.filename}, id=batch.id)
        return batch_store.put_batch(connection, batch)


def seen_by(principal: access.Principal) -> UUID | None:
    """Return the key whose files and batches a caller sees, or None for all of the project.

    A key with a scope sees only its own.
    """
    return principal.key_id if principal.scope is not None else None


def get(platform: Platform, principal: access.Principal, id: UUID) -> Batch:
    """Return a batch with its costs so far."""
    with platform.scope(principal.project_id) as connection:
        batch = settled(platform, connection, batch_store.get_batch(connection, id, of=seen_by(principal)))
        return batch_store.with_costs(connection, [batch])[0]


def list_batches(platform: Platform, principal: access.Principal, after: UUID | None, limit: int) -> list[Batch]:
    """Return batches, newest first, with their costs so far."""
    with platform.scope(principal.project_id) as connection:
        batches = batch_store.list_batches(connection, after=after, limit=limit, of=seen_by(principal))
        return batch_store.with_costs(connection, [settled(platform, connection, batch) for batch in batches])


def cancel(platform: Platform, principal: access.Principal, id: UUID) -> Batch:
    """Cancel a batch: a queued one at once, a running one within seconds. Earlier results stay in its files."""
    with platform.scope(principal.project_id) as connection:
        batch = batch_store.cancelling(connection, id, of=seen_by(principal))
        if jobs.get(connection, id).status == "queued":
            jobs.cancel(connection, id)
        return batch_store.with_costs(connection, [settled(platform, connection, batch)])[0]


def settled(platform: Platform, connection: Connection, batch: Batch) -> Batch:
    """Return the batch, finished first if its job was cancelled or has failed and could not finish it itself."""
    if batch.status in batch_store.ENDED:
        return batch
    try:
        job = jobs.get(connection, batch.id)
    except NotFound:
        return batch
    if job.status == "cancelled":
        return batch_store.conclude(connection, platform.blobs, batch.id, "cancelled")
    if job.status == "failed":
        fault = BatchInputError(code="job_failed", message=job.error or "the job failed")
        return batch_store.conclude(connection, platform.blobs, batch.id, "failed", fault)
    return batch


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `gateway.batch`: send all lines without a result and finish the batch with its files."""
    in_project = partial(_patiently, platform, job)
    batch = in_project(lambda connection: batch_store.get_batch(connection, job.id))
    if batch.status in batch_store.ENDED:
        return _result(batch)
    source = platform.blobs.fetch(batch.blob, job.folder / "input.jsonl")
    if batch.status == "validating":
        with source.open("rb") as lines:
            total, faults = check(lines, batch.endpoint)
        if faults:
            in_project(lambda connection: batch_store.refuse(connection, job.id, faults))
            return _result(in_project(lambda connection: batch_store.get_batch(connection, job.id)))
        batch = in_project(lambda connection: batch_store.begin(connection, job.id, total))
    outcome: BatchStatus = "cancelled"
    if batch.status == "in_progress":
        outcome = _ask(job, platform, batch, source)
    if outcome == "expired":
        _expire(in_project, batch, source)
    return _result(in_project(lambda connection: batch_store.conclude(connection, platform.blobs, job.id, outcome)))


def _ask(job: JobContext, platform: Platform, batch: batch_store.BatchRow, source: Path) -> BatchStatus:
    """Send all lines that have no result yet."""
    in_project = partial(_patiently, platform, job)
    life = batch.expires_at - now() + LIFE
    secret = in_project(
        lambda connection: create_deputy(connection, key_id=batch.key_id, user_id=batch.user_id, life=life)
    )
    done = in_project(lambda connection: batch_store.answered_lines(connection, job.id))
    remaining = _left(source, batch.endpoint, done)
    try:
        return asyncio.run(_calls(job, platform, batch, secret, remaining))
    finally:
        in_project(lambda connection: end_deputy(connection, secret))


async def _calls(
    job: JobContext, platform: Platform, batch: batch_store.BatchRow, secret: str, remaining: Iterator[BatchRequestLine]
) -> BatchStatus:
    import httpx

    from vong.app.batch_executor import ANSWER, BatchExecutor

    in_project, settings = partial(_patiently, platform, job), platform.settings

    def look(waiting: int, why: str) -> BatchStatus:
        current = in_project(lambda connection: batch_store.get_batch(connection, job.id))
        message = f"{waiting} lines wait for a retry: {why}" if waiting else ""
        job.progress(current.completed + current.failed, batch.total, unit="lines", message=message)
        return current.status

    def keep(fresh: list[BatchResultLine]) -> None:
        in_project(partial(batch_store.keep_answers, id=job.id, lines=fresh))

    headers = {"authorization": f"Bearer {secret}", "x-vong-tags": batch.tag, "content-type": "application/json"}
    async with httpx.AsyncClient(
        base_url=settings.server_url, headers=headers, timeout=httpx.Timeout(30, read=ANSWER), trust_env=False
    ) as http:
        executor = BatchExecutor(http, batch.endpoint, keep=keep, look=look)
        return await executor.run(remaining, settings.batch_concurrency, batch.expires_at)


def _left(source: Path, endpoint: str, done: set[int]) -> Iterator[BatchRequestLine]:
    """Yield the lines without a result, read from the file as they are needed."""
    with source.open("rb") as lines:
        for line in lines_of(lines, endpoint):
            if line.number not in done:
                yield line


def _expire(do: Callable[[Callable[[Connection], Any]], Any], batch: batch_store.BatchRow, source: Path) -> None:
    """Store a `batch_expired` result for every line without a result."""
    done = do(lambda connection: batch_store.answered_lines(connection, batch.id))
    message = f"the batch did not finish within {batch.window}"
    expired = (unanswered(line, "batch_expired", message) for line in _left(source, batch.endpoint, done))
    while chunk := list(islice(expired, CHUNK)):
        do(partial(batch_store.keep_answers, id=batch.id, lines=chunk))


def _patiently(platform: Platform, job: JobContext, work: Callable[[Connection], T]) -> T:
    """Run a project transaction, retried while the database is unavailable."""
    return patiently(platform.database, job.project_id, work)


def _result(batch: Batch) -> dict[str, Any]:
    counts = {"total": batch.total, "completed": batch.completed, "failed": batch.failed}
    return {"batch": batch.tag, "status": batch.status, **counts}
