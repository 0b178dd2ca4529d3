"""Routes of an engine process for embedding and rerank models: `POST /v1/embeddings` and `POST /v1/rerank`."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vong.embedding_models import EmbeddingTask
from vong.errors import Unsupported
from vong.serving.engine.embeddings.requests import (
    EmbeddingEngine,
    EmbeddingFields,
    RerankFields,
    embedding_response,
    parse_fields,
    rerank_response,
)

FindEngine = Callable[[str], Any]
"""Return the engine that serves a model under a name. Raises NotFound or Unavailable."""
ReadBody = Callable[[Request], Awaitable[bytes]]
Cancel = Callable[[Request, Coroutine[Any, Any, Any]], Awaitable[Any]]
"""Await a result, and stop as soon as the client disconnects."""
Respond = Callable[[dict[str, Any]], Response]


class EmbeddingRoutes:
    """Handlers of embedding and rerank requests, for the application of an engine."""

    def __init__(self, find_engine: FindEngine, read_body: ReadBody, cancel: Cancel, respond: Respond) -> None:
        self._find_engine = find_engine
        self._read_body = read_body
        self._cancel = cancel
        self._respond = respond

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/v1/embeddings", self._embed, methods=["POST"]),
            Route("/v1/rerank", self._rerank, methods=["POST"]),
        ]

    async def _embed(self, request: Request) -> Response:
        fields = parse_fields(EmbeddingFields, await self._read_body(request))
        engine = require_task(self._find_engine(fields.model), "embedding", fields.model)
        result = await self._cancel(request, engine.embed(fields.inputs(), fields.options()))
        return self._respond(embedding_response(fields.model, result, fields.encoding_format))

    async def _rerank(self, request: Request) -> Response:
        fields = parse_fields(RerankFields, await self._read_body(request))
        engine = require_task(self._find_engine(fields.model), "rerank", fields.model)
        texts = fields.texts()
        result = await self._cancel(request, engine.rerank(fields.query, texts, fields.max_tokens_per_doc))
        return self._respond(rerank_response(fields, texts, result))


def require_task(engine: object, task: EmbeddingTask, model: str) -> EmbeddingEngine:
    """Return the engine if its model has a task.

    Raises: Unsupported if the model does something else.
    """
    names = {"embedding": "/v1/embeddings", "rerank": "/v1/rerank"}
    if isinstance(engine, EmbeddingEngine):
        if engine.task == task:
            return engine
        raise Unsupported(f"{model!r} does not serve {names[task]}", f"send the request to {names[engine.task]}")
    raise Unsupported(
        f"{model!r} generates text and does not serve {names[task]}",
        "deploy an embedding model" if task == "embedding" else "deploy a reranker",
    )
