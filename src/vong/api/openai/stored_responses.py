"""Serve `/v1/responses/{id}` (return and delete stored responses) and `/v1/openapi.json`."""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from vong.api.http.credentials import read_credential
from vong.api.openai.errors import MethodNotAllowed
from vong.api.openai.openapi import build_openapi
from vong.errors import InvalidInput
from vong.gateway.endpoints import response_store
from vong.gateway.gateway import Gateway

RESPONSES_PREFIX = "/v1/responses/"
OPENAPI_PATH = "/v1/openapi.json"
INPUT_ITEMS = "input_items"


def serves_path(path: str) -> bool:
    """Return True if this module serves the path."""
    return path.startswith(RESPONSES_PREFIX) or path == OPENAPI_PATH


async def handle_request(gateway: Gateway, scope: Mapping[str, Any], headers: dict[str, str]) -> Any:
    """Return the result of a request to one of these paths.

    Raises:
        VongError: if the response does not exist or the request is invalid.
    """
    path, method = unquote(scope["path"]), str(scope["method"])
    if path == OPENAPI_PATH:
        _require_method(path, method, "GET")
        return build_openapi()
    id, _, part = path.removeprefix(RESPONSES_PREFIX).partition("/")
    if part not in ("", INPUT_ITEMS):
        raise response_store.ResponseNotFound(f"a response has no {part!r}", f"use {INPUT_ITEMS}")
    _require_method(path, method, *(["GET"] if part else ["GET", "DELETE"]))
    principal = await gateway.principals.authenticate(read_credential(method, headers), for_call=method != "GET")
    span = await gateway.load_response(principal, id)
    if method == "DELETE":
        await asyncio.to_thread(gateway.repositories.delete_bodies, principal.project_id, span.id)
        return {"id": f"resp_{span.id.hex}", "object": "response.deleted", "deleted": True}
    if not part:
        return response_store.rebuild_response(span)
    query = dict(parse_qsl(bytes(scope.get("query_string", b"")).decode("latin-1")))
    return _build_page(response_store.input_items(span), query)


def _build_page(items: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a page as OpenAI does: newest first unless `order=asc`, `limit` of 1 to 100, `after` an item id."""
    limit, order = query.get("limit", "20"), query.get("order", "desc")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100 or order not in ("asc", "desc"):
        raise InvalidInput(
            f"limit {limit!r} or order {order!r} is invalid", "use a limit from 1 to 100 and order asc or desc"
        )
    ordered = items if order == "asc" else items[::-1]
    if after := query.get("after"):
        ids = [item["id"] for item in ordered]
        if after not in ids:
            raise InvalidInput(f"no item has the id {after!r}", "send the last_id of the previous page")
        ordered = ordered[ids.index(after) + 1 :]
    page = ordered[: int(limit)]
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return {"object": "list", "data": page, **ends, "has_more": len(ordered) > len(page)}


def _require_method(path: str, method: str, *allowed: str) -> None:
    if method not in allowed:
        raise MethodNotAllowed(f"{path} does not accept {method}", f"send a {' or a '.join(allowed)}")
