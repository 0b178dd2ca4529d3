"""Starlette application of Ollama's API: its routes and their errors."""

from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from vong.api.ollama.handlers import OllamaHandlers
from vong.api.openai.errors import http_status
from vong.api.openai.exception_handlers import build_exception_handlers
from vong.api.openai.responder import error_headers, request_id_headers
from vong.errors import Unauthenticated, VongError
from vong.gateway.gateway import Gateway

RUNNING_TEXT = "Ollama is running"
"""Answer of Ollama to `GET /`, for which its clients look."""
HELP = "see docs/guides/ollama.md"
KEY_HINT = "set the variable OLLAMA_API_KEY of the client, or its header Authorization: Bearer KEY"
REFUSED_OPERATIONS = {
    "pull": ("POST", "deploy a model with: vong serving deploy; connect a model API with: vong gateway providers set"),
    "push": ("POST", "add a model with: vong registry import"),
    "create": ("POST", "deploy a model with: vong serving deploy; name targets with: vong gateway routes set"),
    "copy": ("POST", "give a model another name with: vong gateway routes set NAME TARGET=1"),
    "delete": ("DELETE", "stop a deployment with: vong serving stop; delete a route with: vong gateway routes delete"),
}
"""Operations that manage the models of Ollama: their method, and how Vong does the same."""
BLOBS_PATH = "/api/blobs/"
PATHS = frozenset(
    {
        *("/api/chat", "/api/generate", "/api/embed", "/api/embeddings"),
        *("/api/tags", "/api/show", "/api/ps", "/api/version"),
        *(f"/api/{operation}" for operation in REFUSED_OPERATIONS),
    }
)


def serves_request(scope: Scope) -> bool:
    """Return True for a request to Ollama's API.

    `/` is Ollama's health check if the client does not accept HTML. Browsers receive the console.
    """
    path: str = scope["path"]
    if path == "/":
        accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
        return scope["method"] in ("GET", "HEAD") and b"text/html" not in accepted
    return path in PATHS or path.startswith(BLOBS_PATH)


def create_ollama_app(gateway: Gateway, max_body: int) -> Starlette:
    """Return the application of Ollama's API. `max_body` is the maximum bytes of a request body."""
    handlers = OllamaHandlers(gateway, max_body)
    refused = [
        Route(f"/api/{operation}", partial(handlers.refuse, operation, hint), methods=[method])
        for operation, (method, hint) in REFUSED_OPERATIONS.items()
    ]
    blobs = partial(handlers.refuse, "blobs", REFUSED_OPERATIONS["create"][1])
    app = Starlette(
        routes=[
            Route("/", get_root, methods=["GET"]),
            Route("/api/version", handlers.get_version, methods=["GET"]),
            Route("/api/chat", handlers.create_chat, methods=["POST"]),
            Route("/api/generate", handlers.create_text, methods=["POST"]),
            Route("/api/embed", handlers.create_embeddings, methods=["POST"]),
            Route("/api/embeddings", handlers.create_embedding, methods=["POST"]),
            Route("/api/tags", handlers.list_models, methods=["GET"]),
            Route("/api/show", handlers.get_model, methods=["POST"]),
            Route("/api/ps", handlers.list_running_models, methods=["GET"]),
            *refused,
            Route(f"{BLOBS_PATH}{{digest:path}}", blobs, methods=["GET", "POST"]),
        ],
        exception_handlers=build_exception_handlers(_error_response, _describe_missing, HELP),
    )
    app.router.redirect_slashes = False
    return app


async def get_root(_: Request) -> Response:
    """Handle `GET /`: answer the health check of clients of Ollama."""
    return PlainTextResponse(RUNNING_TEXT)


def _error_response(_: Request, error: VongError) -> Response:
    if isinstance(error, Unauthenticated):
        error = Unauthenticated(error.message, KEY_HINT)
    body = msgspec.json.encode({"error": str(error)})
    response = Response(body, http_status(error))
    response.raw_headers = error_headers(error, body, request_id_headers("chat"))
    return response


def _describe_missing(path: str) -> tuple[str, str]:
    return f"path {path} does not exist", HELP
