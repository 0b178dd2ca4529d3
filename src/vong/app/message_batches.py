"""Message batches of Anthropic's API: batches of the endpoint `/v1/messages`, in another form."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from vong import access
from vong.app import batches
from vong.app.platform import Platform
from vong.errors import InvalidInput, NotFound
from vong.gateway.auth.scopes import check_endpoint
from vong.gateway.batch import files
from vong.gateway.batch import store as batch_store
from vong.gateway.batch.message_requests import (
    MESSAGES_PATH,
    ResultSources,
    convert_results,
    count_expired,
    write_requests,
)
from vong.records.batch import FINAL_STATUSES, Batch

INPUT_FILENAME = "message_batch.jsonl"
ID_PREFIX = "msgbatch_"


class MessageBatch(NamedTuple):
    """Batch of messages. `expired` is the number of its failed requests that expired."""

    batch: Batch
    expired: int = 0


def create_batch(platform: Platform, principal: access.Principal, body: bytes, beta: str | None) -> MessageBatch:
    """Create a batch from the body of a request of Anthropic's API. `beta` names beta features of Anthropic."""
    check_endpoint(principal, "messages")
    with tempfile.NamedTemporaryFile(prefix="vong-batch-") as spool:
        total = write_requests(body, spool)
        spool.flush()
        size, blob = spool.tell(), platform.blobs.put_file(Path(spool.name))
    owner = files.FileOwner(principal.actor, principal.key_id)
    with platform.scope(principal.project_id) as connection:
        file = files.insert_file(connection, files.build_file(INPUT_FILENAME, "batch", blob, size, owner))
    metadata = {batches.BETA_HEADER: beta} if beta else None
    return MessageBatch(
        batches.create_batch(
            platform, principal, batches.BatchCreate(file.id, MESSAGES_PATH, metadata=metadata, total=total)
        )
    )


def get_batch(platform: Platform, principal: access.Principal, id: UUID) -> MessageBatch:
    """Return a batch of messages. Raises NotFound, also for a batch of another endpoint."""
    try:
        batch = batches.get_batch(platform, principal, id)
    except NotFound:
        batch = None
    if batch is None or batch.endpoint != MESSAGES_PATH:
        raise NotFound(f"no message batch has the id '{ID_PREFIX}{id.hex}'", "list them: vong gateway batches list")
    return _with_expired(platform, principal, batch)


def list_batches(
    platform: Platform, principal: access.Principal, *, after: UUID | None, before: UUID | None, limit: int
) -> list[MessageBatch]:
    """Return batches of messages, newest first."""
    found = batches.list_batches(platform, principal, after, limit, before=before, endpoint=MESSAGES_PATH)
    return [_with_expired(platform, principal, batch) for batch in found]


def cancel_batch(platform: Platform, principal: access.Principal, id: UUID) -> MessageBatch:
    """Cancel a batch of messages."""
    get_batch(platform, principal, id)
    return MessageBatch(batches.cancel_batch(platform, principal, id))


def delete_batch(platform: Platform, principal: access.Principal, id: UUID) -> None:
    """Delete a batch of messages that has ended, with its files."""
    get_batch(platform, principal, id)
    with platform.scope(principal.project_id) as connection:
        batch_store.delete_batch(connection, id, key_id=batches.key_filter(principal))


def write_results(platform: Platform, principal: access.Principal, id: UUID, folder: Path) -> Path:
    """Write the results of a batch to a file in a folder and return its path.

    Raises InvalidInput if the batch has not ended.
    """
    batch = get_batch(platform, principal, id).batch
    if batch.status not in FINAL_STATUSES:
        raise InvalidInput(
            f"the batch is {batch.status} and has no results yet", "wait until its processing_status is ended"
        )
    target = folder / "results.jsonl"
    target.touch()
    if not batch.total:  # its file was never found to be valid
        return target
    with platform.scope(principal.project_id) as connection:
        blob = batch_store.get_batch(connection, id).blob
    paths = [platform.blobs.fetch(blob, folder / "requests")]
    for name, file in (("successes", batch.output_file), ("failures", batch.error_file)):
        paths.append(_fetch_file(platform, principal, file, folder / name))
    with ExitStack() as stack:
        sources = ResultSources(*(stack.enter_context(path.open("rb")) for path in paths))
        output = stack.enter_context(target.open("wb"))
        output.writelines(convert_results(sources, cancelled=batch.status == "cancelled"))
    return target


def _fetch_file(platform: Platform, principal: access.Principal, id: UUID | None, target: Path) -> Path:
    """Fetch a file of results. The target is empty if there are none or if they were deleted."""
    target.touch()
    if id is not None:
        try:
            with platform.scope(principal.project_id) as connection:
                blob = files.get_file(connection, id).blob
        except NotFound:
            return target
        target.unlink()
        platform.blobs.fetch(blob, target)
    return target


def _with_expired(platform: Platform, principal: access.Principal, batch: Batch) -> MessageBatch:
    if batch.status != "expired":
        return MessageBatch(batch)
    with tempfile.TemporaryDirectory(prefix="vong-batch-") as folder:
        path = _fetch_file(platform, principal, batch.error_file, Path(folder) / "failures")
        with path.open("rb") as lines:
            return MessageBatch(batch, count_expired(lines))
