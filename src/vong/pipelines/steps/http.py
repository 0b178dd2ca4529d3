"""Step `http`: a request to another server."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from vong.errors import InvalidInput, UpstreamFailed, UpstreamTimeout
from vong.pipelines import types
from vong.pipelines.definition import JsonSchema
from vong.pipelines.http_access import check_url, checked_transport
from vong.pipelines.steps.base import StepConfig, StepContext, StepResult, no_ports

MAX_RESPONSE_BYTES = 5_000_000
REFUSED_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection", "cookie2"})


class HttpConfig(StepConfig):
    """Settings of a request."""

    url: str = Field(min_length=1, description="http(s)://HOST[:PORT]/PATH")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] = "GET"
    headers: dict[str, str] = {}
    secret_headers: dict[str, str] = Field(default={}, description="Header: name of a stored secret.")
    query: dict[str, Any] = Field(default={}, description="Parameters of the query.")
    body: Any = Field(default=None, description="Body: a text as it is, other values as JSON.")
    accept_status: list[int] = Field(default=[], description="Statuses beside 200 to 299 that are no error.")


class HttpStep:
    """Request to another server."""

    Config: ClassVar[type[StepConfig]] = HttpConfig
    span_kind: ClassVar[str] = "tool"

    def outputs(self, config: HttpConfig, types_: Mapping[str, JsonSchema]) -> dict[str, JsonSchema]:
        """Return the types of the outputs. `body` is decoded JSON, or the text."""
        del config, types_
        return {"status": types.INTEGER, "headers": types.OBJECT, "text": types.STRING, "body": types.ANY}

    ports = staticmethod(no_ports)

    async def run(self, context: StepContext, config: HttpConfig) -> StepResult:
        """Send the request. Redirects are not followed."""
        check_url(config.url, context.services.allowed_hosts)
        headers = await read_headers(context, config.url, config.headers, config.secret_headers)
        status, received, body = await _send(context, config, headers)
        text = _decode(body, received)
        context.attributes["http.response.status_code"] = status
        if not 200 <= status < 300 and status not in config.accept_status:
            message = f"{config.method} {config.url[:200]} returned status {status}: {text[:200]}"
            raise UpstreamFailed(message, "fix the request, or add the status to accept_status")
        outputs = {"status": status, "headers": received, "text": text, "body": _parse(text, received)}
        return StepResult(outputs)


async def read_headers(
    context: StepContext, url: str, headers: Mapping[str, str], secrets: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers of a request with the secrets that it names. They are never recorded.

    Raises: InvalidInput if a header is not allowed, and the errors of the secrets.
    """
    for name, value in [*headers.items(), *secrets.items()]:
        is_token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not is_token or not value.isprintable() or name.lower() in REFUSED_HEADERS:
            raise InvalidInput(f"the header {name!r} is not allowed", "use another header, without line breaks")
    found = {name: await context.services.get_secret(context.run, secret, url) for name, secret in secrets.items()}
    return {**headers, **found}


async def _send(context: StepContext, config: HttpConfig, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    import httpx

    transport = checked_transport(httpx, context.services.allowed_hosts)
    content = config.body.encode() if isinstance(config.body, str) else None
    json_body = config.body if content is None else None
    query = {name: value for name, value in config.query.items() if value is not None}
    try:
        async with (
            httpx.AsyncClient(transport=transport, timeout=60.0) as client,
            client.stream(
                config.method, config.url, headers=headers, params=query or None, content=content, json=json_body
            ) as response,
        ):
            blocks = bytearray()
            async for block in response.aiter_bytes():
                blocks += block
                if len(blocks) > MAX_RESPONSE_BYTES:
                    message = f"the response of {config.url[:200]} has more than {MAX_RESPONSE_BYTES} bytes"
                    raise UpstreamFailed(message, "request less data")
            return response.status_code, dict(response.headers), bytes(blocks)
    except httpx.TimeoutException as error:
        raise UpstreamTimeout(f"{config.url[:200]} did not answer in time", "set `retries`") from error
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise UpstreamFailed(f"the request to {config.url[:200]} failed: {reason}", "check the URL") from error
    except UnicodeEncodeError as error:
        raise InvalidInput("a header or the body is not valid Unicode", "send valid text") from error


def _decode(body: bytes, headers: Mapping[str, str]) -> str:
    charset = headers.get("content-type", "").lower().partition("charset=")[2].split(";")[0].strip(" \"'") or "utf-8"
    try:
        return body.decode(charset, "replace").replace("\0", "\ufffd")
    except LookupError:
        return body.decode("utf-8", "replace").replace("\0", "\ufffd")


def _parse(text: str, headers: Mapping[str, str]) -> Any:
    if "json" not in headers.get("content-type", ""):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
