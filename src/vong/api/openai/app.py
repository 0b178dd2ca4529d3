"""Starlette application of the OpenAI-compatible API: the routes under `/v1` and their errors.

Under uvicorn the protocol (`protocol.model_calls`) takes most model calls before they reach this application.
"""

from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vong.api.http.missing_paths import describe_missing_v1
from vong.api.openai.anthropic_files import AnthropicFileHandlers
from vong.api.openai.anthropic_format import choose_by_format, find_error_format
from vong.api.openai.errors import encode_error, error_fields, http_status
from vong.api.openai.exception_handlers import build_exception_handlers
from vong.api.openai.files_and_batches import BatchHandlers, FileHandlers
from vong.api.openai.fine_tuning import DeleteModelHandler, FineTuningHandlers
from vong.api.openai.media_handlers import MediaHandlers
from vong.api.openai.message_batches import MessageBatchHandlers
from vong.api.openai.model_handlers import ModelHandlers
from vong.api.openai.responder import error_headers, request_id_headers
from vong.api.openai.stored_responses import ResponseHandlers, get_openapi
from vong.api.openai.vector_stores.handlers import VectorStoreHandlers
from vong.app import Platform
from vong.errors import NotFound, VongError
from vong.gateway.endpoints import ENDPOINT_PATHS
from vong.gateway.gateway import Gateway

COUNT_TOKENS_PATH = "/v1/messages/count_tokens"
FILES_AND_BATCHES_PATHS = ("/v1/files", "/v1/batches", "/v1/fine_tuning", "/v1/vector_stores")


def create_openai_app(platform: Platform, gateway: Gateway) -> Starlette:
    """Return the application for everything under `/v1/`."""
    models = ModelHandlers(gateway, platform.settings.max_request_bytes)
    responses = ResponseHandlers(gateway, platform.settings.max_request_bytes)
    files, batches = FileHandlers(platform, gateway), BatchHandlers(platform, gateway)
    anthropic_files = AnthropicFileHandlers(platform, gateway)
    message_batches = MessageBatchHandlers(platform, gateway)
    media = MediaHandlers(gateway, platform.settings.max_request_bytes)
    routes = [
        *(Route(path, partial(models.create_call, name), methods=["POST"]) for path, name in ENDPOINT_PATHS.items()),
        Route(COUNT_TOKENS_PATH, models.count_tokens, methods=["POST"]),
        *message_batches.routes(),
        *media.routes(),
        Route("/v1/moderations", models.create_moderation, methods=["POST"]),
        Route("/v1/models", models.list_models, methods=["GET"]),
        Route("/v1/models/{model:path}", models.get_model, methods=["GET"]),
        Route("/v1/models/{model:path}", DeleteModelHandler(platform, gateway).delete_model, methods=["DELETE"]),
        Route("/v1/responses/input_tokens", responses.count_input_tokens, methods=["POST"]),
        Route("/v1/responses/compact", responses.reject_compact, methods=["POST"]),
        Route("/v1/responses/{id}/cancel", responses.reject_cancel, methods=["POST"]),
        Route("/v1/responses/{id}", responses.get_response, methods=["GET"]),
        Route("/v1/responses/{id}", responses.delete_response, methods=["DELETE"]),
        Route("/v1/responses/{id}/input_items", responses.list_input_items, methods=["GET"]),
        Route("/v1/files", choose_by_format(files.upload_file, anthropic_files.upload_file), methods=["POST"]),
        Route("/v1/files", choose_by_format(files.list_files, anthropic_files.list_files), methods=["GET"]),
        Route("/v1/files/{id}", choose_by_format(files.get_file, anthropic_files.get_file), methods=["GET"]),
        Route("/v1/files/{id}", choose_by_format(files.delete_file, anthropic_files.delete_file), methods=["DELETE"]),
        Route("/v1/files/{id}/content", files.get_file_content, methods=["GET"]),
        *FineTuningHandlers(platform, gateway).routes(),
        *VectorStoreHandlers(platform, gateway).routes(),
        Route("/v1/batches", batches.create_batch, methods=["POST"]),
        Route("/v1/batches", batches.list_batches, methods=["GET"]),
        Route("/v1/batches/{id}", batches.get_batch, methods=["GET"]),
        Route("/v1/batches/{id}/cancel", batches.cancel_batch, methods=["POST"]),
        Route("/v1/openapi.json", get_openapi, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers=build_exception_handlers(
            _error_response, describe_missing_v1, "see docs/guides/batches.md for an example"
        ),
    )
    app.router.redirect_slashes = False
    return app


def _error_response(request: Request, error: VongError) -> Response:
    path: str = request.scope["path"]
    endpoint = find_error_format(path, request.headers)
    head = request_id_headers(endpoint)
    body = encode_error(error, endpoint, head[0][1].decode())
    if (
        endpoint == "chat" and isinstance(error, NotFound) and path.startswith(FILES_AND_BATCHES_PATHS)
    ):  # the file or batch, not a model
        fields = {"param": getattr(error, "param", "id"), "code": error.code}
        body = msgspec.json.encode({"error": {**error_fields(error), **fields}})
    response = Response(body, http_status(error))
    response.raw_headers = error_headers(error, body, head)
    return response
