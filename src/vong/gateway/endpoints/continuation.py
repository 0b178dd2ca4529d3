"""Continuation of a broken stream: another target resumes it from the text so far."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple, cast

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.upstream.sse import DONE, DONE_DATA, batch_data, encode_sse_event

CONTINUE_PROMPT = (
    "Your answer was cut off in transmission. Go on from exactly where it stops, in the middle of a word if need be. "
    "Repeat nothing of it and say nothing about this."
)
MAX_OVERLAP_CHARS = 120
"""Maximum number of characters that a model may repeat at its start; repeated characters are removed."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class PartialAnswer(NamedTuple):
    """State of an answer whose stream broke: its text, approximate number of tokens, id and model."""

    text: str
    tokens: int
    id: str | None
    model: str | None


def continuation_request(chat: Mapping[str, Any], partial: PartialAnswer) -> dict[str, Any]:
    """Build the chat that requests the rest of an answer."""
    extra = [{"role": "assistant", "content": partial.text}, {"role": "user", "content": CONTINUE_PROMPT}]
    request: dict[str, Any] = {**chat, "messages": [*chat["messages"], *extra]}
    for name in ("max_tokens", "max_completion_tokens"):
        if isinstance(request.get(name), int | float) and request[name] >= 1:
            request[name] = max(1, int(request[name]) - partial.tokens)
    return request


async def merge_streams(events: AsyncIterator[bytes], partial: PartialAnswer) -> AsyncGenerator[bytes]:
    """Yield the events of the rest as further events of the first stream.

    The events have the id and model of the first stream, no second beginning, and no text repeated at the start of the
    rest.
    """
    start: str | None = ""
    head: dict[str, Any] = {}
    async with aclosing(cast(AsyncGenerator[bytes], events)) as batches:
        async for batch in batches:
            for data in batch_data(batch):
                if data == DONE_DATA:
                    if start:
                        choice = {
                            "index": 0,
                            "delta": {"content": _without_overlap(start, partial.text)},
                            "finish_reason": None,
                        }
                        yield encode_sse_event({**head, "choices": [choice]})
                    yield DONE
                    continue
                chunk = _parse_chunk(data)
                chunk |= {"id": partial.id, "model": partial.model}
                head = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
                for choice in chunk.get("choices") or ():
                    delta = choice["delta"] = choice.get("delta") or {}
                    delta.pop("role", None)
                    if start is not None:
                        start = _trim_overlap(start, delta, partial.text, ended=bool(choice.get("finish_reason")))
                yield encode_sse_event(chunk)


def _trim_overlap(start: str, delta: dict[str, Any], text: str, *, ended: bool) -> str | None:
    """Hold back the start of the rest until it is known to repeat the text or not; None when that is decided."""
    content = delta.get("content")
    start += content if isinstance(content, str) else ""
    repeats = len(start) < MAX_OVERLAP_CHARS and _may_repeat_end(text, start)
    if repeats and not ended:
        delta["content"] = ""
        return start
    delta["content"] = _without_overlap(start, text)
    return None


def _without_overlap(start: str, text: str) -> str:
    """Return the start of the rest without the repeated text.

    Overlaps of one or two characters are coincidences and are not removed.
    """
    overlap = next(
        (size for size in range(min(len(start), MAX_OVERLAP_CHARS), 0, -1) if text.endswith(start[:size])), 0
    )
    return start[overlap if overlap > 2 else 0 :]


def _may_repeat_end(text: str, start: str) -> bool:
    """Return True if the start of the rest may repeat the end of the text."""
    return not start or start in text[-MAX_OVERLAP_CHARS - len(start) :]


def _parse_chunk(data: bytes) -> dict[str, Any]:
    try:
        return _decode(data)
    except msgspec.DecodeError as error:
        raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "try again") from error
