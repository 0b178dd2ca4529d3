"""Cross-origin requests (CORS): pages of the allowed origins may call the API with a key. Off without origins."""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

API_PREFIXES = ("/v1/", "/api/", "/openai/")
"""Prefixes of the paths that these pages may call."""
EXPOSED_HEADERS = (
    *("x-request-id", "request-id", "x-vong-span-id", "x-vong-trace-id", "x-vong-cache", "x-vong-queue-ms"),
    "retry-after",
    *("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    *("x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
)
"""Response headers that scripts of these pages may read."""
PREFLIGHT_MAX_AGE_SECONDS = 600


def allow_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Return the application with CORS for its API paths, or unchanged without origins.

    Pages send an API key. The session cookie of the console is never sent across sites.
    """
    if not origins:
        return app
    cors = CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=EXPOSED_HEADERS,
        max_age=PREFLIGHT_MAX_AGE_SECONDS,
    )

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith(API_PREFIXES)
        await (cors if is_api else app)(scope, receive, send)

    return choose
