"""Combine the REST application, the APIs of OpenAI and Ollama, and MCP in one ASGI application for one port."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from vong.api import metrics
from vong.api.app import create_app
from vong.api.http.cors import allow_origins
from vong.api.mcp import create_mcp_app
from vong.api.mcp.app import MCP_PATH
from vong.api.ollama import create_ollama_app, serves_request
from vong.api.openai import ModelCallProtocol, create_model_call_protocol, create_openai_app
from vong.api.openai.azure import AZURE_PREFIX, rewrite_azure_scope
from vong.app import Platform
from vong.app.gateway import GatewayRuntime
from vong.app.pipelines.publication_provider import pipeline_providers
from vong.app.pipelines.runs import create_executor

OPENAI_PREFIX = "/v1/"
"""Prefix of the paths that the OpenAI-compatible API serves."""


class ServedApplication(NamedTuple):
    """Arguments for uvicorn: the application, and the protocol that takes the model calls before it."""

    app: ASGIApp
    protocol_class: type[ModelCallProtocol]


def create_served_application(platform: Platform) -> ServedApplication:
    """Return the application and protocol of one server process, for uvicorn."""
    platform.provider_loaders.append(pipeline_providers)
    runtime = GatewayRuntime(
        platform,
        observe_span=metrics.observe,
        counter_for=metrics.counter_for,
        count_self_test=metrics.record_self_test,
        count_cost=metrics.count_cost,
    )

    @asynccontextmanager
    async def run_gateway() -> AsyncGenerator[None]:
        runtime.start()
        platform.pipelines = executor = create_executor(platform)
        executor.start()
        publishing = asyncio.create_task(metrics.publish_periodically(platform))
        try:
            yield
        finally:
            publishing.cancel()
            await executor.stop()
            platform.pipelines = None
            runtime.stop()

    rest = create_app(platform, background=run_gateway())
    openai_app = create_openai_app(platform, runtime.gateway)
    mcp_app = create_mcp_app(platform, runtime.gateway)
    ollama_app = create_ollama_app(runtime.gateway, platform.settings.max_request_bytes)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        chosen: ASGIApp = rest
        if scope["type"] == "http":
            if scope["path"].startswith(AZURE_PREFIX):
                scope = rewrite_azure_scope(scope)
            if f"{scope['path']}/".startswith(OPENAI_PREFIX):
                chosen = openai_app
            elif scope["path"].rstrip("/") == MCP_PATH:
                chosen = mcp_app
            elif serves_request(scope):
                chosen = ollama_app
        await chosen(scope, receive, send)

    settings = platform.settings
    protocol = create_model_call_protocol(
        runtime.gateway, settings.max_request_bytes, leaves_origins=bool(settings.cors_origins)
    )
    return ServedApplication(allow_origins(app, settings.cors_origins), protocol)
