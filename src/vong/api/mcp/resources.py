"""Documents of knowledge bases as resources of MCP."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from vong.access import Principal
from vong.api.mcp.messages import INVALID_PARAMS, RESOURCE_NOT_FOUND, RpcError
from vong.app import Platform
from vong.app.knowledge_sharing import fetch_document, list_ready_documents
from vong.errors import NotFound

PAGE_SIZE = 100
URI_PREFIX = "vong://documents/"
RESOURCE_TEMPLATE: Mapping[str, Any] = {
    "uriTemplate": f"{URI_PREFIX}{{id}}",
    "name": "document",
    "title": "Document",
    "description": "Text of a document of a knowledge base, by an id that search returned.",
    "mimeType": "text/plain",
}


def list_resources(platform: Platform, principal: Principal, base: str | None, cursor: Any) -> dict[str, Any]:
    """Return a page of documents as resources. `cursor` is the id of the last document of the previous page."""
    try:
        after = UUID(cursor) if cursor is not None else None
    except (ValueError, TypeError, AttributeError):
        raise RpcError(INVALID_PARAMS, f"the cursor {cursor!r} is not one of this server") from None
    found = list_ready_documents(platform, principal, base, after, PAGE_SIZE + 1)
    resources = [
        {
            "uri": f"{URI_PREFIX}{document.id}",
            "name": f"{document.base}/{document.path}",
            "title": document.title,
            "mimeType": "text/plain",
            "size": document.characters,
        }
        for document in found[:PAGE_SIZE]
    ]
    more = {"nextCursor": str(found[PAGE_SIZE - 1].id)} if len(found) > PAGE_SIZE else {}
    return {"resources": resources, **more}


def read_resource(platform: Platform, principal: Principal, base: str | None, uri: str) -> dict[str, Any]:
    """Return the text of a document by its URI.

    Raises: RpcError if there is no such document.
    """
    try:
        id = UUID(uri.removeprefix(URI_PREFIX).removeprefix("doc_"))
        fetched = fetch_document(platform, principal, id)
    except (ValueError, NotFound):
        raise RpcError(RESOURCE_NOT_FOUND, f"no resource has the URI {uri!r}", {"uri": uri}) from None
    if base is not None and fetched.document.base != base:
        raise RpcError(RESOURCE_NOT_FOUND, f"no resource has the URI {uri!r}", {"uri": uri})
    return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": fetched.text}]}
