"""The server: REST under `/api/v1`, the OpenAI-compatible surface under `/v1`, health and metrics."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import FastAPI
from fastapi.routing import APIRoute

from vong import __version__
from vong.api.http import problems
from vong.api.http.idempotency import IdempotencyMiddleware
from vong.app import Platform, loop

ROUTES = (
    "data",
    "training",
    "experiments",
    "evals",
    "registry",
    "serving",
    "gateway",
    "gateway_guards",
    "gateway_prices",
    "batches",
    "knowledge",
    "traces",
    "feedback",
    "access",
    "sessions",
    "loop",
    "jobs",
    "health",
    "console",
)


def operation_id(route: APIRoute) -> str:
    """A route's name in the description: its stage and its function, which generated clients call it by."""
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


def create_app(platform: Platform) -> FastAPI:
    """The REST application of one process."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        yield
        platform.close()

    app = FastAPI(
        title="Vong",
        version=__version__,
        description="One self-hosted server for the whole LLMOps loop.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        separate_input_output_schemas=False,  # a record that holds records of its own kind would have two names
        lifespan=lifespan,
    )
    app.state.platform = platform
    platform.on_score.append(loop.on_score)
    app.add_middleware(IdempotencyMiddleware, platform=platform)
    problems.install(app)
    for name in ROUTES:
        app.include_router(import_module(f"vong.api.routes.{name}").routes)
    return app
