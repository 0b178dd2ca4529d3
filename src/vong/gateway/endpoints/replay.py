"""Replay of a cached chat completion as a stream."""

import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from vong.gateway.translators.chat_variants import list_calls
from vong.gateway.upstream.sse import DONE, encode_sse_event


async def replay_as_stream(completion: Mapping[str, Any]) -> AsyncGenerator[bytes]:
    """Yield the events of a completion: each choice in one chunk with its end, then usage and the end of stream.

    Fields that Vong does not know are in the chunk of their choice, or in every chunk.
    """
    head = {name: value for name, value in completion.items() if name not in ("choices", "usage")}
    head |= {"object": "chat.completion.chunk", "created": completion.get("created") or int(time.time())}
    for choice in completion.get("choices") or ():
        delta = dict(choice.get("message") or {})
        if delta.pop("function_call", None) or delta.get("tool_calls"):
            calls = list_calls(choice["message"])
            delta["tool_calls"] = [{**call, "index": position} for position, call in enumerate(calls)]
        fields = {"index": 0, **{name: value for name, value in choice.items() if name != "message"}}
        yield encode_sse_event({**head, "choices": [{**fields, "delta": delta, "finish_reason": None}]})
        end = {"index": fields["index"], "delta": {}, "finish_reason": choice.get("finish_reason")}
        yield encode_sse_event({**head, "choices": [end]})
    if completion.get("usage") is not None:
        yield encode_sse_event({**head, "choices": [], "usage": completion["usage"]})
    yield DONE
