"""HTTP API of an engine process: an ASGI application on loopback that requires a bearer token.

Routes: `GET /health`, `GET /v1/models`, `POST /v1/chat/completions`, `POST /tokenize`, `POST /logprobs`,
`POST /adapters`, `DELETE /adapters/{name}`. `/health` also answers while the model is loading.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

from vong.errors import InvalidInput, NotFound, Unauthenticated, Unavailable, VongError
from vong.serving.engine import Engine, GenerationChunk
from vong.serving.engine.chat import ChatCompletion, parse_chat

log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class EngineApp:
    """ASGI application of an engine. Each deployment name maps to the base model or to an adapter."""

    def __init__(self, token: str, process_info: dict[str, Any]) -> None:
        self.engine: Engine | None = None
        self.failure: str | None = None
        self._token = token
        self._process_info = process_info
        self._adapter_folders: dict[str, str | None] = {}  # name -> folder of the adapter, None for the base model
        self._logprobs_semaphore = asyncio.Semaphore(1)
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[dict[str, Any]]]] = {
            ("GET", "/v1/models"): self._list_models,
            ("POST", "/tokenize"): self._tokenize,
            ("POST", "/logprobs"): self._logprobs,
            ("POST", "/adapters"): self._serve_model,
        }

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        try:
            await self._dispatch(scope, receive, send)
        except VongError as error:
            await send_json(send, *openai_error(error))

    async def _dispatch(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        authorization = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(authorization, f"Bearer {self._token}".encode()):
            raise Unauthenticated(
                "the engine accepts requests of its server only", "send the request to /v1 of the server"
            )
        if (method, path) == ("GET", "/health"):
            return await send_json(send, 200, self._health())
        body = await read_body(receive)
        if (method, path) == ("POST", "/v1/chat/completions"):
            return await self._chat_completions(body, receive, send)
        if method == "DELETE" and path.startswith("/adapters/"):
            return await send_json(send, 200, await self._stop_serving(path.removeprefix("/adapters/")))
        if (method, path) not in self._routes:
            raise NotFound(f"no route {method} {path}", "see docs/guides/serving.md")
        return await send_json(send, 200, await self._routes[method, path](body))

    def _health(self) -> dict[str, Any]:
        state = "failed" if self.failure else "ready" if self.engine else "loading"
        load = self.engine.load if self.engine else None
        return {
            **self._process_info,
            "state": state,
            "reason": self.failure,
            "precision": self.engine.precision if self.engine else None,
            "memory": resident_memory(),
            "models": dict(self._adapter_folders),
            "active": load.active if load else 0,
            "waiting": load.waiting if load else 0,
            "tokens": load.tokens if load else 0,
        }

    def _require_engine(self) -> Engine:
        if self.engine is None:
            raise Unavailable(self.failure or "the model is still loading", "retry later")
        return self.engine

    def _resolve_adapter(self, name: str) -> str | None:
        if name not in self._adapter_folders:
            available = ", ".join(map(repr, self._adapter_folders)) or "none yet"
            raise NotFound(f"the engine serves no model named {name!r}", f"available models: {available}")
        return None if self._adapter_folders[name] is None else name

    async def _list_models(self, _: bytes) -> dict[str, Any]:
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "vong"} for name in self._adapter_folders]
        return {"object": "list", "data": models}

    async def _chat_completions(self, body: bytes, receive: Receive, send: Send) -> None:
        request = parse_chat(body)
        engine, generation = self._require_engine(), request.to_generation_request(self._resolve_adapter(request.model))
        response = ChatCompletion(request.model)
        chunks = engine.generate(generation)
        if request.stream:
            response_task = asyncio.ensure_future(send_stream(chunks, response, request.include_usage, send))
        else:
            response_task = asyncio.ensure_future(send_completion(chunks, response, send))
        disconnect_task = asyncio.ensure_future(wait_for_disconnect(receive))
        try:
            await asyncio.wait({response_task, disconnect_task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            disconnect_task.cancel()
            if not response_task.done():
                response_task.cancel()
        if not response_task.cancelled():
            await asyncio.gather(
                response_task, return_exceptions=disconnect_task.done() and not disconnect_task.cancelled()
            )

    async def _tokenize(self, body: bytes) -> dict[str, Any]:
        values = parse_fields(body, model=str, messages=list)
        engine, adapter = self._require_engine(), self._resolve_adapter(values["model"])
        return {"ids": await asyncio.to_thread(engine.tokenize, adapter, values["messages"])}

    async def _logprobs(self, body: bytes) -> dict[str, Any]:
        """Return log-probabilities. `positions` and `top` default to 1 and 20."""
        values = parse_fields(body, model=str, ids=list)
        engine, adapter = self._require_engine(), self._resolve_adapter(values["model"])
        positions, top = int(values.get("positions", 1)), int(values.get("top", 20))
        if not 1 <= positions <= len(values["ids"]) or not 1 <= top <= 100:
            raise InvalidInput(
                "positions must be between 1 and the number of ids, top between 1 and 100", "lower these values"
            )
        async with self._logprobs_semaphore:
            results = await asyncio.to_thread(engine.logprobs, adapter, values["ids"], positions, top)
        return {"positions": [[[token, score] for token, score in position.items()] for position in results]}

    async def _serve_model(self, body: bytes) -> dict[str, Any]:
        """Serve the base model (folder null) or an adapter under a name."""
        values = parse_fields(body, name=str)
        engine, name, folder = self._require_engine(), values["name"], values.get("folder")
        if folder is not None:
            await asyncio.to_thread(engine.set_adapter, name, Path(folder))
        elif self._adapter_folders.get(name):
            await asyncio.to_thread(engine.set_adapter, name, None)
        self._adapter_folders[name] = folder
        log.info("serving %r from %s", name, folder or "the base model")
        return {"models": dict(self._adapter_folders)}

    async def _stop_serving(self, name: str) -> dict[str, Any]:
        if self._resolve_adapter(name) is not None:
            await asyncio.to_thread(self._require_engine().set_adapter, name, None)
        self._adapter_folders.pop(name, None)
        log.info("stopped serving %r", name)
        return {"models": dict(self._adapter_folders)}


async def send_completion(chunks: AsyncGenerator[GenerationChunk], response: ChatCompletion, send: Send) -> None:
    """Send the whole completion as one JSON object."""
    async with aclosing(chunks):
        collected = [chunk async for chunk in chunks]
    await send_json(send, 200, response.to_completion(collected))


async def send_stream(
    chunks: AsyncGenerator[GenerationChunk], response: ChatCompletion, with_usage: bool, send: Send
) -> None:
    """Send a completion as server-sent events. A failure before the first chunk is raised, not sent as an event."""
    async with aclosing(chunks):
        chunk = await anext(chunks)
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send_event(send, response.first_chunk())
        try:
            await send_event(send, response.text_chunk(chunk))
            async for chunk in chunks:
                await send_event(send, response.text_chunk(chunk))
            if with_usage:
                await send_event(send, response.usage_chunk(chunk))
            await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})
        except VongError as error:
            await send_event(send, openai_error(error)[1])
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def send_event(send: Send, value: dict[str, Any]) -> None:
    """Send one server-sent event."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})


async def send_json(send: Send, status: int, value: dict[str, Any]) -> None:
    """Send a JSON response."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive) -> bytes:
    """Read the whole body of a request."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass


def parse_fields(body: bytes, **types: type) -> dict[str, Any]:
    """Parse a JSON object with required fields of the given types.

    Raises: InvalidInput if the body is not JSON or a field is missing or has another type.
    """
    try:
        value = json.loads(body)
    except ValueError as error:
        raise InvalidInput(f"the body is not JSON: {error}", "send a JSON object") from error
    for name, kind in types.items():
        if not isinstance(value, dict) or not isinstance(value.get(name), kind):
            raise InvalidInput(f"field {name!r} must have type {kind.__name__}", "see docs/guides/serving.md")
    return value


def openai_error(error: VongError) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body of an error in OpenAI's format."""
    kinds = {401: "authentication_error", 404: "not_found_error", 503: "overloaded_error"}
    status = 400 if isinstance(error, InvalidInput) else error.status
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return status, {"error": {"message": str(error), "type": kind, "param": None, "code": error.code}}


def resident_memory() -> int:
    """Return the resident memory of this process in bytes."""
    import psutil

    return psutil.Process().memory_info().rss
