"""Combine the REST application and the OpenAI-compatible API in one ASGI application for one port."""

import asyncio
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from vong.api import metrics
from vong.api.app import create_app
from vong.api.openai import ModelCallProtocol, create_model_call_protocol, create_openai_app
from vong.api.openai.app import AsgiApp, Receive, Scope, Send
from vong.api.openai.files_and_batches import create_files_and_batches_app
from vong.app import Platform
from vong.app.gateway import GatewayRuntime

FILES_AND_BATCHES_PATHS = ("/v1/files", "/v1/batches")
"""Path prefixes that the files and batches application serves."""


class ServedApplication(NamedTuple):
    """Arguments for uvicorn: the application, and the protocol that takes the model calls before it."""

    app: AsgiApp
    protocol_class: type[ModelCallProtocol]


def create_asgi_app(platform: Platform) -> AsgiApp:
    """Return the ASGI application of one server process, for any ASGI server."""
    return create_served_application(platform).app


def create_served_application(platform: Platform) -> ServedApplication:
    """Return the application and protocol of one server process, for uvicorn."""
    rest = create_app(platform)
    runtime = GatewayRuntime(
        platform,
        observe_span=metrics.observe,
        counter_for=metrics.counter_for,
        count_self_test=metrics.record_self_test,
        count_cost=metrics.count_cost,
    )
    tasks: list[asyncio.Task[None]] = []
    openai_app = create_openai_app(runtime.gateway, platform.settings.max_request_bytes)
    files_and_batches = create_files_and_batches_app(platform, runtime.gateway)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(FILES_AND_BATCHES_PATHS):
            await files_and_batches(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await openai_app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await rest(scope, _with_gateway(receive), send)
        else:
            await rest(scope, receive, send)

    def _with_gateway(receive: Receive) -> Receive:
        """Start the gateway before the REST application starts, and stop it before the REST application ends."""

        async def receive_lifespan() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "lifespan.startup":
                runtime.start()
                tasks.append(asyncio.create_task(metrics.publish_periodically(platform)))
            elif message["type"] == "lifespan.shutdown":
                tasks.pop().cancel()
                runtime.stop()
            return message

        return receive_lifespan

    return ServedApplication(app, create_model_call_protocol(runtime.gateway, platform.settings.max_request_bytes))
