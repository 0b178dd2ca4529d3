"""Batches wired to blobs, to jobs, and to the server's own public endpoint in the name of whoever made them."""

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
"""Answers that are written down at once."""
T = TypeVar("T")


class BatchCreate(NamedTuple):
    """A batch to make. `kept_for` is how many seconds the files of its results are kept; None is for ever."""

    input_file: UUID
    endpoint: str
    window: str = "24h"
    metadata: dict[str, str] | None = None
    kept_for: int | None = None


def create(platform: Platform, principal: access.Principal, wanted: BatchCreate) -> Batch:
    """Make a batch of an uploaded file, and the job that runs it, in one transaction. Both have the same id."""
    if wanted.endpoint not in PATHS:
        raise InvalidInput(f"no batch can be made for {wanted.endpoint!r}", f"use one of: {', '.join(PATHS)}")
    check_shape(principal, PATHS[wanted.endpoint])
    lasts, at = batch_store.lasting(wanted.window), now()
    with platform.scope(principal.project_id) as connection:
        file = get_file(connection, wanted.input_file, of=seen_by(principal))
        if file.purpose != "batch":
            raise InvalidInput(f"the file {file.filename!r} is not for a batch", "upload it with the purpose 'batch'")
        own = {"id": new_id(), "status": "validating", "blob": file.blob, **wanted._asdict()}
        whose = {"actor": principal.actor, "key_id": principal.key_id, "user_id": principal.user_id}
        batch = batch_store.BatchRow.model_validate({**own, **whose, "created_at": at, "expires_at": at + lasts})
        jobs.submit(connection, KIND, {"endpoint": wanted.endpoint, "file": file.filename}, id=batch.id)
        return batch_store.put_batch(connection, batch)


def seen_by(principal: access.Principal) -> UUID | None:
    """Whose files and batches a caller sees: a key with a scope its own, all others those of their project."""
    return principal.key_id if principal.scope is not None else None


def get(platform: Platform, principal: access.Principal, id: UUID) -> Batch:
    """A batch with its costs so far."""
    with platform.scope(principal.project_id) as connection:
        found = settled(platform, connection, batch_store.get_batch(connection, id, of=seen_by(principal)))
        return batch_store.with_costs(connection, [found])[0]


def list_batches(platform: Platform, principal: access.Principal, after: UUID | None, limit: int) -> list[Batch]:
    """Batches, newest first, with their costs so far."""
    with platform.scope(principal.project_id) as connection:
        found = batch_store.list_batches(connection, after=after, limit=limit, of=seen_by(principal))
        return batch_store.with_costs(connection, [settled(platform, connection, batch) for batch in found])


def cancel(platform: Platform, principal: access.Principal, id: UUID) -> Batch:
    """End a batch: one that waits at once, one that runs when its job next looks, within seconds. What is answered by
    then is in its files.
    """
    with platform.scope(principal.project_id) as connection:
        batch = batch_store.cancelling(connection, id, of=seen_by(principal))
        if jobs.get(connection, id).status == "queued":
            jobs.cancel(connection, id)
        return batch_store.with_costs(connection, [settled(platform, connection, batch)])[0]


def settled(platform: Platform, connection: Connection, batch: Batch) -> Batch:
    """The batch as it stands. One whose job was cancelled, or given up, could not say so itself: here it is ended."""
    if batch.status in batch_store.ENDED:
        return batch
    try:
        job = jobs.get(connection, batch.id)
    except NotFound:
        return batch
    if job.status == "cancelled":
        return batch_store.conclude(connection, platform.blobs, batch.id, "cancelled")
    if job.status == "failed":
        fault = BatchInputError(code="job_failed", message=job.error or "its job was given up")
        return batch_store.conclude(connection, platform.blobs, batch.id, "failed", fault)
    return batch


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """The job `gateway.batch`: ask what no attempt before has asked, and end the batch with its files."""
    do = partial(_patiently, platform, job)
    batch = do(lambda connection: batch_store.get_batch(connection, job.id))
    if batch.status in batch_store.ENDED:
        return _result(batch)
    source = platform.blobs.fetch(batch.blob, job.folder / "input.jsonl")
    if batch.status == "validating":
        with source.open("rb") as lines:
            total, faults = check(lines, batch.endpoint)
        if faults:
            do(lambda connection: batch_store.refuse(connection, job.id, faults))
            return _result(do(lambda connection: batch_store.get_batch(connection, job.id)))
        batch = do(lambda connection: batch_store.begin(connection, job.id, total))
    outcome: BatchStatus = "cancelled"
    if batch.status == "in_progress":
        outcome = _ask(job, platform, batch, source)
    if outcome == "expired":
        _expire(do, batch, source)
    return _result(do(lambda connection: batch_store.conclude(connection, platform.blobs, job.id, outcome)))


def _ask(job: JobContext, platform: Platform, batch: batch_store.BatchRow, source: Path) -> BatchStatus:
    """Ask all lines that are not answered yet."""
    do = partial(_patiently, platform, job)
    life = batch.expires_at - now() + LIFE
    secret = do(lambda connection: create_deputy(connection, key_id=batch.key_id, user_id=batch.user_id, life=life))
    done = do(lambda connection: batch_store.answered_lines(connection, job.id))
    left = _left(source, batch.endpoint, done)
    try:
        return asyncio.run(_calls(job, platform, batch, secret, left))
    finally:
        do(lambda connection: end_deputy(connection, secret))


async def _calls(
    job: JobContext, platform: Platform, batch: batch_store.BatchRow, secret: str, left: Iterator[BatchRequestLine]
) -> BatchStatus:
    import httpx

    from vong.app.batch_executor import ANSWER, BatchExecutor

    do, settings = partial(_patiently, platform, job), platform.settings

    def look(waiting: int, why: str) -> BatchStatus:
        here = do(lambda connection: batch_store.get_batch(connection, job.id))
        message = f"{waiting} wait to be asked again: {why}" if waiting else ""
        job.progress(here.completed + here.failed, batch.total, unit="lines", message=message)
        return here.status

    def keep(fresh: list[BatchResultLine]) -> None:
        do(partial(batch_store.keep_answers, id=job.id, answers=fresh))

    headers = {"authorization": f"Bearer {secret}", "x-vong-tags": batch.tag, "content-type": "application/json"}
    async with httpx.AsyncClient(
        base_url=settings.server_url, headers=headers, timeout=httpx.Timeout(30, read=ANSWER), trust_env=False
    ) as http:
        calls = BatchExecutor(http, batch.endpoint, keep=keep, look=look)
        return await calls.run(left, settings.batch_concurrency, batch.expires_at)


def _left(source: Path, endpoint: str, done: set[int]) -> Iterator[BatchRequestLine]:
    """The lines that are not answered, read as they are needed."""
    with source.open("rb") as lines:
        for line in lines_of(lines, endpoint):
            if line.number not in done:
                yield line


def _expire(do: Callable[[Callable[[Connection], Any]], Any], batch: batch_store.BatchRow, source: Path) -> None:
    """Say of every line that was not answered that the time was over."""
    done = do(lambda connection: batch_store.answered_lines(connection, batch.id))
    message = f"the batch was not done within {batch.window}"
    missed = (unanswered(line, "batch_expired", message) for line in _left(source, batch.endpoint, done))
    while chunk := list(islice(missed, CHUNK)):
        do(partial(batch_store.keep_answers, id=batch.id, answers=chunk))


def _patiently(platform: Platform, job: JobContext, work: Callable[[Connection], T]) -> T:
    """In one transaction of the project, waiting for a database that is away."""
    return patiently(platform.database, job.project_id, work)


def _result(batch: Batch) -> dict[str, Any]:
    counts = {"total": batch.total, "completed": batch.completed, "failed": batch.failed}
    return {"batch": batch.tag, "status": batch.status, **counts}
