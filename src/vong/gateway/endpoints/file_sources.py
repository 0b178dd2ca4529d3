"""Uploaded files in messages: a source that names a file of this server is replaced by the content of the file."""

import base64
import mimetypes
from collections.abc import Awaitable
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec

from vong.errors import InvalidInput, NotFound
from vong.gateway.endpoints.json_depth import check_max_depth
from vong.gateway.providers import Endpoint

FILE_MARKER = b'"file_id"'
FILE_ID_PREFIX = "file-"
MAX_INLINE_BYTES = 32 * 1024 * 1024
"""Maximum bytes of the files of one request."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class FileContent(NamedTuple):
    """Name and bytes of a file."""

    filename: str
    data: bytes


class LoadFile(Protocol):
    """Function that loads a file that a caller may see."""

    def __call__(self, id: UUID, max_bytes: int, /) -> Awaitable[FileContent]:
        """Return a file. Raises InvalidInput if it has more than `max_bytes`."""
        ...


async def resolve_files(endpoint: Endpoint, body: bytes, load_file: LoadFile) -> bytes:
    """Return the body of a request, with the content of the files of this server that its messages name.

    Files of Anthropic are left to Anthropic. Raises InvalidInput if the body is nested too deeply or the files are too
    large, NotFound if a file does not exist.
    """
    check_max_depth(body)
    if endpoint != "messages" or FILE_MARKER not in body:
        return body
    try:
        request = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body  # the parser of the endpoint reports the error
    blocks = list[tuple[dict[str, Any], UUID]]()
    _collect_blocks(request.get("messages"), blocks)
    remaining = MAX_INLINE_BYTES
    for block, id in blocks:
        content = await load_file(id, remaining)
        remaining -= len(content.data)
        block["source"] = _build_source(block, content)
    return msgspec.json.encode(request) if blocks else body


def limit_error(limit: int) -> InvalidInput:
    """Return the error for files that exceed the bytes that a request may still have."""
    message = f"the files of the request have more than {MAX_INLINE_BYTES} bytes"
    return InvalidInput(message, f"send smaller files ({limit} bytes were left)")


def _collect_blocks(value: Any, blocks: list[tuple[dict[str, Any], UUID]]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect_blocks(item, blocks)
    elif isinstance(value, dict):
        source = value.get("source")
        if isinstance(source, dict) and source.get("type") == "file" and (id := _parse_id(source.get("file_id"))):
            blocks.append((value, id))
        else:
            _collect_blocks(value.get("content"), blocks)


def _parse_id(text: Any) -> UUID | None:
    """Return the id of a file of this server, or None for a file of another API."""
    if not isinstance(text, str) or not text.startswith(FILE_ID_PREFIX):
        return None
    try:
        return UUID(hex=text.removeprefix(FILE_ID_PREFIX))
    except ValueError:
        raise NotFound(f"no file has the id {text!r}", "list the files with GET /v1/files") from None


def _build_source(block: dict[str, Any], content: FileContent) -> dict[str, Any]:
    media_type = mimetypes.guess_type(content.filename)[0] or ""
    kind = block.get("type")
    if kind == "image" and media_type.startswith("image/"):
        return {"type": "base64", "media_type": media_type, "data": base64.b64encode(content.data).decode()}
    if kind == "document" and media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": base64.b64encode(content.data).decode()}
    if kind == "document":
        try:
            return {"type": "text", "media_type": "text/plain", "data": content.data.decode()}
        except UnicodeDecodeError:
            pass
    hint = "use a PDF or a text in a document, and PNG, JPEG, GIF or WebP in an image"
    raise InvalidInput(f"the file {content.filename!r} cannot be used in a block of type {kind!r}", hint)
