"""One ASGI application for one port: the model calls by the short way, everything else by the REST application."""

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


class ServedApplication(NamedTuple):
    """What uvicorn serves: the application, and the protocol that takes the model calls before it."""

    app: Surface
    listener: type[ModelCallProtocol]


def create_asgi(platform: Platform) -> Surface:
    """The whole server of one process, for any ASGI server."""
    return create_server(platform).app


def create_server(platform: Platform) -> ServedApplication:
    """The whole server of one process, for uvicorn."""
    rest = create_app(platform)
    running = GatewayRuntime(
        platform, observe=metrics.observe, tally=metrics.tally, tested=metrics.tested, spent=metrics.spent
    )
    tasks: list[asyncio.Task[None]] = []
    surface = create_surface(running.gateway, platform.settings.max_body)
    storage = create_storage(platform, running.gateway)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(STORED):
            await storage(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await surface(scope, receive, send)
        elif scope["type"] == "lifespan":
            await rest(scope, _both(receive), send)
        else:
            await rest(scope, receive, send)

    def _both(receive: Receive) -> Receive:
        """The gateway lives as long as the REST application: from before its start to before its end."""

        async def watched() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "lifespan.startup":
                running.start()
                tasks.append(asyncio.create_task(metrics.leave_on(platform)))
            elif message["type"] == "lifespan.shutdown":
                tasks.pop().cancel()
                running.stop()
            return message

        return watched

    return ServedApplication(app, create_listener(running.gateway, platform.settings.max_body))
