"""Answers as Anthropic, Bedrock, Cohere and Gemini stream them: of the fake upstream, recorded and generated."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.replay import exchanges
from tests.gateway.endpoints.stream_variants import Answer
from tests.gateway.fake_native_apis import event_stream_message

RECORDINGS = Path(__file__).parents[1] / "recordings"
RECORDED_KINDS = {"api.anthropic.example": "anthropic", "generativelanguage.example": "gemini"}
COUNTS = (12, 3)
"""Input and output tokens of every generated answer."""
Events = list[dict[str, Any]]


def encode(kind: str, events: Events) -> bytes:
    """Return the bytes of a stream."""
    if kind == "bedrock":
        return b"".join(event_stream_message(*next(iter(event.items()))) for event in events)
    return b"".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events)


def recorded_streams() -> dict[str, tuple[str, bytes]]:
    """Return the kind and the bytes of each recorded stream of a native API."""
    found = [
        (RECORDED_KINDS[host], exchange["response"].encode())
        for host, exchange in exchanges(RECORDINGS)
        if host in RECORDED_KINDS and exchange["content_type"] == "text/event-stream"
    ]
    return {f"recorded {kind} {number}": (kind, body) for number, (kind, body) in enumerate(found)}


def generated_events(kind: str, answer: Answer, piece: int) -> Events:
    """Return an answer as the events of a native API, its texts cut into pieces."""
    makers: dict[str, Callable[[Answer, int], Events]] = {
        "anthropic": _anthropic,
        "bedrock": _bedrock,
        "cohere": _cohere,
        "gemini": _gemini,
    }
    return makers[kind](answer, piece)


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _arguments(arguments: dict[str, Any], size: int) -> list[str]:
    return _pieces(json.dumps(arguments, ensure_ascii=False), size * 3) if arguments else []


def _reason(answer: Answer, cut_off: str, called: str, complete: str) -> str:
    return cut_off if answer.is_cut_off else called if answer.calls else complete


def _anthropic(answer: Answer, size: int) -> Events:
    usage = {"input_tokens": COUNTS[0], "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
    events: Events = [{"type": "message_start", "message": message}, {"type": "ping"}]
    blocks: list[tuple[dict[str, Any], Events]] = []
    if answer.reasoning:
        deltas: Events = [{"type": "thinking_delta", "thinking": one} for one in _pieces(answer.reasoning, size)]
        deltas.append({"type": "signature_delta", "signature": "c2lnbmVk"})
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if answer.text:
        texts: Events = [{"type": "text_delta", "text": one} for one in _pieces(answer.text, size)]
        blocks.append(({"type": "text", "text": ""}, texts))
    for call in answer.calls:
        inputs: Events = [
            {"type": "input_json_delta", "partial_json": one} for one in ["", *_arguments(call.arguments, size)]
        ]
        blocks.append(({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, inputs))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": _reason(answer, "max_tokens", "tool_use", "end_turn"), "stop_sequence": None}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": COUNTS[1]}})
    return [*events, {"type": "message_stop"}]


def _bedrock(answer: Answer, size: int) -> Events:
    events: Events = [{"messageStart": {"role": "assistant"}}]
    blocks: list[tuple[dict[str, Any] | None, Events]] = []
    if answer.reasoning:
        deltas: Events = [{"reasoningContent": {"text": one}} for one in _pieces(answer.reasoning, size)]
        blocks.append((None, [*deltas, {"reasoningContent": {"signature": "c2lnbmVk"}}]))
    if answer.text:
        blocks.append((None, [{"text": one} for one in _pieces(answer.text, size)]))
    for call in answer.calls:
        inputs: Events = [{"toolUse": {"input": one}} for one in _arguments(call.arguments, size)]
        blocks.append(({"toolUse": {"toolUseId": call.id, "name": call.name}}, inputs))
    for index, (start, deltas) in enumerate(blocks):
        if start is not None:
            events.append({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
        events += [{"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}} for delta in deltas]
        events.append({"contentBlockStop": {"contentBlockIndex": index}})
    events.append({"messageStop": {"stopReason": _reason(answer, "max_tokens", "tool_use", "end_turn")}})
    usage = {"inputTokens": COUNTS[0], "outputTokens": COUNTS[1], "totalTokens": sum(COUNTS)}
    return [*events, {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}}]


def _cohere(answer: Answer, size: int) -> Events:
    events: Events = [{"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant"}}}]
    index = 0
    for kind, text in (("thinking", answer.reasoning), ("text", answer.text)):
        if text:
            start = {"message": {"content": {"type": kind, kind: ""}}}
            events.append({"type": "content-start", "index": index, "delta": start})
            for one in _pieces(text, size):
                content = {"message": {"content": {kind: one}}}
                events.append({"type": "content-delta", "index": index, "delta": content})
            events.append({"type": "content-end", "index": index})
            index += 1
    for place, call in enumerate(answer.calls):
        function = {"name": call.name, "arguments": ""}
        begun = {"message": {"tool_calls": {"id": call.id, "type": "function", "function": function}}}
        events.append({"type": "tool-call-start", "index": place, "delta": begun})
        for one in _arguments(call.arguments, size) or ["{}"]:
            part = {"message": {"tool_calls": {"function": {"arguments": one}}}}
            events.append({"type": "tool-call-delta", "index": place, "delta": part})
        events.append({"type": "tool-call-end", "index": place})
    usage = {"billed_units": {"input_tokens": COUNTS[0], "output_tokens": COUNTS[1]}}
    delta = {"finish_reason": _reason(answer, "MAX_TOKENS", "TOOL_CALL", "COMPLETE"), "usage": usage}
    return [*events, {"type": "message-end", "id": "c1", "delta": delta}]


def _gemini(answer: Answer, size: int) -> Events:
    parts: Events = [{"text": one, "thought": True} for one in _pieces(answer.reasoning, size)]
    parts += [{"text": one} for one in _pieces(answer.text, size)]
    parts += [{"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}} for call in answer.calls]
    head = {"responseId": "r1", "modelVersion": "m"}
    events: Events = [
        {**head, "candidates": [{"index": 0, "content": {"role": "model", "parts": [one]}}]} for one in parts
    ]
    last = {"index": 0, "content": {"role": "model"}, "finishReason": _reason(answer, "MAX_TOKENS", "STOP", "STOP")}
    usage = {"promptTokenCount": COUNTS[0], "candidatesTokenCount": COUNTS[1], "totalTokenCount": sum(COUNTS)}
    return [*events, {**head, "candidates": [last], "usageMetadata": usage}]
