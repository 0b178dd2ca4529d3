"""Handlers of `/v1/files` for clients of Anthropic: the same files, in Anthropic's format."""

import mimetypes
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from vong.api.openai.anthropic_format import build_page, format_time, parse_page_request, respond
from vong.api.openai.files_and_batches import MAX_FORM_BYTES, FileHandlers, parse_id, parse_path_id
from vong.api.openai.requests import authenticate_stored, limit_body
from vong.errors import InvalidInput, NotFound
from vong.gateway.batch import files
from vong.records import now
from vong.records.batch import StoredFile

MAX_IDS = 100
"""Maximum number of files that are requested by their ids."""
EXPIRY_RANGE_SECONDS = 3_600, 90 * 86_400
"""Range of seconds after which Anthropic lets a file expire."""
PAGE_PREFIX = "page_"
"""Prefix of the cursor of a page, which is followed by the id of the last file of the previous page."""


class AnthropicFileHandlers(FileHandlers):
    """Handlers of the routes of files, in Anthropic's format. The content of a file has no format."""

    async def upload_file(self, request: Request) -> Response:
        """Handle `POST /v1/files`: store an uploaded file. Anthropic's files have no purpose."""
        principal = await authenticate_stored(self._gateway, request)
        max_bytes = self._platform.settings.max_upload_bytes + MAX_FORM_BYTES
        async with limit_body(request, max_bytes, "max_upload_bytes").form(max_files=1, max_fields=10) as form:
            upload, lifetime = form.get("file"), parse_lifetime(form)
            if not isinstance(upload, UploadFile):
                raise InvalidInput("field file is missing", "send multipart/form-data with the field file")
            expires_at = now() + lifetime if lifetime else None
            file = await run_in_threadpool(self._store_file, principal, upload, expires_at, "user_data")
        return respond(file_metadata(file))

    async def list_files(self, request: Request) -> Response:
        """Handle `GET /v1/files`: list files, newest first, or those with the requested ids."""
        principal, query = await authenticate_stored(self._gateway, request), request.query_params
        ids = [*query.getlist("ids"), *query.getlist("ids[]")]
        if ids:
            found = await run_in_threadpool(self._in_project, principal, partial(_find_files, ids=ids))
            return respond({**build_page([file_metadata(file) for file in found], has_more=False), "next_page": None})
        page, cursor = parse_page_request(query), query.get("page") or None
        before = page.before
        start = before or (cursor.removeprefix(PAGE_PREFIX) if cursor else page.after)
        after = _parse_file_id(start) if start else None
        lookup = partial(files.list_files, after=after, limit=page.limit + 1, oldest_first=before is not None)
        found = await run_in_threadpool(self._in_project, principal, lookup)
        shown, has_more = found[: page.limit], len(found) > page.limit
        objects = [file_metadata(file) for file in (shown[::-1] if before else shown)]
        next_page = f"{PAGE_PREFIX}{objects[-1]['id']}" if has_more and not before else None
        return respond({**build_page(objects, has_more=has_more), "next_page": next_page})

    async def get_file(self, request: Request) -> Response:
        """Handle `GET /v1/files/{id}`: return a file without its content."""
        return respond(file_metadata(await self._find_file(request)))

    async def delete_file(self, request: Request) -> Response:
        """Handle `DELETE /v1/files/{id}`: delete a file."""
        principal, id = await authenticate_stored(self._gateway, request), parse_path_id(request, "file-")
        await run_in_threadpool(self._in_project, principal, partial(files.delete_file, id=id))
        return respond({"id": f"file-{id.hex}", "type": "file_deleted"})


def file_metadata(file: StoredFile) -> dict[str, Any]:
    """Return a file as Anthropic's file object."""
    return {
        "id": f"file-{file.id.hex}",
        "type": "file",
        "filename": file.filename,
        "mime_type": mimetypes.guess_type(file.filename)[0] or "application/octet-stream",
        "size_bytes": file.bytes,
        "created_at": format_time(file.created_at),
        "expires_at": format_time(file.expires_at),
        "downloadable": True,
    }


def parse_lifetime(form: FormData) -> timedelta | None:
    """Return the lifetime of an uploaded file, or None without the field `expires_in_seconds`.

    Raises:
        InvalidInput: if it is not a number in the range.
    """
    value = form.get("expires_in_seconds")
    if value is None:
        return None
    least, most = EXPIRY_RANGE_SECONDS
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise InvalidInput(f"expires_in_seconds {text!r} is invalid", f"use a number from {least} to {most}")
    return timedelta(seconds=int(text))


def _find_files(connection: Any, *, ids: list[str], key_id: UUID | None) -> list[StoredFile]:
    """Return the files with these ids, without those that do not exist."""
    if len(ids) > MAX_IDS:
        raise InvalidInput(f"{len(ids)} ids were sent", f"send at most {MAX_IDS} ids")
    found = list[StoredFile]()
    for id in dict.fromkeys(ids):
        try:
            found.append(files.get_file(connection, _parse_file_id(id), key_id=key_id))
        except (NotFound, InvalidInput):
            continue
    return found


def _parse_file_id(text: str) -> UUID:
    return parse_id(text.removeprefix("file_"), "file-")
