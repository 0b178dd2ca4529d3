"""Forwarding of requests to a server that an engine runs, with the names of deployments in place of its own."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol, runtime_checkable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from vong.errors import InvalidInput, UpstreamFailed
from vong.serving.engine.admission import Admission
from vong.serving.engine.request_queue import request_rank

TIMEOUT_SECONDS = 600.0


@runtime_checkable
class ForwardingEngine(Protocol):
    """Engine whose server answers requests of callers itself. `base_name` is the name of its base model there."""

    forwarded_paths: frozenset[str]
    base_name: str

    @property
    def address(self) -> tuple[str, dict[str, str]]:
        """Return the URL of the server and the headers of requests to it."""
        ...

    def metrics(self) -> str:
        """Return the metrics of the server in Prometheus' format."""
        ...


async def forward(
    request: Request,
    body: bytes,
    engine: ForwardingEngine,
    resolve_adapter: Callable[[str], str | None],
    admission: Admission,
) -> Response:
    """Forward a request once it has a slot, and return the response as it arrives.

    If the client disconnects, the connection to the server is closed, which ends its work.

    Raises: InvalidInput if the body is no JSON object with a model, UpstreamFailed if the server does not answer.
    """
    import httpx

    fields = _read_object(body)
    name = fields.get("model")
    if not isinstance(name, str):
        raise InvalidInput("model is missing", "set the name of a deployment")
    upstream_name = resolve_adapter(name) or engine.base_name
    url, headers = engine.address
    priority = fields.get("priority")
    rank = request_rank(request.headers, fields.get("service_tier"), priority if isinstance(priority, int) else 0)
    admitted = admission.admit(rank)
    slot = admitted.slot()
    await slot.__aenter__()
    client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    async def close() -> None:
        await client.aclose()
        await slot.__aexit__(None, None, None)

    try:
        sent = client.build_request(
            "POST", url + request.url.path, json={**fields, "model": upstream_name}, headers=headers
        )
        response = await client.send(sent, stream=True)
    except BaseException as error:
        await close()
        if isinstance(error, httpx.HTTPError):
            raise UpstreamFailed(
                f"the server of the engine does not answer ({type(error).__name__})", "see: vong serving logs NAME"
            ) from error
        raise
    kind = response.headers.get("content-type", "application/json")
    parts = _renamed(response, engine.base_name, name)
    return _Forwarded(parts, response.status_code, close, {**admitted.headers, "content-type": kind})


class _Forwarded(StreamingResponse):
    """Response of the server. `close` is called at its end, also if the client disconnects."""

    def __init__(
        self, parts: AsyncGenerator[bytes], status: int, close: Callable[[], Any], headers: dict[str, str]
    ) -> None:
        super().__init__(parts, status, headers)
        self._parts, self._close = parts, close

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the response."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await asyncio.shield(self._end())

    async def _end(self) -> None:
        await self._parts.aclose()
        await self._close()


async def _renamed(response: Any, old: str, new: str) -> AsyncGenerator[bytes]:
    """Yield the lines of a response with the name of the deployment in the field `model`."""
    marks = [b'"model":' + space + json.dumps(old).encode() for space in (b"", b" ")]
    replacement = b'"model":' + json.dumps(new).encode()
    rest = b""
    async for part in response.aiter_bytes():
        *lines, rest = (rest + part).split(b"\n")
        if lines:
            yield b"".join(_rename(line, marks, replacement) + b"\n" for line in lines)
    if rest:
        yield _rename(rest, marks, replacement)


def _rename(line: bytes, marks: list[bytes], replacement: bytes) -> bytes:
    for mark in marks:
        line = line.replace(mark, replacement, 1)
    return line


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise InvalidInput(f"the body is not JSON: {error}", "send a JSON object") from error
    if not isinstance(value, dict):
        raise InvalidInput("the body is not a JSON object", "send a JSON object")
    return value
