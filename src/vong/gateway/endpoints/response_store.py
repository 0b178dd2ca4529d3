"""Stored responses: a response is the span of its call, from which it is read, continued and deleted."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from vong.errors import InvalidInput, NotFound
from vong.gateway.endpoints.responses import PreviousResponseNotFound, ResponseNotFound, parse_response_id
from vong.gateway.translators.chat_variants import normalize_message
from vong.gateway.translators.responses_items import items_from_chat
from vong.gateway.translators.responses_response import to_response_object
from vong.records import Span

WRITE_TIMEOUT_SECONDS = 10.0
"""How long to wait for a new response to be written; its id contains its creation time."""
CLOCK_SKEW_SECONDS = 1.0
"""How far the clock of another server may be ahead. Ids of other servers look as if they were made in the future."""
MIN_POLL_SECONDS, MAX_POLL_SECONDS = 0.02, 0.32
"""Range of the delay between two attempts to read a response, which doubles."""
DELETED_ATTRIBUTE, UNSTORED_ATTRIBUTE, INSTRUCTIONS_ATTRIBUTE = "vong.deleted", "vong.unstored", "vong.instructions"
"""Attributes of the span of a response."""


async def find_response(find: Callable[[UUID, UUID], Span], project_id: UUID, response_id: str) -> Span:
    """Return the span of a response, waiting a moment if it is still being written.

    Raises: ResponseNotFound if there is none, if it was deleted, or if its caller requested not to store it.
    """
    span_id = parse_response_id(response_id)
    age = time.time() - (span_id.int >> 80) / 1000
    is_recent = -CLOCK_SKEW_SECONDS <= age < WRITE_TIMEOUT_SECONDS
    deadline = time.monotonic() + (WRITE_TIMEOUT_SECONDS if is_recent else 0.0)
    span, delay = None, MIN_POLL_SECONDS
    while span is None:
        try:
            span = await asyncio.to_thread(find, project_id, span_id)
        except NotFound:
            if time.monotonic() >= deadline:
                break
            await asyncio.sleep(delay)
            delay = min(2 * delay, MAX_POLL_SECONDS)
    attributes = span.attributes if span else {}
    if (
        span is None
        or attributes.get(DELETED_ATTRIBUTE)
        or attributes.get(UNSTORED_ATTRIBUTE)
        or attributes.get("vong.endpoint") != "responses"
    ):
        raise ResponseNotFound(f"no response has the id {response_id!r}", "send the whole conversation as input")
    if span.input is None and span.output is None:
        hint = "its route stores no bodies: send the whole conversation as input, or set its capture to full"
        raise ResponseNotFound(f"only the metadata of the response {response_id!r} was stored", hint)
    return span


async def load_conversation(
    find: Callable[[UUID, UUID], Span], project_id: UUID, response_id: str
) -> list[dict[str, Any]]:
    """Return the messages up to and including the response that a request continues.

    Raises:
        PreviousResponseNotFound: there is no such response.
        InvalidInput: the response failed or cannot be continued.
    """
    try:
        return conversation_messages(await find_response(find, project_id, response_id))
    except ResponseNotFound as error:
        raise PreviousResponseNotFound(error.message, error.hint) from None


def conversation_messages(span: Span) -> list[dict[str, Any]]:
    """Return the messages up to and including a response, without its instructions.

    Raises: InvalidInput if the response failed or cannot be continued.
    """
    choices = _output(span).get("choices") or []
    if "messages" not in (span.input or {}):
        hint = "send the whole conversation as input"
        raise InvalidInput(f"the response 'resp_{span.id.hex}' has input that a chat cannot express", hint)
    if span.status != "ok" or not choices:
        message = f"the response 'resp_{span.id.hex}' is incomplete"
        raise InvalidInput(message, "send the request again, then continue")
    return [
        *_input_messages(span),
        normalize_message(choices[0]["message"], str(_output(span).get("id") or span.id.hex)),
    ]


def rebuild_response(span: Span) -> dict[str, Any]:
    """Rebuild the response from its span, as far as the span contains it."""
    request, output = _rebuild_request(span), _output(span)
    failed = span.status != "ok" or not output.get("choices")
    empty: dict[str, Any] = {"message": {"role": "assistant", "content": None}}
    completion = {"model": span.attributes.get("gen_ai.request.model"), **output}
    completion["choices"] = output.get("choices") or [empty]
    result = to_response_object(completion, request, span.id.hex)
    result |= {"created_at": int(span.started_at.timestamp()), "store": True}
    if isinstance(items := output.get("output_items"), list):  # with the calls of the tool file_search
        result["output"] = items
    if failed:
        code = span.attributes.get("error.type") or "server_error"
        result |= {"status": "failed", "error": {"code": code, "message": span.error or "the request failed"}}
    return result


def input_items(span: Span) -> list[dict[str, Any]]:
    """Return the input of a response as items with ids, oldest first."""
    return items_from_chat(_input_messages(span), span.id.hex)


def _input_messages(span: Span) -> list[dict[str, Any]]:
    chat: Mapping[str, Any] = span.input or {}
    return list(chat.get("messages") or [])[1 if span.attributes.get(INSTRUCTIONS_ATTRIBUTE) else 0 :]


def _output(span: Span) -> dict[str, Any]:
    return span.output if isinstance(span.output, dict) else {}


def _rebuild_request(span: Span) -> dict[str, Any]:
    """Rebuild the request, as far as its chat contains it."""
    chat: dict[str, Any] = span.input or {}
    request = {
        name: chat[name] for name in ("temperature", "top_p", "user", "metadata", "top_logprobs") if name in chat
    }
    request["max_output_tokens"] = chat.get("max_completion_tokens")
    request["prompt"] = span.attributes.get("vong.prompt")
    request["previous_response_id"] = span.attributes.get("vong.previous_response")
    if span.attributes.get(INSTRUCTIONS_ATTRIBUTE):
        request["instructions"] = chat["messages"][0]["content"]
    return request
