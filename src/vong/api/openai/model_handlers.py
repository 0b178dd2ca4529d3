"""Handlers of model calls, token counts, moderations and the list of models.

Model calls arrive here if they do not come through uvicorn's protocol, for example with a query string.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vong.api.openai.requests import authenticate, json_response, limit_body
from vong.api.openai.responder import Headers, run_call
from vong.errors import NotFound, did_you_mean
from vong.gateway.endpoints.parsing import TraceContext
from vong.gateway.gateway import Gateway
from vong.gateway.pipeline.call import ModelCall
from vong.gateway.providers import Endpoint


class ModelHandlers:
    """Handlers of the routes that call or list models. `max_body` is the maximum bytes of a request body."""

    def __init__(self, gateway: Gateway, max_body: int) -> None:
        self._gateway = gateway
        self._max_body = max_body

    async def create_call(self, endpoint: Endpoint, request: Request) -> Response:
        """Handle `POST` to the path of an endpoint: run a model call."""
        principal = await authenticate(self._gateway, request)
        body, trace = await self._read_body(request), TraceContext.from_headers(request.headers)
        return ModelCallResponse(self._gateway.create_call(principal, endpoint, body, trace))

    async def count_tokens(self, request: Request) -> Response:
        """Handle `POST /v1/messages/count_tokens`: count the tokens of a messages request."""
        principal = await authenticate(self._gateway, request)
        count = await self._gateway.count_tokens(principal, await self._read_body(request))
        return json_response({"input_tokens": count})

    async def create_moderation(self, request: Request) -> Response:
        """Handle `POST /v1/moderations`: return the detections of guards in texts."""
        principal = await authenticate(self._gateway, request)
        body, trace = await self._read_body(request), TraceContext.from_headers(request.headers)
        return json_response(await self._gateway.moderate(principal, body, trace))

    async def list_models(self, request: Request) -> Response:
        """Handle `GET /v1/models`: list the models that the caller can call."""
        names = await self._gateway.list_models(await authenticate(self._gateway, request))
        return json_response({"object": "list", "data": [model_object(name) for name in names]})

    async def get_model(self, request: Request) -> Response:
        """Handle `GET /v1/models/{model}`: return a model."""
        name = request.path_params["model"]
        names = await self._gateway.list_models(await authenticate(self._gateway, request))
        if name not in names:
            raise NotFound(f"no model named {name!r}", did_you_mean(name, names, "vong gateway models"))
        return json_response(model_object(name))

    async def _read_body(self, request: Request) -> bytes:
        return await limit_body(request, self._max_body, "max_request_bytes").body()


class ModelCallResponse(Response):
    """Response of a model call, complete or streamed. A client disconnect cancels the call at the upstream."""

    def __init__(self, call: ModelCall) -> None:
        super().__init__()
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the call and send its response as it arrives."""
        del scope
        writer, task = AsgiResponseWriter(send), asyncio.current_task()

        async def cancel_on_disconnect() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            writer.client_left = True
            if task is not None:
                task.cancel()

        watcher = asyncio.create_task(cancel_on_disconnect())
        try:
            await run_call(self._call, writer)
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


def model_object(name: str) -> dict[str, Any]:
    """Return a model as OpenAI's model object."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "vong"}
