"""MCP server at `/mcp`: streamable HTTP without sessions. Each POST is answered with one JSON body."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vong import __version__
from vong.access import Principal
from vong.api.http.credentials import is_cross_site, read_credential
from vong.api.mcp import messages
from vong.api.mcp.messages import RpcError, RpcMessage
from vong.api.mcp.pipeline_tools import call_pipeline_tool, list_pipeline_tools
from vong.api.mcp.resources import RESOURCE_TEMPLATE, list_resources, read_resource
from vong.api.mcp.tools import HANDLERS, TOOLS, McpToolCall, call_tool
from vong.api.openai.errors import http_status
from vong.api.openai.requests import limit_body
from vong.app import Platform
from vong.errors import InvalidInput, VongError
from vong.gateway.auth.scopes import VECTOR_STORES, check_endpoint
from vong.gateway.gateway import Gateway

MCP_PATH = "/mcp"
MAX_BODY_BYTES = 1_000_000
MAX_BATCH_MESSAGES = 50
CACHE_SECONDS = 60
"""Time for which clients may keep lists of tools and documents."""
AUTHENTICATE = {"www-authenticate": 'Bearer realm="vong"'}
INSTRUCTIONS = (
    "Search and read the documents of the knowledge bases of this server. Use search first, then fetch for whole "
    "documents. Cite the title and the url of the documents that you use."
)
CAPABILITIES = {"tools": {"listChanged": False}, "resources": {"subscribe": False, "listChanged": False}}


class McpRequest(NamedTuple):
    """Authenticated request. `base` and `model` are those of the address (`/mcp?base=…&model=…`)."""

    principal: Principal
    version: str
    base: str | None
    model: str | None

    @property
    def is_stateless(self) -> bool:
        """Return True if the version has no `initialize`."""
        return self.version in messages.STATELESS_VERSIONS


def create_mcp_app(platform: Platform, gateway: Gateway) -> ASGIApp:
    """Return the application for the path `/mcp`."""
    server = McpServer(platform, gateway)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await server.handle(Request(scope, receive))
        await response(scope, receive, send)

    return ServerErrorMiddleware(app, handler=_handle_unexpected_error)


class McpServer:
    """Handler of MCP requests."""

    def __init__(self, platform: Platform, gateway: Gateway) -> None:
        self._platform = platform
        self._gateway = gateway

    async def handle(self, request: Request) -> Response:
        """Return the response to an HTTP request."""
        if request.method != "POST":
            # There are no sessions to delete, and no messages that the server begins.
            return _respond_error(RpcError(messages.INVALID_REQUEST, "send a POST"), 405, {"allow": "POST"})
        try:
            return await self._handle_post(request)
        except RpcError as error:
            return _respond_error(error, messages.STATUSES.get(error.code, 400))
        except VongError as error:
            headers = AUTHENTICATE if error.status == 401 else {}
            rpc_error = RpcError(messages.INVALID_REQUEST, str(error), {"code": error.code})
            return _respond_error(rpc_error, http_status(error), headers)

    async def _handle_post(self, request: Request) -> Response:
        context = await self._authenticate(request)
        body = messages.decode_body(await limit_body(request, MAX_BODY_BYTES).body())
        if isinstance(body, list):
            return await self._handle_batch(context, body, request.headers)
        message = messages.parse_message(body)
        if not message.is_request:
            return Response(status_code=202)
        reply = await self._reply(context, message, request.headers)
        statuses = messages.STATELESS_STATUSES if context.is_stateless else messages.STATUSES
        status = statuses.get(reply["error"]["code"], 200) if "error" in reply else 200
        return _respond(reply, status, request)

    async def _handle_batch(self, context: McpRequest, body: list[Any], headers: Mapping[str, str]) -> Response:
        if context.version not in messages.BATCH_VERSIONS:
            raise RpcError(messages.INVALID_REQUEST, f"the version {context.version} has no batches")
        if not 1 <= len(body) <= MAX_BATCH_MESSAGES:
            raise RpcError(messages.INVALID_REQUEST, f"a batch has from 1 to {MAX_BATCH_MESSAGES} messages")
        replies: list[dict[str, Any]] = []
        for value in body:
            try:
                message = messages.parse_message(value)
            except RpcError as error:
                replies.append(messages.encode_error(None, error))
                continue
            if message.is_request:
                replies.append(await self._reply(context, message, headers))
        return _respond(replies) if replies else Response(status_code=202)

    async def _authenticate(self, request: Request) -> McpRequest:
        """Return the authenticated request.

        Raises: RpcError if the version is unknown; the errors of the credentials and of the scope.
        """
        headers, query = request.headers, request.query_params
        if is_cross_site(headers) and "authorization" not in headers:
            raise InvalidInput("the request came from a page of another site", "send Authorization: Bearer KEY")
        principal = await self._gateway.principals.authenticate(read_credential("POST", headers), for_call=False)
        assert isinstance(principal, Principal)
        check_endpoint(principal, VECTOR_STORES)
        version = headers.get(messages.VERSION_HEADER, messages.BATCH_VERSIONS[-1])
        if version not in (*messages.HANDSHAKE_VERSIONS, *messages.STATELESS_VERSIONS):
            raise messages.unsupported_version(version)
        return McpRequest(principal, version, query.get("base") or None, query.get("model") or None)

    async def _reply(self, context: McpRequest, message: RpcMessage, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the response to one request."""
        try:
            if context.is_stateless:
                messages.check_envelope(message, headers)
            return messages.encode_result(message.id, await self._dispatch(context, message))
        except RpcError as error:
            return messages.encode_error(message.id, error)
        except VongError as error:
            rpc_error = RpcError(messages.INVALID_PARAMS, str(error), {"code": error.code})
            return messages.encode_error(message.id, rpc_error)

    async def _dispatch(self, context: McpRequest, message: RpcMessage) -> dict[str, Any]:
        method, params = message.method, message.params
        result: dict[str, Any]
        if method == "ping":
            result = {}
        elif method == "initialize" and not context.is_stateless:
            result = _describe_server(messages.choose_version(params.get("protocolVersion")))
        elif method == "server/discover":
            result = _cached({**_describe_server(None), "supportedVersions": list(messages.STATELESS_VERSIONS)})
        elif method == "tools/list":
            published = await run_in_threadpool(list_pipeline_tools, self._platform, context.principal)
            result = _cached({"tools": [*TOOLS, *published]})
        elif method == "tools/call":
            result = await self._call_tool(context, params)
        elif method == "resources/list":
            cursor = params.get("cursor")
            result = _cached(
                await run_in_threadpool(list_resources, self._platform, context.principal, context.base, cursor)
            )
        elif method == "resources/templates/list":
            result = _cached({"resourceTemplates": [RESOURCE_TEMPLATE]})
        elif method == "resources/read":
            uri = str(params.get("uri"))
            result = _cached(
                await run_in_threadpool(read_resource, self._platform, context.principal, context.base, uri)
            )
        else:
            raise RpcError(messages.METHOD_NOT_FOUND, f"the method {method!r} does not exist")
        return {**result, "resultType": "complete"} if context.is_stateless else result

    async def _call_tool(self, context: McpRequest, params: Mapping[str, Any]) -> dict[str, Any]:
        name, arguments = params.get("name"), params.get("arguments")
        if arguments is not None and not isinstance(arguments, dict):
            raise RpcError(messages.INVALID_PARAMS, "arguments is not an object")
        if name not in HANDLERS:
            called = await call_pipeline_tool(self._platform, context.principal, str(name), arguments or {})
            if called is None:
                raise RpcError(messages.INVALID_PARAMS, f"there is no tool {name!r}; tools: {', '.join(HANDLERS)}")
            return called
        call = McpToolCall(self._platform, context.principal, arguments or {}, context.base, context.model)
        return await run_in_threadpool(call_tool, str(name), call)


def _handle_unexpected_error(_: Request, __: Exception) -> Response:
    """Return 500. The middleware raises the error again afterwards, and uvicorn logs it."""
    return _respond_error(RpcError(messages.INTERNAL_ERROR, "the server failed on this request; see its log"), 500)


def _describe_server(version: str | None) -> dict[str, Any]:
    description = {
        "capabilities": CAPABILITIES,
        "serverInfo": {"name": "vong", "title": "Vong knowledge bases", "version": __version__},
        "instructions": INSTRUCTIONS,
    }
    return {"protocolVersion": version, **description} if version else description


def _cached(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result with the time for which the client may keep it. Older versions ignore both fields."""
    return {**result, "ttlMs": CACHE_SECONDS * 1000, "cacheScope": "private"}


def _respond(content: Any, status: int = 200, request: Request | None = None) -> Response:
    body = msgspec.json.encode(content)
    accepted = request.headers.get("accept", "") if request is not None else ""
    if "text/event-stream" in accepted and "json" not in accepted and "*/*" not in accepted:
        return Response(b"event: message\ndata: " + body + b"\n\n", status, media_type="text/event-stream")
    return Response(body, status, media_type="application/json")


def _respond_error(error: RpcError, status: int, headers: Mapping[str, str] | None = None) -> Response:
    body = msgspec.json.encode(messages.encode_error(None, error))
    return Response(body, status, headers, media_type="application/json")
