"""Apply guards to complete upstream responses: a chat completion or an Anthropic message."""

from collections.abc import Sequence
from typing import Any

import msgspec

from vong.errors import ContentBlocked, UpstreamFailed
from vong.gateway.endpoints.stream import StreamAccumulator
from vong.gateway.endpoints.stream_adapters import PassthroughStream
from vong.gateway.guards.request_texts import TextCollector
from vong.gateway.guards.run import GuardRun, RetryRequested
from vong.gateway.providers import ProviderResponse
from vong.gateway.providers.translation import ChunkDecoder
from vong.gateway.translators.token_counts import token_count

IGNORED_FIELDS = frozenset({"logprobs", "usage", "stop_reason", "stop_sequence", "finish_reason"})
"""Fields of a choice that hold no text of the model."""


async def apply_to_response(
    runs: Sequence[GuardRun], response: ProviderResponse, *, retried: bool = False
) -> ProviderResponse:
    """Return a response after the guards. A blocked response has no text and ends with `content_filter`.

    Raises:
        RetryRequested: if the model must answer again, unless `retried` says that it did.
    """
    try:
        found: Any = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict) or response.status >= 400:
        await _mask_error(runs, response, found)
        return response
    try:
        changed = await _apply_to_choices(runs, found)
    except RetryRequested as error:
        if not retried:
            raise
        found, changed = blocked_response(found, error), True
    except ContentBlocked as error:
        found, changed = blocked_response(found, error), True
    if changed:
        response.body = msgspec.json.encode(found)
    return response


def open_transcript(decoder: ChunkDecoder | None) -> StreamAccumulator:
    """Return the accumulator of a buffered stream, which `decoder` converts to chat chunks if it has another format."""
    return PassthroughStream(decoder) if decoder else StreamAccumulator(with_usage=True)


async def check_buffered_stream(runs: Sequence[GuardRun], transcript: StreamAccumulator, before: str = "") -> None:
    """Check a buffered stream, after the text `before` that was already sent.

    Raises:
        RetryRequested: if the model must answer again.
        UpstreamFailed: if the stream ended early.
    """
    if not transcript.ended:
        raise UpstreamFailed("upstream stream ended before the response was complete", "send the request again")
    found = transcript.completion()
    if before:
        found["choices"] = found["choices"] or [
            {"message": {}}
        ]  # the text before is checked even if nothing follows it
        message = found["choices"][0]["message"]
        message["content"] = before + (message.get("content") or "")
    await _apply_to_choices(runs, found)


def add_usage(second: ProviderResponse, first: ProviderResponse) -> ProviderResponse:
    """Return the second response with the token usage of both, because both are billed."""
    try:
        found, before = msgspec.json.decode(second.body), msgspec.json.decode(first.body)
        usage = dict(found["usage"])
        for name, value in before["usage"].items():
            if (count := token_count(value)) is not None:
                usage[name] = (token_count(usage.get(name)) or 0) + count
        second.body = msgspec.json.encode({**found, "usage": usage})
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return second  # one of them reports no usage
    return second


def blocked_response(found: dict[str, Any], error: ContentBlocked) -> dict[str, Any]:
    """Return a response without its content, in the form that model APIs use for content filters."""
    if "choices" not in found:
        return {**found, "content": [], "stop_reason": "refusal"}
    is_text = found.get("object") == "text_completion"
    content = {"text": "", "logprobs": None} if is_text else {"message": {"role": "assistant", "content": ""}}
    choices = [
        {
            "index": number,
            **content,
            "finish_reason": "content_filter",
            "content_filter_results": content_filter_results(error),
        }
        for number in range(len(found["choices"]))
    ]
    return {**found, "choices": choices}


def content_filter_results(error: ContentBlocked) -> dict[str, Any]:
    """Return the content filter results of a blocked choice."""
    return {"vong": {"filtered": True, "detail": error.message}}


async def _apply_to_choices(runs: Sequence[GuardRun], found: dict[str, Any]) -> bool:
    """Check and mask every choice. Return True if something changed."""
    before = msgspec.json.encode(found)
    choices = found.get("choices")
    answers = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else [found]
    for choice in answers:
        content = {name: value for name, value in choice.items() if name not in IGNORED_FIELDS}
        texts = TextCollector()
        texts.collect(content, "assistant", None, None)
        for duty in runs:
            if duty.configured_guard.guard.text_scope == "all":
                for piece in texts.segments:
                    piece.replace(await duty.apply(piece.text))
            else:
                await duty.apply(_message_text(choice.get("message") or choice))
        texts.encode_json_values()
        choice.update(content)
    changed = before != msgspec.json.encode(found)
    for choice in answers if changed else ():
        choice.pop("logprobs", None)  # the log probabilities contain the unmasked text
    return changed


async def _mask_error(runs: Sequence[GuardRun], response: ProviderResponse, found: Any) -> None:
    """Mask an upstream error, which may repeat texts of the request. Errors are never blocked."""
    texts, holder = TextCollector(), {"": found if found is not None else response.body.decode("utf-8", "replace")}
    texts.collect(holder, "assistant", None, None)
    before = holder[""] if found is None else msgspec.json.encode(found)
    for duty in runs:
        for piece in texts.segments if duty.masks else ():
            piece.replace(await duty.apply(piece.text))
    if found is None and holder[""] != before:
        response.body = holder[""].encode()
    elif found is not None and msgspec.json.encode(found) != before:
        response.body = msgspec.json.encode(found)


def _message_text(message: dict[str, Any]) -> str:
    """Return the text of a message, whether it is a string or a list of parts."""
    content = message.get("content", message.get("text"))
    if isinstance(content, str):
        return content
    parts = [part.get("text") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return "\n".join(part for part in parts if isinstance(part, str))
