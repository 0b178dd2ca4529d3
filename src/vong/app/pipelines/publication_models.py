"""Model calls of conversations: summaries, facts and suggested questions, with the rights and limits of the caller."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from vong.access.principal import Principal
from vong.app.platform import Platform
from vong.errors import Unavailable, UpstreamFailed, VongError
from vong.gateway.endpoints.parsing import TraceContext


async def ask_model(
    platform: Platform,
    principal: Principal,
    model: str,
    messages: Sequence[Mapping[str, str]],
    *,
    session: str | None = None,
    tag: str = "vong:conversation",
) -> str:
    """Return the text that a model answers.

    Raises: the error of the call; UpstreamFailed if the response has no text.
    """
    if platform.gateway is None:
        raise Unavailable("this process serves no model calls", "start a server with: vong up")
    body = msgspec.json.encode({"model": model, "messages": list(messages), "temperature": 0})
    trace = TraceContext.from_headers({"x-vong-session": session or "", "x-vong-tags": tag})
    call = platform.gateway.create_call(principal, "chat", body, trace)
    try:
        reply = await call.open()
    except VongError as error:
        call.close(error, error.status)
        raise
    except asyncio.CancelledError as error:
        call.close(error)
        raise
    finally:
        call.close()  # records a call once
    try:
        return str(msgspec.json.decode(reply.body)["choices"][0]["message"]["content"] or "")
    except (msgspec.DecodeError, KeyError, IndexError, TypeError):
        raise UpstreamFailed(f"model {model!r} answered with status {reply.status}", "test the model") from None
