"""Idempotency of POST requests to the REST API: a repeated `Idempotency-Key` gets the stored first response."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from weakref import WeakValueDictionary

from anyio.to_thread import run_sync

from vong import access
from vong.access.idempotency import StoredResponse, find_response, request_fingerprint, store_response
from vong.api.http.credentials import read_credential
from vong.api.http.problems import problem_response
from vong.app import Platform
from vong.errors import InvalidInput, Unauthenticated, VongError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_STORED_BYTES = 1_000_000
"""Maximum bytes of a compared request body and of a stored response. Uploads are compared by their length."""


EXCLUDED_PATHS = (
    "/api/v1/access/session",
    "/api/v1/access/users",
    "/api/v1/access/keys",
    "/api/v1/gateway/guards/test",
)
"""Path prefixes whose responses are never stored: they contain a session cookie, password, key or unmasked text."""


class IdempotencyMiddleware:
    """ASGI middleware in front of the REST API.

    Simultaneous requests with the same key run one after the other in this process. If the process is killed after the
    work and before its response is stored, a repeated request does the work again. Work that must not happen twice even
    then (jobs, scores) derives its identity from the key.
    """

    def __init__(self, app: Application, platform: Platform) -> None:
        self.app = app
        self.platform = platform
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle POST requests with an Idempotency-Key, and pass all others through."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
        key = headers.get("idempotency-key")
        if (
            scope["type"] != "http"
            or scope["method"] != "POST"
            or key is None
            or scope["path"].startswith(EXCLUDED_PATHS)
        ):
            await self.app(scope, receive, send)
            return
        try:
            if not 0 < len(key) <= 255:
                raise InvalidInput(f"Idempotency-Key has {len(key)} characters, allowed are 1 to 255", "use a UUID")
            principal = await run_sync(self._authenticate, headers)
            lock = self.locks.setdefault(f"{principal.project_id}:{key}", asyncio.Lock())
            async with lock:
                await self._run_once(principal, key, (scope, receive, send), headers)
        except Unauthenticated:
            await self.app(scope, receive, send)  # the route itself raises the error about the key
        except VongError as error:
            response = problem_response(error.status, error.code, error.fault, error.message, error.hint)
            await response(scope, receive, send)

    async def _run_once(
        self, principal: access.Principal, key: str, call: tuple[Scope, Receive, Send], headers: dict[str, str]
    ) -> None:
        scope, receive, send = call
        body, receive = await _buffer_body(receive, headers)
        path = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        request_hash = request_fingerprint("POST", path, body)
        stored = await run_sync(self._load_response, principal, key, request_hash)
        if stored is not None:
            await _replay(stored, send)
            return
        response = _ResponseBuffer()
        await self.app(scope, receive, response)
        if response.is_storable:
            await run_sync(self._store_response, principal, key, request_hash, response.to_stored_response())
        for message in response.messages:
            await send(message)

    def _authenticate(self, headers: dict[str, str]) -> access.Principal:
        secret = read_credential("POST", headers)
        with self.platform.database.owner() as connection:
            return access.authenticate(connection, secret)

    def _load_response(self, principal: access.Principal, key: str, request_hash: str) -> StoredResponse | None:
        with self.platform.scope(principal.project_id) as connection:
            return find_response(connection, key, request_hash)

    def _store_response(
        self, principal: access.Principal, key: str, request_hash: str, response: StoredResponse
    ) -> None:
        with self.platform.scope(principal.project_id) as connection:
            store_response(connection, key, request_hash, response)


class _ResponseBuffer:
    """Buffer of a response until it is stored, so a client never sees a response that a repetition would not return."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def is_storable(self) -> bool:
        return bool(self.messages) and self.messages[0]["status"] < 400 and len(self._body()) <= MAX_STORED_BYTES

    def to_stored_response(self) -> StoredResponse:
        headers = {bytes(name).lower(): value for name, value in self.messages[0]["headers"]}
        media_type = headers.get(b"content-type", b"application/json").decode("latin-1")
        return StoredResponse(status=self.messages[0]["status"], media_type=media_type, body=self._body())

    def _body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


async def _buffer_body(receive: Receive, headers: dict[str, str]) -> tuple[bytes, Receive]:
    """Return the part of the body to compare, and a `receive` that still returns the whole body."""
    length = headers.get("content-length", "")
    if (
        not length.isdigit()
        or int(length) > MAX_STORED_BYTES
        or headers.get("content-type", "").startswith("multipart/")
    ):
        return length.encode(), receive
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
        if messages[-1]["type"] == "http.disconnect":
            break
    body = b"".join(message.get("body", b"") for message in messages)
    remaining = iter(messages)

    async def replay() -> Message:
        return next(remaining, None) or await receive()

    return body, replay


async def _replay(response: StoredResponse, send: Send) -> None:
    headers = [
        (b"content-type", response.media_type.encode("latin-1")),
        (b"content-length", str(len(response.body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
