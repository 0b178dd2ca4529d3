"""Handlers of OpenAI's `/v1/files` and `/v1/batches`."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from vong.access import Principal
from vong.api.openai.errors import RequestTooLarge
from vong.api.openai.list_page import build_page, parse_limit
from vong.api.openai.requests import authenticate, json_response, limit_body
from vong.app import Platform
from vong.app import batches as batches_app
from vong.app.vector_stores import forget_uploaded_file
from vong.errors import InvalidInput, NotFound
from vong.gateway.auth.scopes import FINE_TUNING, check_endpoint
from vong.gateway.batch import files
from vong.gateway.fine_tuning.training_file import inspect_file
from vong.gateway.gateway import Gateway
from vong.records import new_id, now
from vong.records.batch import Batch, StoredFile

ResultT = TypeVar("ResultT")
UploadPurpose = Literal["batch", "user_data", "fine-tune", "assistants"]
UPLOAD_PURPOSES: dict[str, UploadPurpose] = {
    "batch": "batch",
    "fine-tune": "fine-tune",
    "assistants": "assistants",
    "user_data": "user_data",
}
MAX_FORM_BYTES = 100_000
"""Maximum bytes of a form besides its file, and of a request without a file."""
MAX_FILES_PER_PAGE = 10_000
MAX_BATCHES_PER_PAGE = 100
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


class FileHandlers:
    """Handlers of the routes of files."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    async def upload_file(self, request: Request) -> Response:
        """Handle `POST /v1/files`: store an uploaded file."""
        principal = await _authenticate(self._gateway, request)
        max_bytes = self._platform.settings.max_upload_bytes + MAX_FORM_BYTES
        async with limit_body(request, max_bytes, "max_upload_bytes").form(max_files=1, max_fields=10) as form:
            upload, expires_at = form.get("file"), parse_expiry(form)
            if not isinstance(upload, UploadFile):
                raise InvalidInput("field file is missing", "send multipart/form-data with the fields file and purpose")
            purpose = form.get("purpose")
            if purpose not in UPLOAD_PURPOSES:
                raise InvalidInput(
                    f"purpose {purpose!r} is not supported", f"send one of: {', '.join(UPLOAD_PURPOSES)}"
                )
            chosen = UPLOAD_PURPOSES[str(purpose)]
            if chosen == "fine-tune":
                check_endpoint(principal, FINE_TUNING)
                await run_in_threadpool(check_training_file, upload)
            stored = await run_in_threadpool(self._store_file, principal, upload, expires_at, chosen)
            return _respond(file_object(stored))

    async def list_files(self, request: Request) -> Response:
        """Handle `GET /v1/files`: list files, newest first."""
        principal, query = await _authenticate(self._gateway, request), request.query_params
        after, limit = parse_page(request, "file-", MAX_FILES_PER_PAGE)
        purpose, oldest_first = query.get("purpose"), query.get("order") == "asc"
        page = partial(files.list_files, purpose=purpose, after=after, limit=limit + 1, oldest_first=oldest_first)
        found = await run_in_threadpool(self._in_project, principal, page)
        return _respond(build_page([file_object(file) for file in found], limit))

    async def get_file(self, request: Request) -> Response:
        """Handle `GET /v1/files/{id}`: return a file without its content."""
        return _respond(file_object(await self._find_file(request)))

    async def delete_file(self, request: Request) -> Response:
        """Handle `DELETE /v1/files/{id}`: delete a file."""
        principal, id = await _authenticate(self._gateway, request), parse_path_id(request, "file-")
        await run_in_threadpool(self._in_project, principal, partial(delete_upload, id=id))
        return _respond({"id": f"file-{id.hex}", "object": "file", "deleted": True})

    async def get_file_content(self, request: Request) -> Response:
        """Handle `GET /v1/files/{id}/content`: return the bytes of a file."""
        found = await self._find_file(request)
        folder = Path(await run_in_threadpool(tempfile.mkdtemp, prefix="vong-file-"))
        cleanup = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
        try:
            path = await run_in_threadpool(self._platform.blobs.fetch, found.blob, folder / "content")
        except BaseException:
            await cleanup()
            raise
        return FileResponse(path, media_type="application/octet-stream", filename=found.filename, background=cleanup)

    async def _find_file(self, request: Request) -> files.OwnedFile:
        principal, id = await _authenticate(self._gateway, request), parse_path_id(request, "file-")
        return await run_in_threadpool(self._in_project, principal, partial(files.get_file, id=id))

    def _in_project(self, principal: Principal, function: Callable[..., ResultT]) -> ResultT:
        """Call a function on the files that the caller sees."""
        with self._platform.scope(principal.project_id) as connection:
            return function(connection, key_id=batches_app.key_filter(principal))

    def _store_file(
        self,
        principal: Principal,
        upload: UploadFile,
        expires_at: datetime | None,
        purpose: UploadPurpose = "batch",
    ) -> StoredFile:
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
            return files.insert_file(connection, files.build_file(name, purpose, blob, size, owner, expires_at))


class BatchHandlers:
    """Handlers of the routes of batches."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    async def create_batch(self, request: Request) -> Response:
        """Handle `POST /v1/batches`: create a batch."""
        principal = await _authenticate(self._gateway, request)
        body = parse_body(await limit_body(request, MAX_FORM_BYTES).body())
        expires_after = body.output_expires_after.seconds if body.output_expires_after else None
        input_file = parse_known_id(body.input_file_id, "file-")
        new = batches_app.BatchCreate(input_file, body.endpoint, body.completion_window, body.metadata, expires_after)
        return _respond(batch_object(await run_in_threadpool(batches_app.create_batch, self._platform, principal, new)))

    async def list_batches(self, request: Request) -> Response:
        """Handle `GET /v1/batches`: list batches, newest first."""
        principal = await _authenticate(self._gateway, request)
        after, limit = parse_page(request, "batch_", MAX_BATCHES_PER_PAGE)
        found = await run_in_threadpool(batches_app.list_batches, self._platform, principal, after, limit + 1)
        return _respond(build_page([batch_object(batch) for batch in found], limit))

    async def get_batch(self, request: Request) -> Response:
        """Handle `GET /v1/batches/{id}`: return a batch."""
        principal, id = await _authenticate(self._gateway, request), parse_path_id(request, "batch_")
        return _respond(batch_object(await run_in_threadpool(batches_app.get_batch, self._platform, principal, id)))

    async def cancel_batch(self, request: Request) -> Response:
        """Handle `POST /v1/batches/{id}/cancel`: cancel a batch."""
        principal, id = await _authenticate(self._gateway, request), parse_path_id(request, "batch_")
        return _respond(batch_object(await run_in_threadpool(batches_app.cancel_batch, self._platform, principal, id)))


def delete_upload(connection: Connection, *, id: UUID, key_id: UUID | None) -> None:
    """Delete a file, also from the vector stores that contain it."""
    files.delete_file(connection, id, key_id=key_id)
    forget_uploaded_file(connection, id)


def check_training_file(upload: UploadFile) -> None:
    """Check a file with the purpose fine-tune. The file is at its start afterwards.

    Raises:
        TrainingFileError: A row is invalid. The message names its line.
    """
    inspect_file(upload.file)
    upload.file.seek(0)


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


def parse_known_id(text: str, prefix: str) -> UUID:
    """Parse the id of an object that must exist. Ids of other servers have other formats.

    Raises:
        NotFound: if the text is not an id.
    """
    try:
        return parse_id(text, prefix)
    except InvalidInput:
        kind = prefix.rstrip("-_")
        raise NotFound(f"no {kind} has the id {text!r}", f"use an id that this server returned: {prefix}…") from None


def parse_path_id(request: Request, prefix: str) -> UUID:
    """Return the id in the path of a request."""
    return parse_known_id(request.path_params["id"], prefix)


def parse_page(request: Request, prefix: str, max_page_size: int) -> tuple[UUID | None, int]:
    """Return the id after which the requested page starts, and the page size."""
    after = request.query_params.get("after")
    limit = parse_limit(request.query_params.get("limit", "20"), max_page_size)
    return parse_id(after, prefix) if after else None, limit


def parse_body(body: bytes) -> BatchCreateBody:
    """Parse the JSON body of `POST /v1/batches`.

    Raises:
        InvalidInput: names the invalid fields.
    """
    try:
        return BatchCreateBody.model_validate_json(body)
    except ValidationError as error:
        raise invalid_input(error) from None


def parse_expiry(form: FormData) -> datetime | None:
    """Return the time at which an uploaded file expires, or None without the fields `expires_after[...]`.

    Raises:
        InvalidInput: names the invalid fields.
    """
    names = {name: f"expires_after[{name}]" for name in FileExpiry.model_fields}
    fields = {name: form[field] for name, field in names.items() if field in form}
    try:
        return now() + timedelta(seconds=FileExpiry.model_validate(fields).seconds) if fields else None
    except ValidationError as error:
        raise invalid_input(error) from None


def invalid_input(error: ValidationError) -> InvalidInput:
    """Return the InvalidInput error for a validation error."""
    faults = [f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}" for fault in error.errors()]
    return InvalidInput("; ".join(faults), "see docs/guides/batches.md for an example")


async def _authenticate(gateway: Gateway, request: Request) -> Principal:
    principal = await authenticate(gateway, request)
    assert isinstance(principal, Principal)
    return principal


def _unix_seconds(at: datetime | None) -> int | None:
    return int(at.timestamp()) if at else None


def _respond(content: Any) -> Response:
    return json_response(content, {"x-request-id": f"req_{new_id().hex}"})
