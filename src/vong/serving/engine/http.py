"""The HTTP face of an engine process: a raw ASGI application on loopback, behind a bearer token.

`GET /health`, `GET /v1/models`, `POST /v1/chat/completions`, `POST /tokenize`, `POST /logprobs`, `POST /adapters`,
`DELETE /adapters/{name}`. It answers `/health` while the model still loads.
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
    """Routes requests to the engine. A deployment is served under its name: by the base, or by its adapter."""

    def __init__(self, token: str, about: dict[str, Any]) -> None:
        self.engine: Engine | None = None
        self.failure: str | None = None
        self._token = token
        self._about = about
        self._served: dict[str, str | None] = {}  # name -> the adapter's folder, None for the base
        self._parity = asyncio.Semaphore(1)
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[dict[str, Any]]]] = {
            ("GET", "/v1/models"): self._models,
            ("POST", "/tokenize"): self._tokenize,
            ("POST", "/logprobs"): self._logprobs,
            ("POST", "/adapters"): self._adopt,
        }

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        try:
            await self._answer(scope, receive, send)
        except VongError as error:
            await send_json(send, *openai_error(error))

    async def _answer(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        offered = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(offered, f"Bearer {self._token}".encode()):
            raise Unauthenticated("this engine answers its own server only", "call the server's /v1 instead")
        if (method, path) == ("GET", "/health"):
            return await send_json(send, 200, self._health())
        body = await read(receive)
        if (method, path) == ("POST", "/v1/chat/completions"):
            return await self._chat(body, receive, send)
        if method == "DELETE" and path.startswith("/adapters/"):
            return await send_json(send, 200, await self._drop(path.removeprefix("/adapters/")))
        if (method, path) not in self._routes:
            raise NotFound(f"no route {method} {path}", "see docs/guides/serving.md")
        return await send_json(send, 200, await self._routes[method, path](body))

    def _health(self) -> dict[str, Any]:
        state = "failed" if self.failure else "ready" if self.engine else "loading"
        load = self.engine.load if self.engine else None
        return {
            **self._about,
            "state": state,
            "reason": self.failure,
            "precision": self.engine.precision if self.engine else None,
            "memory": resident(),
            "models": dict(self._served),
            "active": load.active if load else 0,
            "waiting": load.waiting if load else 0,
            "tokens": load.tokens if load else 0,
        }

    def _loaded(self) -> Engine:
        if self.engine is None:
            raise Unavailable(self.failure or "the model is still loading", "ask again in a moment")
        return self.engine

    def _adapter(self, name: str) -> str | None:
        if name not in self._served:
            known = ", ".join(map(repr, self._served)) or "none yet"
            raise NotFound(f"the engine serves no model named {name!r}", f"it serves: {known}")
        return None if self._served[name] is None else name

    async def _models(self, _: bytes) -> dict[str, Any]:
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "vong"} for name in self._served]
        return {"object": "list", "data": models}

    async def _chat(self, body: bytes, receive: Receive, send: Send) -> None:
        request = parse_chat(body)
        engine, wanted = self._loaded(), request.generation(self._adapter(request.model))
        reply = ChatCompletion(request.model)
        pieces = engine.generate(wanted)
        if request.stream:
            work = asyncio.ensure_future(stream(pieces, reply, request.usage_in_stream, send))
        else:
            work = asyncio.ensure_future(whole(pieces, reply, send))
        gone = asyncio.ensure_future(disconnected(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
        if not work.cancelled():
            await asyncio.gather(work, return_exceptions=gone.done() and not gone.cancelled())

    async def _tokenize(self, body: bytes) -> dict[str, Any]:
        asked = fields(body, model=str, messages=list)
        engine, adapter = self._loaded(), self._adapter(asked["model"])
        return {"ids": await asyncio.to_thread(engine.tokenize, adapter, asked["messages"])}

    async def _logprobs(self, body: bytes) -> dict[str, Any]:
        """`positions` and `top` default to 1 and 20."""
        asked = fields(body, model=str, ids=list)
        engine, adapter = self._loaded(), self._adapter(asked["model"])
        positions, top = int(asked.get("positions", 1)), int(asked.get("top", 20))
        if not 1 <= positions <= len(asked["ids"]) or not 1 <= top <= 100:
            raise InvalidInput("positions must lie within the ids and top between 1 and 100", "ask for less")
        async with self._parity:
            found = await asyncio.to_thread(engine.logprobs, adapter, asked["ids"], positions, top)
        return {"positions": [[[token, score] for token, score in position.items()] for position in found]}

    async def _adopt(self, body: bytes) -> dict[str, Any]:
        """Serve the base (folder null) or an adapter under a name."""
        asked = fields(body, name=str)
        engine, name, folder = self._loaded(), asked["name"], asked.get("folder")
        if folder is not None:
            await asyncio.to_thread(engine.adapt, name, Path(folder))
        elif self._served.get(name):
            await asyncio.to_thread(engine.adapt, name, None)
        self._served[name] = folder
        log.info("serving %r from %s", name, folder or "the base")
        return {"models": dict(self._served)}

    async def _drop(self, name: str) -> dict[str, Any]:
        if self._adapter(name) is not None:
            await asyncio.to_thread(self._loaded().adapt, name, None)
        self._served.pop(name, None)
        log.info("no longer serving %r", name)
        return {"models": dict(self._served)}


async def whole(pieces: AsyncGenerator[GenerationChunk], reply: ChatCompletion, send: Send) -> None:
    """Answer with one object when all has come."""
    async with aclosing(pieces):
        gathered = [piece async for piece in pieces]
    await send_json(send, 200, reply.whole(gathered))


async def stream(pieces: AsyncGenerator[GenerationChunk], reply: ChatCompletion, with_usage: bool, send: Send) -> None:
    """Answer with server-sent events. What fails before the first piece is still a plain error."""
    async with aclosing(pieces):
        piece = await anext(pieces)
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send_event(send, reply.opening())
        try:
            await send_event(send, reply.chunk(piece))
            async for piece in pieces:
                await send_event(send, reply.chunk(piece))
            if with_usage:
                await send_event(send, reply.closing(piece))
            await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})
        except VongError as error:
            await send_event(send, openai_error(error)[1])
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def send_event(send: Send, value: dict[str, Any]) -> None:
    """One server-sent event."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})


async def send_json(send: Send, status: int, value: dict[str, Any]) -> None:
    """A whole JSON answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def read(receive: Receive) -> bytes:
    """The whole body of a request."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def disconnected(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


def fields(body: bytes, **kinds: type) -> dict[str, Any]:
    """A JSON object with at least these fields of these kinds."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise InvalidInput(f"the body is not JSON: {error}", "send a JSON object") from error
    for name, kind in kinds.items():
        if not isinstance(value, dict) or not isinstance(value.get(name), kind):
            raise InvalidInput(f"{name!r} must be given as {kind.__name__}", "see docs/guides/serving.md")
    return value


def openai_error(error: VongError) -> tuple[int, dict[str, Any]]:
    """An error as OpenAI's clients expect it, with its HTTP status."""
    kinds = {401: "authentication_error", 404: "not_found_error", 503: "overloaded_error"}
    status = 400 if isinstance(error, InvalidInput) else error.status
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return status, {"error": {"message": str(error), "type": kind, "param": None, "code": error.code}}


def resident() -> int:
    """The resident memory of this process, in bytes."""
    import psutil

    return psutil.Process().memory_info().rss
