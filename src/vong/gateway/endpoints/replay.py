"""Replay of a cached chat completion as a stream."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from vong.gateway.upstream.sse import DONE, encode_sse_event


async def replay_as_stream(completion: Mapping[str, Any]) -> AsyncGenerator[bytes]:
    """Yield the events of a completion: each choice in one chunk with its end, then usage and the end of stream."""
    head = {"id": completion.get("id"), "object": "chat.completion.chunk", "model": completion.get("model")}
    head["created"] = completion.get("created", 0)
    for choice in completion.get("choices") or ():
        index, delta = choice.get("index", 0), dict(choice.get("message") or {})
        if delta.get("tool_calls"):
            delta["tool_calls"] = [{"index": position, **call} for position, call in enumerate(delta["tool_calls"])]
        chunk_choice = {"index": index, "delta": delta, "finish_reason": None}
        if choice.get("logprobs") is not None:
            chunk_choice["logprobs"] = choice["logprobs"]
        yield encode_sse_event({**head, "choices": [chunk_choice]})
        yield encode_sse_event(
            {**head, "choices": [{"index": index, "delta": {}, "finish_reason": choice.get("finish_reason")}]}
        )
    if completion.get("usage") is not None:
        yield encode_sse_event({**head, "choices": [], "usage": completion["usage"]})
    yield DONE
