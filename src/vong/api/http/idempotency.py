"""`Idempotency-Key` on every POST of the REST API: a repeated request gets the first answer and makes nothing twice."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from weakref import WeakValueDictionary

from anyio.to_thread import run_sync

from vong import access
from vong.access.idempotency import StoredResponse, earlier_answer, fingerprint, keep_answer
from vong.api.http.credentials import credential
from vong.api.http.problems import problem
from vong.app import Platform
from vong.errors import InvalidInput, Unauthenticated, VongError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_KEPT = 1_000_000
"""Bytes of a request body that is compared, and of an answer that is kept; uploads are compared by their length."""


UNKEPT = ("/api/v1/access/session", "/api/v1/access/users", "/api/v1/access/keys", "/api/v1/gateway/guards/try")
"""Where answers below are never kept: they hold a session's cookie, a password, a key, or a text to be masked."""


class IdempotencyMiddleware:
    """ASGI middleware in front of the REST API.

    Two requests with one key at the same moment run one after the other in this process. Where the process is killed
    between the work and the keeping of its answer, a repeat does the work again: what must not happen twice even then
    (jobs, scores) takes its identity from the key.
    """

    def __init__(self, app: Application, platform: Platform) -> None:
        self.app = app
        self.platform = platform
        self.locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through but a POST with a key."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
        key = headers.get("idempotency-key")
        if scope["type"] != "http" or scope["method"] != "POST" or key is None or scope["path"].startswith(UNKEPT):
            await self.app(scope, receive, send)
            return
        try:
            if not 0 < len(key) <= 255:
                raise InvalidInput("an Idempotency-Key has 1 to 255 characters", "a UUID is a good one")
            principal = await run_sync(self._principal, headers)
            lock = self.locks.setdefault(f"{principal.project_id}:{key}", asyncio.Lock())
            async with lock:
                await self._once(principal, key, (scope, receive, send), headers)
        except Unauthenticated:
            await self.app(scope, receive, send)  # the route itself says what is wrong with the key
        except VongError as error:
            answer = problem(error.status, error.code, error.fault, error.message, error.hint)
            await answer(scope, receive, send)

    async def _once(
        self, principal: access.Principal, key: str, call: tuple[Scope, Receive, Send], headers: dict[str, str]
    ) -> None:
        scope, receive, send = call
        body, receive = await _peek(receive, headers)
        path = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        print_ = fingerprint("POST", path, body)
        earlier = await run_sync(self._earlier, principal, key, print_)
        if earlier is not None:
            await _replay(earlier, send)
            return
        answer = _Recorder()
        await self.app(scope, receive, answer)
        if answer.keep:
            await run_sync(self._keep, principal, key, print_, answer.answer())
        for message in answer.messages:
            await send(message)

    def _principal(self, headers: dict[str, str]) -> access.Principal:
        secret = credential("POST", headers)
        with self.platform.database.owner() as connection:
            return access.authenticate(connection, secret)

    def _earlier(self, principal: access.Principal, key: str, print_: str) -> StoredResponse | None:
        with self.platform.scope(principal.project_id) as connection:
            return earlier_answer(connection, key, print_)

    def _keep(self, principal: access.Principal, key: str, print_: str, answer: StoredResponse) -> None:
        with self.platform.scope(principal.project_id) as connection:
            keep_answer(connection, key, print_, answer)


class _Recorder:
    """Holds an answer until it is kept, so that the caller never sees one that a repeat would not give again."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def keep(self) -> bool:
        return bool(self.messages) and self.messages[0]["status"] < 400 and len(self._body()) <= LARGEST_KEPT

    def answer(self) -> StoredResponse:
        headers = {bytes(name).lower(): value for name, value in self.messages[0]["headers"]}
        media_type = headers.get(b"content-type", b"application/json").decode("latin-1")
        return StoredResponse(status=self.messages[0]["status"], media_type=media_type, body=self._body())

    def _body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


async def _peek(receive: Receive, headers: dict[str, str]) -> tuple[bytes, Receive]:
    """What to compare of the body, and a `receive` that still gives the whole of it."""
    length = headers.get("content-length", "")
    if not length.isdigit() or int(length) > LARGEST_KEPT or headers.get("content-type", "").startswith("multipart/"):
        return length.encode(), receive
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
        if messages[-1]["type"] == "http.disconnect":
            break
    body = b"".join(message.get("body", b"") for message in messages)
    waiting = iter(messages)

    async def again() -> Message:
        return next(waiting, None) or await receive()

    return body, again


async def _replay(answer: StoredResponse, send: Send) -> None:
    headers = [
        (b"content-type", answer.media_type.encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
