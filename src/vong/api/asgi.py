"""Combine the REST application and the OpenAI-compatible API in one ASGI application for one port."""

import asyncio
from collections.abc import MutableMapping
from typing import Any, NamedTuple

from vong.api import metrics
from vong.api.app import create_app
from vong.api.openai import ModelCallProtocol, create_listener, create_surface
from vong.api.openai.app import Receive, Scope, Send, Surface
from vong.api.openai.files_and_batches import create_storage
from vong.app import Platform
from vong.app.gateway import GatewayRuntime

STORED = ("/v1/files", "/v1/batches")
"""Path prefixes that the files and batches application serves."""


class ServedApplication(NamedTuple):
    """Arguments for uvicorn: the application, and the protocol that takes the model calls before it."""

    app: Surface
    listener: type[ModelCallProtocol]


def create_asgi(platform: Platform) -> Surface:
    """Return the ASGI application of one server process, for any ASGI server."""
    return create_server(platform).app


def create_server(platform: Platform) -> ServedApplication:
    """Return the application and protocol of one server process, for uvicorn."""
    rest = create_app(platform)
    runtime = GatewayRuntime(
        platform, observe=metrics.observe, tally=metrics.tally, tested=metrics.tested, spent=metrics.spent
    )
    tasks: list[asyncio.Task[None]] = []
    openai_app = create_surface(runtime.gateway, platform.settings.max_body)
    files_and_batches = create_storage(platform, runtime.gateway)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(STORED):
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
                tasks.append(asyncio.create_task(metrics.leave_on(platform)))
            elif message["type"] == "lifespan.shutdown":
                tasks.pop().cancel()
                runtime.stop()
            return message

        return receive_lifespan

    return ServedApplication(app, create_listener(runtime.gateway, platform.settings.max_body))
