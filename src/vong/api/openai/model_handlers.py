"""Handlers of model calls, token counts, moderations and the list of models.

Model calls arrive here if they do not come through uvicorn's protocol, for example with a query string.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vong.api.openai.anthropic_format import (
    model_info,
    parse_page_request,
    respond,
    select_page,
    uses_anthropic_format,
)
from vong.api.openai.azure import DEPLOYMENT_KEY
from vong.api.openai.requests import authenticate, json_response, limit_body
from vong.api.openai.responder import Headers, run_call
from vong.errors import NotFound, did_you_mean
from vong.gateway.auth.principals import GatewayPrincipal
from vong.gateway.endpoints.parsing import TraceContext, with_model
from vong.gateway.gateway import Gateway
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.providers import Endpoint

STARTED_AT = time.time()
ESTIMATE_HEADERS = {"x-vong-usage-estimated": "true"}
"""Headers of a token count that is an estimate."""


class ModelHandlers:
    """Handlers of the routes that call or list models. `max_body` is the maximum bytes of a request body."""

    def __init__(self, gateway: Gateway, max_body: int) -> None:
        self._gateway = gateway
        self._max_body = max_body

    async def create_call(self, endpoint: Endpoint, request: Request) -> Response:
        """Handle `POST` to the path of an endpoint: run a model call."""
        principal = await authenticate(self._gateway, request)
        body, trace = await self._read_body(request), TraceContext.from_headers(request.headers)
        if deployment := request.scope.get(DEPLOYMENT_KEY):
            body = name_model(body, deployment)
        return ModelCallResponse(self._gateway.create_call(principal, endpoint, body, trace))

    async def count_tokens(self, request: Request) -> Response:
        """Handle `POST /v1/messages/count_tokens`: count the tokens of a messages request."""
        principal = await authenticate(self._gateway, request)
        trace = TraceContext.from_headers(request.headers)
        count = await self._gateway.count_tokens(principal, await self._read_body(request), trace)
        return respond({"input_tokens": count.tokens}, None if count.is_exact else ESTIMATE_HEADERS)

    async def create_moderation(self, request: Request) -> Response:
        """Handle `POST /v1/moderations`: return the detections of guards in texts."""
        principal = await authenticate(self._gateway, request)
        body, trace = await self._read_body(request), TraceContext.from_headers(request.headers)
        return json_response(await self._gateway.moderate(principal, body, trace))

    async def list_models(self, request: Request) -> Response:
        """Handle `GET /v1/models`: list the models that the caller can call."""
        principal = await authenticate(self._gateway, request)
        names = [name for name in await self._gateway.list_models(principal) if not self._is_for_tests(name)]
        if uses_anthropic_format(request.headers):
            models = [model_info(name) for name in dict.fromkeys(names)]
            return respond(select_page(models, parse_page_request(request.query_params)))
        return json_response({"object": "list", "data": [await self._model_object(principal, name) for name in names]})

    async def get_model(self, request: Request) -> Response:
        """Handle `GET /v1/models/{model}`: return a model."""
        name = request.path_params["model"]
        principal = await authenticate(self._gateway, request)
        names = await self._gateway.list_models(principal)
        has_shortcut = name in (await self._gateway.load_catalog(principal)).shortcuts.values()
        if name not in names and not has_shortcut:
            raise NotFound(f"no model named {name!r}", did_you_mean(name, names, "vong gateway models"))
        if uses_anthropic_format(request.headers):
            return respond(model_info(name))
        return json_response(await self._model_object(principal, name))

    def _is_for_tests(self, name: str) -> bool:
        return getattr(self._gateway.providers.get(name.partition("/")[0]), "is_for_tests", False)

    async def _model_object(self, principal: GatewayPrincipal, name: str) -> dict[str, Any]:
        """Return a model as OpenAI's model object. A model that is not a route was created with this server."""
        route = (await self._gateway.load_catalog(principal)).routes.get(name)
        created = route.created_at.timestamp() if route else STARTED_AT
        return {"id": name, "object": "model", "created": int(created), "owned_by": "vong"}

    async def _read_body(self, request: Request) -> bytes:
        return await limit_body(request, self._max_body, "max_request_bytes").body()


class ModelCallResponse(Response):
    """Response of a model call, complete or streamed. A client disconnect cancels the call at the upstream.

    `create_writer` returns the writer of the response.
    """

    def __init__(self, call: ModelCall, create_writer: Callable[[Send], "AsgiResponseWriter"] | None = None) -> None:
        super().__init__()
        self._call = call
        self._create_writer = create_writer or AsgiResponseWriter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the call and send its response as it arrives."""
        del scope
        writer = self._create_writer(send)
        await cancel_on_disconnect(run_call(self._call, writer), writer, receive)


async def cancel_on_disconnect(
    response: Coroutine[Any, Any, None], writer: "AsgiResponseWriter", receive: Receive
) -> None:
    """Await `response` in the current task, and cancel this task if the client disconnects before it is done."""
    task = asyncio.current_task()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        writer.client_left = True
        if task is not None:
            task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        await response
    finally:
        watcher.cancel()


class AsgiResponseWriter:
    """Response writer over ASGI."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.client_left = False

    async def start(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes, *, more: bool) -> None:
        """Send a part of the body, and wait if the client reads slowly."""
        await self._send({"type": "http.response.body", "body": data, "more_body": more})


def name_model(body: bytes, model: str) -> bytes:
    """Return a request body with the model that the path names. A malformed body is left to the parser of the call."""
    try:
        return with_model(body, model)
    except msgspec.MsgspecError:
        return body
