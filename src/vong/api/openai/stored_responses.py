"""Handlers of stored responses (`/v1/responses/{id}`), of their token counts and of the OpenAPI document."""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from vong.api.openai.errors import UnknownPath
from vong.api.openai.list_page import build_page, parse_limit
from vong.api.openai.openapi import build_openapi
from vong.api.openai.requests import authenticate, json_response, limit_body
from vong.errors import InvalidInput
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.endpoints import response_store
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.gateway import Gateway
from vong.records import Span

MAX_PAGE_SIZE = 100
ESTIMATE_HEADERS = {"x-vong-usage-estimated": "true"}
"""Headers of a token count that is an estimate."""


class ResponseHandlers:
    """Handlers of the routes of stored responses."""

    def __init__(self, gateway: Gateway, max_body: int) -> None:
        self._gateway = gateway
        self._max_body = max_body

    async def get_response(self, request: Request) -> Response:
        """Handle `GET /v1/responses/{id}`: return a stored response."""
        _, span = await self._load_span(request)
        return json_response(response_store.rebuild_response(span))

    async def delete_response(self, request: Request) -> Response:
        """Handle `DELETE /v1/responses/{id}`: delete the request and response bodies of a stored response."""
        principal, span = await self._load_span(request)
        await run_in_threadpool(self._gateway.repositories.delete_bodies, principal.project_id, span.id)
        return json_response({"id": f"resp_{span.id.hex}", "object": "response.deleted", "deleted": True})

    async def list_input_items(self, request: Request) -> Response:
        """Handle `GET /v1/responses/{id}/input_items`: list the items that a response answers."""
        _, span = await self._load_span(request)
        return json_response(_select_page(response_store.input_items(span), request.query_params))

    async def count_input_tokens(self, request: Request) -> Response:
        """Handle `POST /v1/responses/input_tokens`: count the tokens of the conversation of a responses request."""
        principal, trace = await authenticate(self._gateway, request), TraceContext.from_headers(request.headers)
        body = await limit_body(request, self._max_body, "max_request_bytes").body()
        count = await self._gateway.count_tokens(principal, body, trace, "responses")
        headers = None if count.is_exact else ESTIMATE_HEADERS
        return json_response({"object": "response.input_tokens", "input_tokens": count.tokens}, headers)

    async def reject_cancel(self, request: Request) -> Response:
        """Handle `POST /v1/responses/{id}/cancel`, which is not offered."""
        await authenticate(self._gateway, request)
        raise UnknownPath(
            "cancelling a response is not offered, because no response runs in the background",
            "close the connection to cancel a call",
        )

    async def reject_compact(self, request: Request) -> Response:
        """Handle `POST /v1/responses/compact`, which is not offered."""
        await authenticate(self._gateway, request)
        raise UnknownPath(
            "compacting a conversation is not offered", "send a shorter conversation, or let a model summarize it"
        )

    async def _load_span(self, request: Request) -> tuple[GatewayPrincipal, Span]:
        principal = await authenticate(self._gateway, request)
        return principal, await self._gateway.load_response(principal, request.path_params["id"])


async def get_openapi(_: Request) -> Response:
    """Handle `GET /v1/openapi.json`: return the OpenAPI document."""
    return json_response(build_openapi())


def _select_page(items: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a page as OpenAI does: newest first unless `order=asc`, `limit` of 1 to 100, `after` an item id."""
    limit, order = parse_limit(query.get("limit", "20"), MAX_PAGE_SIZE), query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise InvalidInput(f"order {order!r} is invalid", "use asc or desc")
    ordered = items if order == "asc" else items[::-1]
    if after := query.get("after"):
        ids = [item["id"] for item in ordered]
        if after not in ids:
            raise InvalidInput(f"no item has the id {after!r}", "send the last_id of the previous page")
        ordered = ordered[ids.index(after) + 1 :]
    return build_page(ordered, limit)
