"""Responses that were given: a response is the span of its call, and is found again, gone on from and deleted so."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from vong.errors import InvalidInput, NotFound
from vong.gateway.endpoints.responses import span_of
from vong.gateway.translators.responses_items import items_of_chat
from vong.gateway.translators.responses_response import response_of
from vong.records import Span

PATIENCE = 10.0
"""Seconds in which a response may still be on its way to the database; its id says when it was made."""
DELETED, UNSTORED, INSTRUCTED = "vong.deleted", "vong.unstored", "vong.instructions"
"""Attributes of a response's span."""


class ResponseNotFound(NotFound):
    """No response has that id, or none that is kept."""

    code = "response_not_found"


async def found(find: Callable[[UUID, UUID], Span], project_id: UUID, response: str) -> Span:
    """The span of a response, which may be a moment until it is written. NoResponse where there is none, where it was
    deleted, and where its caller asked not to store it.
    """
    span_id = span_of(response)
    young = time.time() - (span_id.int >> 80) / 1000 < PATIENCE
    until = time.monotonic() + (PATIENCE if young else 0.0)
    span = None
    while span is None:
        try:
            span = await asyncio.to_thread(find, project_id, span_id)
        except NotFound:
            if time.monotonic() >= until:
                break
            await asyncio.sleep(0.02)
    attributes = span.attributes if span else {}
    if (
        span is None
        or attributes.get(DELETED)
        or attributes.get(UNSTORED)
        or attributes.get("vong.shape") != "responses"
    ):
        raise ResponseNotFound(f"no response has the id {response!r}", "send the whole conversation as input")
    if span.input is None and span.output is None:
        hint = "its route keeps no bodies: send the whole conversation as input, or set its capture to full"
        raise ResponseNotFound(f"of the response {response!r} only metadata was kept", hint)
    return span


def conversation(span: Span) -> list[dict[str, Any]]:
    """The messages up to and with a response, without its instructions. InvalidInput where it did not end well."""
    choices = _output(span).get("choices") or []
    if "messages" not in (span.input or {}):
        hint = "send the whole conversation as input"
        raise InvalidInput(f"the response 'resp_{span.id.hex}' was made from what a chat cannot hold", hint)
    if span.status != "ok" or not choices:
        message = f"the response 'resp_{span.id.hex}' did not come to its end"
        raise InvalidInput(message, "send it again, then go on")
    return [*_said(span), choices[0]["message"]]


def whole(span: Span) -> dict[str, Any]:
    """The response as it was answered, as far as its span tells."""
    asked, output = _asked(span), _output(span)
    failed = span.status != "ok" or not output.get("choices")
    empty: dict[str, Any] = {"message": {"role": "assistant", "content": None}}
    completion = {"model": span.attributes.get("gen_ai.request.model"), **output}
    completion["choices"] = output.get("choices") or [empty]
    answer = response_of(completion, asked, span.id.hex)
    answer |= {"created_at": int(span.started_at.timestamp()), "store": True}
    if failed:
        code = span.attributes.get("error.type") or "server_error"
        answer |= {"status": "failed", "error": {"code": code, "message": span.error or "it failed"}}
    return answer


def input_items(span: Span) -> list[dict[str, Any]]:
    """What was said before the answer, oldest first, each with an id."""
    return items_of_chat(_said(span), span.id.hex)


def _said(span: Span) -> list[dict[str, Any]]:
    chat: Mapping[str, Any] = span.input or {}
    return list(chat.get("messages") or [])[1 if span.attributes.get(INSTRUCTED) else 0 :]


def _output(span: Span) -> dict[str, Any]:
    return span.output if isinstance(span.output, dict) else {}


def _asked(span: Span) -> dict[str, Any]:
    """The request as far as its chat still says it."""
    chat: dict[str, Any] = span.input or {}
    asked = {name: chat[name] for name in ("temperature", "top_p", "user", "metadata", "top_logprobs") if name in chat}
    asked["max_output_tokens"] = chat.get("max_completion_tokens")
    asked["previous_response_id"] = span.attributes.get("vong.previous_response")
    if span.attributes.get(INSTRUCTED):
        asked["instructions"] = chat["messages"][0]["content"]
    return asked
