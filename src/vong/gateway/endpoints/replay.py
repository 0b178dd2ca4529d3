"""A kept chat completion as the stream that it might have been."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from vong.gateway.upstream.sse import DONE, event


async def replayed(completion: Mapping[str, Any]) -> AsyncGenerator[bytes]:
    """The events: each choice in one piece, how it ended, what was used, the end."""
    head = {"id": completion.get("id"), "object": "chat.completion.chunk", "model": completion.get("model")}
    head["created"] = completion.get("created", 0)
    for choice in completion.get("choices") or ():
        index, delta = choice.get("index", 0), dict(choice.get("message") or {})
        if delta.get("tool_calls"):
            delta["tool_calls"] = [{"index": place, **call} for place, call in enumerate(delta["tool_calls"])]
        said = {"index": index, "delta": delta, "finish_reason": None}
        if choice.get("logprobs") is not None:
            said["logprobs"] = choice["logprobs"]
        yield event({**head, "choices": [said]})
        yield event({**head, "choices": [{"index": index, "delta": {}, "finish_reason": choice.get("finish_reason")}]})
    if completion.get("usage") is not None:
        yield event({**head, "choices": [], "usage": completion["usage"]})
    yield DONE
