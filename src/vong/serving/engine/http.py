"""HTTP API of an engine process: a Starlette application on loopback that requires a bearer token.

Routes: `GET /health`, `GET /log`, `GET /v1/models`, `POST /v1/chat/completions`, `POST /v1/completions`, `POST
/tokenize`, `POST /logprobs`, `POST /adapters`, `DELETE /adapters/{name}`. `/health` also answers while the model loads.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from vong.errors import InvalidInput, NotFound, Unauthenticated, Unavailable, Unsupported, VongError
from vong.log_files import read_last_lines
from vong.processes import resident_bytes
from vong.serving.engine import Engine, EngineSettings, GenerationChunk, TextEngine
from vong.serving.engine.admission import Admission, AdmittedRequest
from vong.serving.engine.embeddings.http import EmbeddingRoutes
from vong.serving.engine.forwarding import ForwardingEngine, forward
from vong.serving.engine.protocol.chat import ChatCompletion, check_engine, parse_chat
from vong.serving.engine.protocol.choices import collect_all, merge
from vong.serving.engine.protocol.request_defaults import apply_defaults
from vong.serving.engine.protocol.request_fields import choice_requests
from vong.serving.engine.protocol.text_completions import TextCompletion, parse_text_request
from vong.serving.engine.request_queue import request_rank

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Maximum size of a request body: a context of a million tokens as JSON fits several times."""
MAX_LOG_LINES = 2000
T = TypeVar("T")


class EngineApp(Starlette):
    """Application of an engine. Each deployment name maps to the base model or to an adapter."""

    def __init__(
        self,
        token: str,
        process_info: dict[str, Any],
        settings: EngineSettings | None = None,
        *,
        log_file: Path | None = None,
    ) -> None:
        self.engine: Engine | None = None
        self.failure: str | None = None
        self.admission = Admission(settings or EngineSettings())
        self._authorization = f"Bearer {token}".encode()
        self._process_info = process_info
        self._log_file = log_file
        self._adapter_folders: dict[str, str | None] = {}  # name -> folder of the adapter, None for the base model
        self._defaults: dict[str, dict[str, Any]] = {}  # name -> fields that a request gets if it does not set them
        self._logprobs_semaphore = asyncio.Semaphore(1)
        routes = [
            Route("/health", self._health),
            Route("/metrics", self._metrics),
            Route("/log", self._read_log),
            Route("/v1/models", self._list_models),
            Route("/v1/chat/completions", self._chat_completions, methods=["POST"]),
            Route("/v1/completions", self._text_completions, methods=["POST"]),
            *EmbeddingRoutes(self._find_engine, read_body, self._run_queued, json_response).routes(),
            Route("/tokenize", self._tokenize, methods=["POST"]),
            Route("/logprobs", self._logprobs, methods=["POST"]),
            Route("/adapters", self._serve_model, methods=["POST"]),
            Route("/adapters/{name:path}", self._stop_serving, methods=["DELETE"]),
        ]
        # Starlette logs the traceback of errors that only `Exception` matches.
        kinds: tuple[type[Exception], ...] = (VongError, HTTPException, ClientDisconnect, Exception)
        super().__init__(routes=routes, exception_handlers=dict.fromkeys(kinds, error_response))
        self.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. Requests without the token are rejected before their body is read."""
        if scope["type"] == "http":
            authorization = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(authorization, self._authorization):
                hint = "send the request to /v1 of the server"
                error = Unauthenticated("the engine accepts requests of its server only", hint)
                return await error_response(Request(scope), error)(scope, receive, send)
            if isinstance(self.engine, ForwardingEngine) and scope["path"] in self.engine.forwarded_paths:
                response = await self._forward(Request(scope, receive), self.engine)
                return await response(scope, receive, send)
        await super().__call__(scope, receive, send)

    async def _forward(self, request: Request, engine: ForwardingEngine) -> Response:
        try:
            body = apply_defaults(await read_body(request), self._defaults)
            work = forward(request, body, engine, self._resolve_adapter, self.admission)
            return await cancel_on_disconnect(request, work)  # before the response has started
        except (VongError, ClientDisconnect) as error:
            return error_response(request, error)

    async def _metrics(self, _: Request) -> Response:
        """Return the metrics of the server that the engine runs."""
        engine = self._require_engine()
        if not isinstance(engine, ForwardingEngine):
            raise Unsupported("the engine has no metrics of its own", "see GET /metrics of Vong")
        return Response(await asyncio.to_thread(engine.metrics), media_type="text/plain; version=0.0.4")

    async def _read_log(self, request: Request) -> Response:
        """Return the last `lines` lines of the log of this process."""
        lines = request.query_params.get("lines", "100")
        if not lines.isdecimal() or not 1 <= int(lines) <= MAX_LOG_LINES:
            raise InvalidInput(f"lines is {lines!r}", f"set a number from 1 to {MAX_LOG_LINES}")
        found = await asyncio.to_thread(read_last_lines, self._log_file, int(lines)) if self._log_file else []
        return json_response({"lines": found})

    async def _health(self, request: Request) -> Response:
        """Return state, load and measures. With `?generate=1` an idle engine generates one token first."""
        state = "failed" if self.failure else "ready" if self.engine else "loading"
        answer: dict[str, Any] = {
            **self._process_info,
            "state": state,
            "reason": self.failure,
            "precision": self.engine.precision if self.engine else None,
            "memory": resident_bytes(),
            "models": self._adapter_folders,
            "defaults": self._defaults,
        }
        if self.engine and request.query_params.get("generate") == "1":
            answer["generates"] = await self.admission.check_engine(self.engine)
        return json_response({**answer, **self.admission.to_dict(self.engine)})

    def _require_engine(self) -> Engine:
        if self.engine is None:
            raise Unavailable(self.failure or "the model is still loading", "retry later")
        return self.engine

    def _resolve_adapter(self, name: str) -> str | None:
        if name not in self._adapter_folders:
            available = ", ".join(map(repr, self._adapter_folders)) or "none yet"
            raise NotFound(f"the engine serves no model named {name!r}", f"available models: {available}")
        return None if self._adapter_folders[name] is None else name

    def _find_engine(self, name: str) -> Engine:
        """Return the engine if it serves a model under a name."""
        engine = self._require_engine()
        self._resolve_adapter(name)
        return engine

    async def _run_queued(self, request: Request, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of work that waits for a slot and ends as soon as the client disconnects."""
        try:
            admitted = self.admission.admit(request_rank(request.headers, None, 0))
        except VongError:
            work.close()
            raise
        return await cancel_on_disconnect(request, admitted.run(work))

    async def _list_models(self, _: Request) -> Response:
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "vong"} for name in self._adapter_folders]
        return json_response({"object": "list", "data": models})

    async def _chat_completions(self, request: Request) -> Response:
        chat = parse_chat(apply_defaults(await read_body(request), self._defaults))
        engine, generation = self._require_engine(), chat.to_generation_request(self._resolve_adapter(chat.model))
        check_engine(engine, generation)
        completion = ChatCompletion(chat.model, uses_functions=chat.uses_functions)
        admitted = self.admission.admit(request_rank(request.headers, chat.service_tier, chat.priority))
        choices = [admitted.generate(engine.generate, one) for one in choice_requests(generation, chat.n)]
        if chat.stream:
            events = chat_events(merge(choices), completion, chat.n, chat.include_usage)
            return await stream_response(request, events, admitted)
        body = completion.to_completion(await cancel_on_disconnect(request, collect_all(choices)))
        return json_response(body, headers=admitted.headers)

    async def _text_completions(self, request: Request) -> Response:
        text = parse_text_request(apply_defaults(await read_body(request), self._defaults))
        engine, adapter = self._require_engine(), self._resolve_adapter(text.model)
        if not isinstance(engine, TextEngine):
            message = f"the engine of {text.model!r} does not complete texts"
            raise Unsupported(message, "send the request to /v1/chat/completions")
        admitted = self.admission.admit(request_rank(request.headers, text.service_tier, text.priority))
        completion = TextCompletion(engine, text, adapter, admitted)
        if text.stream:
            return await stream_response(request, completion.stream(), admitted)
        body = await cancel_on_disconnect(request, completion.complete())
        return json_response(body, headers=admitted.headers)

    async def _tokenize(self, request: Request) -> Response:
        """Return the token ids of a conversation (`messages`), or of a text (`prompt`)."""
        values = await read_fields(request, model=str)
        engine, adapter = self._require_engine(), self._resolve_adapter(values["model"])
        if isinstance(values.get("prompt"), str):
            if not isinstance(engine, TextEngine):
                raise Unsupported("the engine does not tokenize texts", "send messages")
            return json_response({"ids": await asyncio.to_thread(engine.encode, adapter, values["prompt"])})
        if not isinstance(values.get("messages"), list):
            raise InvalidInput("field 'messages' must have type list", "send messages, or a text as prompt")
        tools = [values["tools"]] if values.get("tools") else []  # an engine of a plugin may not take tools
        return json_response({"ids": await asyncio.to_thread(engine.tokenize, adapter, values["messages"], *tools)})

    async def _logprobs(self, request: Request) -> Response:
        """Return log-probabilities. `positions` and `top` default to 1 and 20."""
        values = await read_fields(request, model=str, ids=list)
        engine, adapter = self._require_engine(), self._resolve_adapter(values["model"])
        positions, top = int(values.get("positions", 1)), int(values.get("top", 20))
        if not 1 <= positions <= len(values["ids"]) or not 1 <= top <= 100:
            raise InvalidInput(
                "positions must be between 1 and the number of ids, top between 1 and 100", "lower these values"
            )
        async with self._logprobs_semaphore:
            results = await asyncio.to_thread(engine.logprobs, adapter, values["ids"], positions, top)
        return json_response({"positions": [list(position.items()) for position in results]})

    async def _serve_model(self, request: Request) -> Response:
        """Serve the base model (folder null) or an adapter under a name, with the defaults of its requests."""
        values = await read_fields(request, name=str)
        engine, name, folder = self._require_engine(), values["name"], values.get("folder")
        if folder is not None:
            await asyncio.to_thread(engine.set_adapter, name, Path(folder))
        elif self._adapter_folders.get(name):
            await asyncio.to_thread(engine.set_adapter, name, None)
        self._adapter_folders[name] = folder
        self._set_defaults(name, values.get("defaults"))
        log.info("serving %r from %s", name, folder or "the base model")
        return json_response({"models": self._adapter_folders})

    def _set_defaults(self, name: str, defaults: Any) -> None:
        self._defaults.pop(name, None)
        if isinstance(defaults, dict) and defaults:
            self._defaults[name] = defaults

    async def _stop_serving(self, request: Request) -> Response:
        name = request.path_params["name"]
        if self._resolve_adapter(name) is not None:
            await asyncio.to_thread(self._require_engine().set_adapter, name, None)
        self._adapter_folders.pop(name, None)
        self._set_defaults(name, None)
        log.info("stopped serving %r", name)
        return json_response({"models": self._adapter_folders})


class EventStream(StreamingResponse):
    """Server-sent events. `chunks` are closed as soon as the client disconnects, which frees their slots."""

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[bytes], chunks: AsyncGenerator[dict[str, Any]], headers: dict[str, str]
    ) -> None:
        super().__init__(events, headers={"cache-control": "no-cache", **headers})
        self._events, self._chunks = events, chunks

    async def stream_response(self, send: Send) -> None:
        """Send the events."""
        async with aclosing(self._chunks), aclosing(self._events):
            await super().stream_response(send)


async def stream_response(
    request: Request, chunks: AsyncGenerator[dict[str, Any]], admitted: AdmittedRequest
) -> EventStream:
    """Return the chunks as a stream. A failure before the first chunk is raised and has its status."""
    first = await cancel_on_disconnect(request, anext(chunks))
    return EventStream(encode_events(first, chunks), chunks, admitted.headers)


async def encode_events(first: dict[str, Any], chunks: AsyncGenerator[dict[str, Any]]) -> AsyncGenerator[bytes]:
    """Yield chunks as server-sent events."""
    yield encode_event(first)
    try:
        async for chunk in chunks:
            yield encode_event(chunk)
        yield b"data: [DONE]\n\n"
    except VongError as error:
        yield encode_event(openai_error(error)[1])


async def chat_events(
    parts: AsyncGenerator[tuple[int, GenerationChunk]], completion: ChatCompletion, count: int, include_usage: bool
) -> AsyncGenerator[dict[str, Any]]:
    """Yield the chunks of a chat completion with `count` choices. The first one follows the first generated part."""
    last, started = [GenerationChunk()] * count, False
    async with aclosing(parts):
        async for index, part in parts:
            for head in () if started else completion.first_chunks(count):
                yield head
            started, last[index] = True, part
            yield completion.text_chunk(index, part)
    if include_usage:
        yield completion.usage_chunk(last)


async def cancel_on_disconnect(request: Request, work: Awaitable[T]) -> T:
    """Return the result of `work`, which is cancelled as soon as the client disconnects.

    Raises: ClientDisconnect if the client disconnects first.
    """
    work_task = asyncio.ensure_future(work)
    disconnect_task = asyncio.ensure_future(wait_for_disconnect(request))
    try:
        await asyncio.wait({work_task, disconnect_task}, return_when=asyncio.FIRST_COMPLETED)
        if not work_task.done():
            raise ClientDisconnect
        return work_task.result()
    finally:
        work_task.cancel()
        disconnect_task.cancel()
        await asyncio.wait({work_task, disconnect_task})


async def wait_for_disconnect(request: Request) -> None:
    """Wait until the client disconnects."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def read_body(request: Request) -> bytes:
    """Read the body of a request.

    Raises: InvalidInput if the body exceeds the maximum size.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise InvalidInput(f"the body exceeds {MAX_BODY_BYTES} bytes", "send a shorter request")
    return bytes(body)


async def read_fields(request: Request, **types: type) -> dict[str, Any]:
    """Read a JSON object with required fields of the given types.

    Raises: InvalidInput if the body is not JSON or a field is missing or has another type.
    """
    try:
        value = json.loads(await read_body(request))
    except ValueError as error:
        raise InvalidInput(f"the body is not JSON: {error}", "send a JSON object") from error
    for name, kind in types.items():
        if not isinstance(value, dict) or not isinstance(value.get(name), kind):
            raise InvalidInput(f"field {name!r} must have type {kind.__name__}", "see docs/guides/serving.md")
    return value


def encode_json(value: dict[str, Any]) -> bytes:
    """Encode JSON. A JSONResponse would reject infinity, which is a valid log-probability."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def encode_event(value: dict[str, Any]) -> bytes:
    """Encode one server-sent event."""
    return b"data: %b\n\n" % encode_json(value)


def json_response(value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Build a JSON response."""
    return Response(encode_json(value), status, headers, media_type="application/json")


def error_response(request: Request, error: Exception) -> Response:
    """Build the response for an error. A client that disconnected receives nothing."""
    if isinstance(error, ClientDisconnect):
        return Response(status_code=499)
    if isinstance(error, HTTPException):
        error = NotFound(f"no route {request.method} {request.url.path}", "see docs/guides/serving.md")
    elif not isinstance(error, VongError):
        error = VongError("internal error of the engine", "see the log of the deployment")
    status, body = openai_error(error)
    seconds = getattr(error, "retry_after", None)
    return json_response(body, status, None if seconds is None else {"retry-after": str(seconds)})


def openai_error(error: VongError) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the body of an error in OpenAI's format."""
    kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error", 503: "overloaded_error"}
    status = 400 if isinstance(error, InvalidInput) else error.status
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return status, {"error": {"message": str(error), "type": kind, "param": None, "code": error.code}}
