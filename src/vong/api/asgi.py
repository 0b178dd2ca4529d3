"""Combine the REST application and the OpenAI-compatible API in one ASGI application for one port."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from vong.api import metrics
from vong.api.app import create_app
from vong.api.openai import ModelCallProtocol, create_model_call_protocol, create_openai_app
from vong.app import Platform
from vong.app.gateway import GatewayRuntime

OPENAI_PREFIX = "/v1/"
"""Prefix of the paths that the OpenAI-compatible API serves."""


class ServedApplication(NamedTuple):
    """Arguments for uvicorn: the application, and the protocol that takes the model calls before it."""

    app: ASGIApp
    protocol_class: type[ModelCallProtocol]


def create_served_application(platform: Platform) -> ServedApplication:
    """Return the application and protocol of one server process, for uvicorn."""
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
        publishing = asyncio.create_task(metrics.publish_periodically(platform))
        try:
            yield
        finally:
            publishing.cancel()
            runtime.stop()

    rest = create_app(platform, background=run_gateway())
    openai_app = create_openai_app(platform, runtime.gateway)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        is_openai = scope["type"] == "http" and scope["path"].startswith(OPENAI_PREFIX)
        await (openai_app if is_openai else rest)(scope, receive, send)

    return ServedApplication(app, create_model_call_protocol(runtime.gateway, platform.settings.max_request_bytes))
