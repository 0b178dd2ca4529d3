"""`/v1/responses/{id}`: responses that were given, found again and deleted; and the description of what is served."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from vong.api.http.credentials import credential
from vong.api.openai.errors import MethodNotAllowed
from vong.api.openai.openapi import description
from vong.errors import InvalidInput
from vong.gateway.endpoints import response_store
from vong.gateway.gateway import Gateway

RESPONSES = "/v1/responses/"
DESCRIPTION = "/v1/openapi.json"
ITEMS = "input_items"


class ResponseQuery(NamedTuple):
    """What of which response."""

    id: str
    part: str


def is_kept(path: str) -> bool:
    """Whether it is served here."""
    return path.startswith(RESPONSES) or path == DESCRIPTION


async def kept(gateway: Gateway, scope: Mapping[str, Any], headers: dict[str, str]) -> Any:
    """The answer to a request for something that is kept. A VongError where it is not."""
    path, method = unquote(scope["path"]), str(scope["method"])
    if path == DESCRIPTION:
        _only(path, method, "GET")
        return description()
    id, _, part = path.removeprefix(RESPONSES).partition("/")
    if part not in ("", ITEMS):
        raise response_store.ResponseNotFound(f"a response has no {part!r}", f"it has {ITEMS}")
    _only(path, method, *(["GET"] if part else ["GET", "DELETE"]))
    principal = await gateway.keys.principal(credential(method, headers), calls=method != "GET")
    span = await gateway.response(principal, id)
    if method == "DELETE":
        await asyncio.to_thread(gateway.looks.forget, principal.project_id, span.id)
        return {"id": f"resp_{span.id.hex}", "object": "response.deleted", "deleted": True}
    if not part:
        return response_store.whole(span)
    asked = dict(parse_qsl(bytes(scope.get("query_string", b"")).decode("latin-1")))
    return _page(response_store.input_items(span), asked)


def _page(items: list[dict[str, Any]], asked: Mapping[str, str]) -> dict[str, Any]:
    """A page as OpenAI turns them: the newest first unless `order=asc`, `limit` of 1 to 100, `after` an item's id."""
    limit, order = asked.get("limit", "20"), asked.get("order", "desc")
    if not limit.isdecimal() or not 1 <= int(limit) <= 100 or order not in ("asc", "desc"):
        raise InvalidInput("limit lies between 1 and 100, and order is asc or desc", "leave them out for 20 and desc")
    turned = items if order == "asc" else items[::-1]
    if after := asked.get("after"):
        ids = [item["id"] for item in turned]
        if after not in ids:
            raise InvalidInput(f"no item has the id {after!r}", "send the last_id of the page before")
        turned = turned[ids.index(after) + 1 :]
    page = turned[: int(limit)]
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return {"object": "list", "data": page, **ends, "has_more": len(turned) > len(page)}


def _only(path: str, method: str, *allowed: str) -> None:
    if method not in allowed:
        raise MethodNotAllowed(f"{path} takes no {method}", f"send a {' or a '.join(allowed)}")
