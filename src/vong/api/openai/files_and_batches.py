"""OpenAI's `/v1/files` and `/v1/batches`. They are called rarely, so they use Starlette."""

import shutil
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from vong.access import Principal
from vong.api.http.credentials import SAFE_METHODS, read_credential
from vong.api.openai.errors import (
    MethodNotAllowed,
    RequestTooLarge,
    UnknownPath,
    encode_error,
    error_fields,
    http_status,
)
from vong.app import Platform
from vong.app import batches as batches_app
from vong.errors import InvalidInput, NotFound, RateLimitExceeded, VongError
from vong.gateway.batch import files
from vong.gateway.gateway import Gateway
from vong.records import new_id, now
from vong.records.batch import Batch, StoredFile

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
BodyT = TypeVar("BodyT", bound=BaseModel)
MAX_FORM_BYTES = 100_000
"""Maximum bytes of a form besides its file, and of a request without a file."""
MAX_PAGE_SIZES = {"files": 10_000, "batches": 100}
"""Maximum number of items per page."""
EXPIRY_RANGE_SECONDS = 3_600, 30 * 86_400
"""Range of seconds after which OpenAI lets a file expire."""


class FileExpiry(BaseModel):
    """Expiry of a file."""

    anchor: str = "created_at"
    seconds: Annotated[int, Field(ge=EXPIRY_RANGE_SECONDS[0], le=EXPIRY_RANGE_SECONDS[1])]


class BatchCreateBody(BaseModel):
    """Body of `POST /v1/batches`."""

    model_config = ConfigDict(extra="ignore")

    input_file_id: str
    endpoint: str
    completion_window: str = "24h"
    metadata: dict[str, Annotated[str, Field(max_length=512)]] | None = Field(default=None, max_length=16)
    output_expires_after: FileExpiry | None = None


class FilesAndBatchesApp:
    """Handlers of the files and batches routes."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    async def upload_file(self, request: Request) -> Response:
        """Handle `POST /v1/files`: store an uploaded file."""
        principal = await self._authenticate(request)
        form, expires_at = await self._parse_form(request)
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise InvalidInput("field file is missing", "send multipart/form-data with the fields file and purpose")
        if form.get("purpose") != "batch":
            raise InvalidInput(f"purpose {form.get('purpose')!r} is not supported", "send purpose=batch")
        try:
            return _json_response(file_object(await run_in_threadpool(self._store_file, principal, upload, expires_at)))
        finally:
            await form.close()

    async def list_files(self, request: Request) -> Response:
        """Handle `GET /v1/files`: list files, newest first."""
        principal, query = await self._authenticate(request), request.query_params
        (after, limit), purpose, oldest = (
            parse_page(request, "files"),
            query.get("purpose"),
            query.get("order") == "asc",
        )
        of = batches_app.key_filter(principal)

        def find() -> list[StoredFile]:
            with self._platform.scope(principal.project_id) as connection:
                return files.list_files(
                    connection, purpose=purpose, after=after, limit=limit + 1, oldest_first=oldest, key_id=of
                )

        return _list_response([file_object(one) for one in await run_in_threadpool(find)], limit)

    async def get_or_delete_file(self, request: Request) -> Response:
        """Handle `GET` and `DELETE /v1/files/{id}`."""
        principal, id = await self._authenticate(request), parse_path_id(request, "file-")
        of = batches_app.key_filter(principal)
        if request.method == "GET":
            return _json_response(file_object(await run_in_threadpool(self._find_file, principal, id)))

        def delete() -> None:
            with self._platform.scope(principal.project_id) as connection:
                files.delete_file(connection, id, key_id=of)

        await run_in_threadpool(delete)
        return _json_response({"id": f"file-{id.hex}", "object": "file", "deleted": True})

    async def get_file_content(self, request: Request) -> Response:
        """Handle `GET /v1/files/{id}/content`: return the bytes of a file."""
        principal, id = await self._authenticate(request), parse_path_id(request, "file-")
        found = await run_in_threadpool(self._find_file, principal, id)
        folder = Path(await run_in_threadpool(tempfile.mkdtemp, prefix="vong-file-"))
        cleanup = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        try:
            path = await run_in_threadpool(self._platform.blobs.fetch, found.blob, folder / "content")
        except BaseException:
            await cleanup()
            raise
        return FileResponse(path, media_type="application/octet-stream", filename=found.filename, background=cleanup)

    async def create_batch(self, request: Request) -> Response:
        """Handle `POST /v1/batches`: create a batch."""
        principal = await self._authenticate(request)
        body = parse_body(BatchCreateBody, await _limit_body(request, MAX_FORM_BYTES).body())
        expires_after = body.output_expires_after.seconds if body.output_expires_after else None
        input_file = parse_id(body.input_file_id, "file-")
        new = batches_app.BatchCreate(input_file, body.endpoint, body.completion_window, body.metadata, expires_after)
        return _json_response(
            batch_object(await run_in_threadpool(batches_app.create_batch, self._platform, principal, new))
        )

    async def list_batches(self, request: Request) -> Response:
        """Handle `GET /v1/batches`: list batches, newest first."""
        principal, page = await self._authenticate(request), parse_page(request, "batches")
        found = await run_in_threadpool(batches_app.list_batches, self._platform, principal, page[0], page[1] + 1)
        return _list_response([batch_object(one) for one in found], page[1])

    async def get_batch(self, request: Request) -> Response:
        """Handle `GET /v1/batches/{id}`: return a batch."""
        principal, id = await self._authenticate(request), parse_path_id(request, "batch_")
        return _json_response(
            batch_object(await run_in_threadpool(batches_app.get_batch, self._platform, principal, id))
        )

    async def cancel_batch(self, request: Request) -> Response:
        """Handle `POST /v1/batches/{id}/cancel`: cancel a batch."""
        principal, id = await self._authenticate(request), parse_path_id(request, "batch_")
        return _json_response(
            batch_object(await run_in_threadpool(batches_app.cancel_batch, self._platform, principal, id))
        )

    async def _authenticate(self, request: Request) -> Principal:
        secret = read_credential(request.method, request.headers)
        found = await self._gateway.principals.authenticate(secret, for_call=request.method not in SAFE_METHODS)
        assert isinstance(found, Principal)
        return found

    async def _parse_form(self, request: Request) -> tuple[FormData, datetime | None]:
        """Return the form, and the expiry of its file."""
        form = await _limit_body(request, self._platform.settings.max_upload_bytes + MAX_FORM_BYTES).form(
            max_files=1, max_fields=10
        )
        fields = {
            name: form[f"expires_after[{name}]"] for name in ("anchor", "seconds") if f"expires_after[{name}]" in form
        }
        return form, now() + timedelta(seconds=validate_fields(FileExpiry, fields).seconds) if fields else None

    def _store_file(self, principal: Principal, upload: UploadFile, expires_at: datetime | None) -> StoredFile:
        limit = self._platform.settings.max_upload_bytes
        with tempfile.NamedTemporaryFile(prefix="vong-upload-") as spool:
            shutil.copyfileobj(upload.file, spool, 1 << 20)
            spool.flush()
            size = spool.tell()
            if size > limit:
                raise RequestTooLarge(
                    f"the file has more than {limit} bytes", "split it, or raise max_upload_bytes in vong.toml"
                )
            blob = self._platform.blobs.put_file(Path(spool.name))
        name = Path(upload.filename or "").name[:200] or "batch.jsonl"
        owner = files.FileOwner(principal.actor, principal.key_id)
        with self._platform.scope(principal.project_id) as connection:
            return files.insert_file(connection, files.build_file(name, "batch", blob, size, owner, expires_at))

    def _find_file(self, principal: Principal, id: UUID) -> files.OwnedFile:
        with self._platform.scope(principal.project_id) as connection:
            return files.get_file(connection, id, key_id=batches_app.key_filter(principal))


def create_files_and_batches_app(platform: Platform, gateway: Gateway) -> Starlette:
    """Return the application for everything under `/v1/files` and `/v1/batches`."""
    handlers = FilesAndBatchesApp(platform, gateway)
    routes = [
        Route("/v1/files", handlers.upload_file, methods=["POST"]),
        Route("/v1/files", handlers.list_files, methods=["GET"]),
        Route("/v1/files/{id}", handlers.get_or_delete_file, methods=["GET", "DELETE"]),
        Route("/v1/files/{id}/content", handlers.get_file_content, methods=["GET"]),
        Route("/v1/batches", handlers.create_batch, methods=["POST"]),
        Route("/v1/batches", handlers.list_batches, methods=["GET"]),
        Route("/v1/batches/{id}", handlers.get_batch, methods=["GET"]),
        Route("/v1/batches/{id}/cancel", handlers.cancel_batch, methods=["POST"]),
    ]
    return Starlette(
        routes=routes, exception_handlers={VongError: _handle_vong_error, HTTPException: _handle_http_error}
    )


def file_object(file: StoredFile) -> dict[str, Any]:
    """Return a file as OpenAI's file object."""
    times = {"created_at": _unix_seconds(file.created_at), "expires_at": _unix_seconds(file.expires_at)}
    named = {"id": f"file-{file.id.hex}", "object": "file", "filename": file.filename, "purpose": file.purpose}
    return {**named, "bytes": file.bytes, "status": "processed", **times}


def batch_object(batch: Batch) -> dict[str, Any]:
    """Return a batch as OpenAI's batch object."""
    own = {"id": batch.tag, "object": "batch", "endpoint": batch.endpoint, "completion_window": batch.window}
    named = {f"{name}_id": getattr(batch, name) for name in ("input_file", "output_file", "error_file")}
    own |= {name: id and f"file-{id.hex}" for name, id in named.items()}
    own |= {name: _unix_seconds(getattr(batch, name)) for name in Batch.model_fields if name.endswith("_at")}
    faults = [fault.model_dump() for fault in batch.errors] if batch.errors else None
    errors = {"object": "list", "data": faults} if faults else None
    counts = {"total": batch.total, "completed": batch.completed, "failed": batch.failed}
    return {**own, "status": batch.status, "errors": errors, "request_counts": counts, "metadata": batch.metadata}


def parse_id(text: str, prefix: str) -> UUID:
    """Parse a public id.

    Raises:
        InvalidInput: if the text is not an id.
    """
    try:
        return UUID(hex=text.removeprefix(prefix))
    except ValueError:
        raise InvalidInput(f"{text!r} is not a valid id", f"use an id that begins with {prefix}") from None


def parse_path_id(request: Request, prefix: str) -> UUID:
    """Return the id in the path of a request."""
    return parse_id(request.path_params["id"], prefix)


def parse_page(request: Request, resource: str) -> tuple[UUID | None, int]:
    """Return the id after which the requested page starts, and the page size."""
    after, limit = request.query_params.get("after"), request.query_params.get("limit", "20")
    if not limit.isdigit() or not 1 <= int(limit) <= MAX_PAGE_SIZES[resource]:
        raise InvalidInput(f"limit {limit!r} is invalid", f"use a number from 1 to {MAX_PAGE_SIZES[resource]}")
    return parse_id(after, "file-" if resource == "files" else "batch_") if after else None, int(limit)


def parse_body(kind: type[BodyT], body: bytes) -> BodyT:
    """Parse a JSON body.

    Raises:
        InvalidInput: names the invalid fields.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise invalid_input(error) from None


def validate_fields(kind: type[BodyT], fields: Any) -> BodyT:
    """Validate fields.

    Raises:
        InvalidInput: names the invalid fields.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise invalid_input(error) from None


def invalid_input(error: ValidationError) -> InvalidInput:
    """Return the InvalidInput error for a validation error."""
    faults = [f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors()]
    return InvalidInput("; ".join(faults), "see docs/guides/batches.md for an example")


def _limit_body(request: Request, limit: int) -> Request:
    """Return the request with a bounded body. Reading beyond the limit raises RequestTooLarge."""
    remaining = limit

    async def receive() -> Message:
        nonlocal remaining
        message = await request.receive()
        remaining -= len(message.get("body", b""))
        if remaining < 0:
            raise RequestTooLarge(
                f"the request has more than {limit} bytes", "send less, or raise max_upload_bytes in vong.toml"
            )
        return message

    return Request(request.scope, receive)


def _list_response(cards: list[dict[str, Any]], limit: int) -> Response:
    """Return a page of a list. `cards` has one extra item if there is another page."""
    data = cards[:limit]
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return _json_response({"object": "list", "data": data, **ends, "has_more": len(cards) > limit})


def _unix_seconds(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at else None


def _json_response(found: Any, status: int = 200) -> Response:
    return JSONResponse(found, status, {"x-request-id": f"req_{new_id().hex}"})


def _error_response(error: VongError) -> Response:
    headers = {"x-request-id": f"req_{new_id().hex}"}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, RateLimitExceeded) and error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, RequestTooLarge):
        headers["connection"] = "close"
    body = encode_error(error)
    if isinstance(error, NotFound):  # here it is a file or batch that is missing, not a model
        body = msgspec.json.encode({"error": {**error_fields(error), "param": "id", "code": error.code}})
    return Response(body, http_status(error), headers, "application/json")


async def _handle_vong_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, VongError)
    return _error_response(error)


async def _handle_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return _error_response(UnknownPath(f"path {path} does not exist", "see docs/guides/batches.md"))
    if error.status_code == 405:
        return _error_response(
            MethodNotAllowed(f"{path} does not accept {request.method}", "see docs/guides/batches.md")
        )
    return _error_response(InvalidInput(str(error.detail), "see docs/guides/batches.md for an example"))
