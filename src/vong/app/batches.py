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
from vong.access.delegated_keys import DELEGATED_KEY_LIFETIME, create_delegated_key, delete_delegated_key
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound
from vong.gateway.auth.scopes import check_endpoint
from vong.gateway.batch import store as batch_store
from vong.gateway.batch.files import get_file
from vong.gateway.batch.jsonl import BatchRequestLine, BatchResultLine, error_line, parse_lines, validate_lines
from vong.gateway.batch.message_requests import EXPIRED_CODE, MESSAGES_PATH
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.jobs import JobContext
from vong.records import new_id, now
from vong.records.batch import FINAL_STATUSES, Batch, BatchInputError, BatchStatus
from vong.store.retry import retry_while_unavailable

JOB_KIND = "gateway.batch"
BETA_HEADER = "anthropic-beta"
"""Header, and key in the metadata of a batch of messages, that names beta features of Anthropic."""
RESULTS_PER_TRANSACTION = 500
"""Results stored in one transaction."""
T = TypeVar("T")


class BatchCreate(NamedTuple):
    """Request for a new batch. `output_ttl_seconds` is the lifetime of its result files; None for no expiry.

    `total` is the number of requests if the file was validated before, else 0.
    """

    input_file: UUID
    endpoint: str
    window: str = "24h"
    metadata: dict[str, str] | None = None
    output_ttl_seconds: int | None = None
    total: int = 0


def create_batch(platform: Platform, principal: access.Principal, request: BatchCreate) -> Batch:
    """Create a batch from an uploaded file, with its job, in one transaction. Both have the same id."""
    if request.endpoint not in ENDPOINT_PATHS:
        raise InvalidInput(
            f"batches do not support the endpoint {request.endpoint!r}", f"use one of: {', '.join(ENDPOINT_PATHS)}"
        )
    check_endpoint(principal, ENDPOINT_PATHS[request.endpoint])
    lifetime, created_at = batch_store.parse_window(request.window), now()
    with platform.scope(principal.project_id) as connection:
        file = get_file(connection, request.input_file, key_id=key_filter(principal))
        if file.purpose != "batch":
            raise InvalidInput(
                f"the file {file.filename!r} has the purpose {file.purpose!r}", "upload it with the purpose 'batch'"
            )
        batch_fields = {"id": new_id(), "status": "validating", "blob": file.blob, **request._asdict()}
        owner = {"actor": principal.actor, "key_id": principal.key_id, "user_id": principal.user_id}
        batch = batch_store.BatchRow.model_validate(
            {**batch_fields, **owner, "created_at": created_at, "expires_at": created_at + lifetime}
        )
        jobs.submit(connection, JOB_KIND, {"endpoint": request.endpoint, "file": file.filename}, id=batch.id)
        return batch_store.insert_batch(connection, batch)


def key_filter(principal: access.Principal) -> UUID | None:
    """Return the key whose files and batches a caller sees, or None for all of the project.

    A key with a scope sees only its own.
    """
    return principal.key_id if principal.scope is not None else None


def get_batch(platform: Platform, principal: access.Principal, id: UUID) -> Batch:
    """Return a batch with its costs so far."""
    with platform.scope(principal.project_id) as connection:
        batch = sync_with_job(platform, connection, batch_store.get_batch(connection, id, key_id=key_filter(principal)))
        return batch_store.with_costs(connection, [batch])[0]


def list_batches(
    platform: Platform,
    principal: access.Principal,
    after: UUID | None,
    limit: int,
    *,
    before: UUID | None = None,
    endpoint: str | None = None,
) -> list[Batch]:
    """Return batches, newest first, with their costs so far."""
    with platform.scope(principal.project_id) as connection:
        batches = batch_store.list_batches(
            connection, after=after, before=before, endpoint=endpoint, limit=limit, key_id=key_filter(principal)
        )
        return batch_store.with_costs(connection, [sync_with_job(platform, connection, batch) for batch in batches])


def cancel_batch(platform: Platform, principal: access.Principal, id: UUID) -> Batch:
    """Cancel a batch: a queued one at once, a running one within seconds. Earlier results stay in its files."""
    with platform.scope(principal.project_id) as connection:
        batch = batch_store.request_cancel(connection, id, key_id=key_filter(principal))
        if jobs.get(connection, id).status == "queued":
            jobs.cancel(connection, id)
        return batch_store.with_costs(connection, [sync_with_job(platform, connection, batch)])[0]


def sync_with_job(platform: Platform, connection: Connection, batch: Batch) -> Batch:
    """Return the batch, finished first if its job was cancelled or has failed and could not finish it itself."""
    if batch.status in FINAL_STATUSES:
        return batch
    try:
        job = jobs.get(connection, batch.id)
    except NotFound:
        return batch
    if job.status == "cancelled":
        return batch_store.finish_batch(connection, platform.blobs, batch.id, "cancelled")
    if job.status == "failed":
        fault = BatchInputError(code="job_failed", message=job.error or "the job failed")
        return batch_store.finish_batch(connection, platform.blobs, batch.id, "failed", fault)
    return batch


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `gateway.batch`: send all lines without a result and finish the batch with its files."""
    in_project = partial(_run_in_project, platform, job)
    batch = in_project(lambda connection: batch_store.get_batch(connection, job.id))
    if batch.status in FINAL_STATUSES:
        return _result(batch)
    source = platform.blobs.fetch(batch.blob, job.folder / "input.jsonl")
    if batch.status == "validating":
        with source.open("rb") as lines:
            total, faults = validate_lines(lines, batch.endpoint)
        if faults:
            in_project(lambda connection: batch_store.fail_batch(connection, job.id, faults))
            return _result(in_project(lambda connection: batch_store.get_batch(connection, job.id)))
        batch = in_project(lambda connection: batch_store.start_batch(connection, job.id, total))
    outcome: BatchStatus = "cancelled"
    if batch.status == "in_progress":
        outcome = _send_lines(job, platform, batch, source)
    if outcome == "expired":
        _store_expired_lines(in_project, batch, source)
    return _result(in_project(lambda connection: batch_store.finish_batch(connection, platform.blobs, job.id, outcome)))


def _send_lines(job: JobContext, platform: Platform, batch: batch_store.BatchRow, source: Path) -> BatchStatus:
    """Send all lines that have no result yet."""
    in_project = partial(_run_in_project, platform, job)
    life = batch.expires_at - now() + DELEGATED_KEY_LIFETIME
    secret = in_project(
        lambda connection: create_delegated_key(connection, key_id=batch.key_id, user_id=batch.user_id, lifetime=life)
    )
    done = in_project(lambda connection: batch_store.finished_line_numbers(connection, job.id))
    remaining = _remaining_lines(source, batch.endpoint, done)
    try:
        return asyncio.run(_run_executor(job, platform, batch, secret, remaining))
    finally:
        in_project(lambda connection: delete_delegated_key(connection, secret))


async def _run_executor(
    job: JobContext, platform: Platform, batch: batch_store.BatchRow, secret: str, remaining: Iterator[BatchRequestLine]
) -> BatchStatus:
    import httpx

    from vong.app.batch_executor import RESPONSE_TIMEOUT_SECONDS, BatchExecutor

    in_project, settings = partial(_run_in_project, platform, job), platform.settings

    def look(waiting: int, why: str) -> BatchStatus:
        current = in_project(lambda connection: batch_store.get_batch(connection, job.id))
        message = f"{waiting} lines wait for a retry: {why}" if waiting else ""
        job.progress(current.completed + current.failed, batch.total, unit="lines", message=message)
        return current.status

    def keep(fresh: list[BatchResultLine]) -> None:
        in_project(partial(batch_store.insert_results, id=job.id, lines=fresh))

    headers = {"authorization": f"Bearer {secret}", "x-vong-tags": batch.tag, "content-type": "application/json"}
    if batch.endpoint == MESSAGES_PATH and (beta := (batch.metadata or {}).get(BETA_HEADER)):
        headers[BETA_HEADER] = beta
    async with httpx.AsyncClient(
        base_url=settings.server_url,
        headers=headers,
        timeout=httpx.Timeout(30, read=RESPONSE_TIMEOUT_SECONDS),
        trust_env=False,
    ) as http:
        executor = BatchExecutor(http, batch.endpoint, store_results=keep, report_progress=look)
        return await executor.run(remaining, settings.batch_concurrency, batch.expires_at)


def _remaining_lines(source: Path, endpoint: str, done: set[int]) -> Iterator[BatchRequestLine]:
    """Yield the lines without a result, read from the file as they are needed."""
    with source.open("rb") as lines:
        for line in parse_lines(lines, endpoint):
            if line.number not in done:
                yield line


def _store_expired_lines(
    in_project: Callable[[Callable[[Connection], Any]], Any], batch: batch_store.BatchRow, source: Path
) -> None:
    """Store a `batch_expired` result for every line without a result."""
    done = in_project(lambda connection: batch_store.finished_line_numbers(connection, batch.id))
    message = f"the batch did not finish within {batch.window}"
    expired = (error_line(line, EXPIRED_CODE, message) for line in _remaining_lines(source, batch.endpoint, done))
    while chunk := list(islice(expired, RESULTS_PER_TRANSACTION)):
        in_project(partial(batch_store.insert_results, id=batch.id, lines=chunk))


def _run_in_project(platform: Platform, job: JobContext, work: Callable[[Connection], T]) -> T:
    """Run a project transaction, retried while the database is unavailable."""
    return retry_while_unavailable(platform.database, job.project_id, work)


def _result(batch: Batch) -> dict[str, Any]:
    counts = {"total": batch.total, "completed": batch.completed, "failed": batch.failed}
    return {"batch": batch.tag, "status": batch.status, **counts}
