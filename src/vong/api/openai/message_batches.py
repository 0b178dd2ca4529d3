"""Handlers of Anthropic's message batches, `/v1/messages/batches`."""

import shutil
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from vong.api.openai.anthropic_format import build_page, format_time, parse_page_request, respond
from vong.api.openai.requests import authenticate_stored, limit_body
from vong.app import Platform
from vong.app import message_batches as batches_app
from vong.app.message_batches import ID_PREFIX, MessageBatch
from vong.errors import NotFound
from vong.gateway.gateway import Gateway
from vong.records.batch import FINAL_STATUSES

PATH = "/v1/messages/batches"


class MessageBatchHandlers:
    """Handlers of the routes of message batches."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(PATH, self.create_batch, methods=["POST"]),
            Route(PATH, self.list_batches, methods=["GET"]),
            Route(f"{PATH}/{{id}}", self.get_batch, methods=["GET"]),
            Route(f"{PATH}/{{id}}", self.delete_batch, methods=["DELETE"]),
            Route(f"{PATH}/{{id}}/cancel", self.cancel_batch, methods=["POST"]),
            Route(f"{PATH}/{{id}}/results", self.get_results, methods=["GET"]),
        ]

    async def create_batch(self, request: Request) -> Response:
        """Handle `POST /v1/messages/batches`: create a batch of messages."""
        principal = await authenticate_stored(self._gateway, request)
        body = await limit_body(request, self._platform.settings.max_upload_bytes, "max_upload_bytes").body()
        beta = request.headers.get("anthropic-beta")
        created = await run_in_threadpool(batches_app.create_batch, self._platform, principal, body, beta)
        return respond(batch_object(created, request))

    async def list_batches(self, request: Request) -> Response:
        """Handle `GET /v1/messages/batches`: list batches, newest first."""
        principal, page = await authenticate_stored(self._gateway, request), parse_page_request(request.query_params)
        after, before = (parse_batch_id(id) if id else None for id in (page.after, page.before))
        found = await run_in_threadpool(
            batches_app.list_batches, self._platform, principal, after=after, before=before, limit=page.limit + 1
        )
        has_more = len(found) > page.limit
        shown = found[-page.limit :] if before else found[: page.limit]
        return respond(build_page([batch_object(batch, request) for batch in shown], has_more=has_more))

    async def get_batch(self, request: Request) -> Response:
        """Handle `GET /v1/messages/batches/{id}`: return a batch."""
        principal, id = await authenticate_stored(self._gateway, request), parse_batch_id(request.path_params["id"])
        found = await run_in_threadpool(batches_app.get_batch, self._platform, principal, id)
        return respond(batch_object(found, request))

    async def cancel_batch(self, request: Request) -> Response:
        """Handle `POST /v1/messages/batches/{id}/cancel`: cancel a batch."""
        principal, id = await authenticate_stored(self._gateway, request), parse_batch_id(request.path_params["id"])
        found = await run_in_threadpool(batches_app.cancel_batch, self._platform, principal, id)
        return respond(batch_object(found, request))

    async def delete_batch(self, request: Request) -> Response:
        """Handle `DELETE /v1/messages/batches/{id}`: delete a batch that has ended, with its results."""
        principal, id = await authenticate_stored(self._gateway, request), parse_batch_id(request.path_params["id"])
        await run_in_threadpool(batches_app.delete_batch, self._platform, principal, id)
        return respond({"id": f"{ID_PREFIX}{id.hex}", "type": "message_batch_deleted"})

    async def get_results(self, request: Request) -> Response:
        """Handle `GET /v1/messages/batches/{id}/results`: return one result per request, as JSON lines."""
        principal, id = await authenticate_stored(self._gateway, request), parse_batch_id(request.path_params["id"])
        folder = Path(await run_in_threadpool(tempfile.mkdtemp, prefix="vong-batch-"))
        cleanup = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        try:
            path = await run_in_threadpool(batches_app.write_results, self._platform, principal, id, folder)
        except BaseException:
            await cleanup()
            raise
        return FileResponse(path, media_type="application/x-jsonl", background=cleanup)


def parse_batch_id(text: str) -> UUID:
    """Parse the id of a batch, in Anthropic's or OpenAI's form.

    Raises:
        NotFound: if the text is not an id of this server.
    """
    try:
        return UUID(hex=text.removeprefix(ID_PREFIX).removeprefix("batch_"))
    except ValueError:
        raise NotFound(f"no message batch has the id {text!r}", "list them: vong gateway batches list") from None


def batch_object(found: MessageBatch, request: Request) -> dict[str, Any]:
    """Return a batch as Anthropic's message batch. Requests count as processing until the batch has ended."""
    batch, id = found.batch, f"{ID_PREFIX}{found.batch.id.hex}"
    ended = batch.status in FINAL_STATUSES
    counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    if ended:
        unsent = max(0, batch.total - batch.completed - batch.failed)
        is_cancelled = batch.status == "cancelled"
        counts |= {"succeeded": batch.completed, "expired": found.expired, "canceled": unsent if is_cancelled else 0}
        counts["errored"] = batch.failed - found.expired + (0 if is_cancelled else unsent)
    else:
        counts["processing"] = batch.total
    ended_at = batch.completed_at or batch.cancelled_at or batch.expired_at or batch.failed_at
    running = "canceling" if batch.status == "cancelling" else "in_progress"
    return {
        "id": id,
        "type": "message_batch",
        "processing_status": "ended" if ended else running,
        "request_counts": counts,
        "created_at": format_time(batch.created_at),
        "expires_at": format_time(batch.expires_at),
        "cancel_initiated_at": format_time(batch.cancelling_at),
        "ended_at": format_time(ended_at) if ended else None,
        "archived_at": None,
        "results_url": f"{str(request.base_url).rstrip('/')}{PATH}/{id}/results" if ended else None,
    }
