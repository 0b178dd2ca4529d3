"""REST application: the routes under `/api/v1`, the console, health and metrics."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib import import_module

from fastapi import FastAPI
from fastapi.routing import APIRoute

from vong import __version__
from vong.api.http import problems
from vong.api.http.idempotency import IdempotencyMiddleware
from vong.api.http.openapi import install_openapi
from vong.app import Platform, loop, releases

ROUTES = (
    "data",
    "training",
    "experiments",
    "evals",
    "evals_judges",
    "eval_comparisons",
    "eval_suites",
    "evals_gates",
    "evals_monitors",
    "evals_reviews",
    "registry",
    "serving",
    "gateway",
    "gateway_guards",
    "gateway_prices",
    "batches",
    "prompts_red_team",
    "prompts_optimisations",
    "prompts",
    "prompts_labels",
    "prompts_statistics",
    "knowledge",
    "knowledge_documents",
    "knowledge_indexes",
    "knowledge_index_versions",
    "knowledge_questions",
    "knowledge_sources",
    "knowledge_answers",
    "knowledge_texts",
    "pipelines_publications",
    "pipelines_conversations",
    "chat_pages",
    "pipelines_imports",
    "pipelines",
    "pipelines_replays",
    "pipelines_versions",
    "project_files",
    "traces",
    "feedback",
    "access",
    "sessions",
    "loop",
    "loop_policies",
    "loop_releases",
    "jobs",
    "system",
    "health",
    "console",
)


def operation_id(route: APIRoute) -> str:
    """Return the operation id of a route, stage and function name, which generated clients use as method name."""
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


def create_app(platform: Platform, background: AbstractAsyncContextManager[None] | None = None) -> FastAPI:
    """Return the REST application of one server process. `background` runs as long as the application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with background or nullcontext():
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
        separate_input_output_schemas=False,  # otherwise a recursive record would get two schema names
        lifespan=lifespan,
    )
    app.state.platform = platform
    platform.score_listeners += [loop.on_score, releases.on_score]
    app.add_middleware(IdempotencyMiddleware, platform=platform)
    problems.install_handlers(app)
    install_openapi(app)
    for name in ROUTES:
        app.include_router(import_module(f"vong.api.routes.{name}").routes)
    return app
