"""A stream that broke off, gone on with by another target from the text so far."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, NamedTuple, cast

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.endpoints.stream_adapters import data_of
from vong.gateway.upstream.sse import DONE, event

ASK = (
    "Your answer was cut off in transmission. Go on from exactly where it stops, in the middle of a word if need be. "
    "Repeat nothing of it and say nothing about this."
)
OVERLAP = 120
"""Characters of the text so far that a model may repeat at its start, and that are then left out."""
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class PartialAnswer(NamedTuple):
    """What is there of an answer that broke off: its text, about how many tokens, and the id and model it names."""

    text: str
    made: int
    id: str | None
    model: str | None


def onward(chat: Mapping[str, Any], so_far: PartialAnswer) -> dict[str, Any]:
    """The chat that asks for the rest of an answer."""
    rest = [{"role": "assistant", "content": so_far.text}, {"role": "user", "content": ASK}]
    asked: dict[str, Any] = {**chat, "messages": [*chat["messages"], *rest]}
    for name in ("max_tokens", "max_completion_tokens"):
        if isinstance(asked.get(name), int):
            asked[name] = max(1, asked[name] - so_far.made)
    return asked


async def joined(events: AsyncIterator[bytes], so_far: PartialAnswer) -> AsyncGenerator[bytes]:
    """The events of the rest, as further events of the first stream: its id and model, no second beginning, and without
    what the rest repeats at its start.
    """
    seam: str | None = ""
    head: dict[str, Any] = {}
    async with aclosing(cast(AsyncGenerator[bytes], events)) as batches:
        async for batch in batches:
            for one in batch.split(b"\n\n"):
                data = data_of(one)
                if data is None:
                    continue
                if data == b"[DONE]":
                    if seam:
                        choice = {"index": 0, "delta": {"content": _new(seam, so_far.text)}, "finish_reason": None}
                        yield event({**head, "choices": [choice]})
                    yield DONE
                    continue
                chunk = _chunk(data)
                chunk |= {"id": so_far.id, "model": so_far.model}
                head = {name: value for name, value in chunk.items() if name not in ("choices", "usage")}
                for choice in chunk.get("choices") or ():
                    delta = choice["delta"] = choice.get("delta") or {}
                    delta.pop("role", None)
                    if seam is not None:
                        seam = _sewn(seam, delta, so_far.text, ended=bool(choice.get("finish_reason")))
                yield event(chunk)


def _sewn(seam: str, delta: dict[str, Any], text: str, *, ended: bool) -> str | None:
    """Hold back the start of the rest until it is known whether it repeats the text; None once that is over."""
    said = delta.get("content")
    seam += said if isinstance(said, str) else ""
    repeats = len(seam) < OVERLAP and _at_the_end(text, seam)
    if repeats and not ended:
        delta["content"] = ""
        return seam
    delta["content"] = _new(seam, text)
    return None


def _new(seam: str, text: str) -> str:
    """The start of the rest without what it repeats. One or two characters in common are chance, not a repetition."""
    overlap = next((size for size in range(min(len(seam), OVERLAP), 0, -1) if text.endswith(seam[:size])), 0)
    return seam[overlap if overlap > 2 else 0 :]


def _at_the_end(text: str, seam: str) -> bool:
    """Whether what came so far may be the start of a repetition of the end of the text."""
    return not seam or seam in text[-OVERLAP - len(seam) :]


def _chunk(data: bytes) -> dict[str, Any]:
    try:
        return _decode(data)
    except msgspec.DecodeError as error:
        raise UpstreamFailed(f"the upstream streamed an event that is not JSON: {error}", "ask again") from error
