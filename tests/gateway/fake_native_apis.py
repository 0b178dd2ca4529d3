"""Responses of the fake upstream in the formats of Gemini, Bedrock Converse, Cohere and OpenAI responses.

Text, tool call and token counts equal those of its chat completions.
"""

import json
import re
import struct
from typing import Any, NamedTuple
from urllib.parse import unquote
from zlib import crc32

WORDS = ["Xin ", "chào ", "vòng"]
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, "prompt_tokens_details": {"cached_tokens": 2}}
TOOL_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Huế"}'}}
THOUGHT, SIGNATURE = "Hmm.", "c2lnbmVk"
ARGUMENTS = {"city": "Huế"}


class NativeRequest(NamedTuple):
    """Content of a request path: API format, model if the path has one, and if a stream is requested."""

    kind: str
    model: str | None
    stream: bool | None
    embeds: bool


def parse_native_path(path: str) -> NativeRequest | None:
    """Parse a request path. Returns None for paths of OpenAI and Anthropic."""
    if found := re.search(r"/models/([^/:?]+):(\w+)", path):
        do = found[2]
        return NativeRequest("gemini", unquote(found[1]), do.startswith("stream"), do == "batchEmbedContents")
    if found := re.search(r"/model/([^/]+)/(converse-stream|converse|invoke)", path):
        return NativeRequest("bedrock", unquote(found[1]), found[2] == "converse-stream", found[2] == "invoke")
    if path.endswith("/responses"):
        return NativeRequest("responses", None, None, False)
    if path.endswith(("/v2/chat", "/v2/embed")):
        return NativeRequest("cohere", None, None, path.endswith("/v2/embed"))
    return None


def model_list(path: str) -> dict[str, Any] | None:
    """Return a model list in another format than that of OpenAI. Returns None if the path requests none."""
    if path.endswith("/foundation-models"):
        return {"modelSummaries": [{"modelId": "one"}, {"modelId": "two"}]}
    if "pageSize" in path or "page_size" in path:
        prefix = "models/" if "pageSize" in path else ""
        return {"models": [{"name": f"{prefix}one"}, {"name": f"{prefix}two"}]}
    return None


def error_body(kind: str, event_stream_message: str) -> dict[str, Any]:
    """Return an error body."""
    gemini = {"error": {"code": 429, "message": event_stream_message, "status": "RESOURCE_EXHAUSTED"}}
    return gemini if kind == "gemini" else {"message": event_stream_message}


def embedding_response(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return a response with embeddings."""
    if kind == "gemini":
        return {"embeddings": [{"values": [0.5, 0.25]} for _ in body["requests"]]}
    if kind == "cohere":
        meta = {"billed_units": {"input_tokens": 4}}
        return {"id": "e", "embeddings": {"float": [[0.5, 0.25] for _ in body["texts"]]}, "meta": meta}
    return {"embedding": [0.5, 0.25], "inputTextTokenCount": 4}


def response_body(kind: str, model: str) -> dict[str, Any]:
    """Return a complete response."""
    return {"gemini": _gemini, "bedrock": _converse, "cohere": _cohere, "responses": _response}[kind](model)


def stream_events(kind: str, model: str) -> list[bytes]:
    """Return the response as a stream of events."""
    return {
        "gemini": _gemini_events,
        "bedrock": _converse_events,
        "cohere": _cohere_events,
        "responses": _response_events,
    }[kind](model)


def _gemini_parts(model: str) -> list[dict[str, Any]]:
    if model == "thinks":
        thought = {"text": THOUGHT, "thought": True}
        return [thought, {"text": "".join(WORDS), "thoughtSignature": SIGNATURE}]
    if model == "tools":
        return [{"functionCall": {"name": "weather", "args": ARGUMENTS}, "thoughtSignature": SIGNATURE}]
    return [{"text": word} for word in WORDS]


GEMINI_USAGE = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10, "cachedContentTokenCount": 2}


def _gemini(model: str) -> dict[str, Any]:
    content = {"parts": _gemini_parts(model), "role": "model"}
    candidate = {"content": content, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": GEMINI_USAGE, "modelVersion": model, "responseId": "r1"}


def _gemini_events(model: str) -> list[bytes]:
    items: list[dict[str, Any]] = [
        {"candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}], "responseId": "r1"}
        for part in _gemini_parts(model)
    ]
    last = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "STOP", "index": 0}
    items.append({"candidates": [last], "usageMetadata": GEMINI_USAGE, "modelVersion": model, "responseId": "r1"})
    return [f"data: {json.dumps(one)}\r\n\r\n".encode() for one in items]


CONVERSE_USAGE = {"inputTokens": 5, "outputTokens": 3, "totalTokens": 10, "cacheReadInputTokens": 2}


def _converse(model: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"text": "".join(WORDS)}]
    if model == "tools":
        content = [{"toolUse": {"toolUseId": "call_1", "name": "weather", "input": ARGUMENTS}}]
    if model == "thinks":
        thought = {"reasoningText": {"text": THOUGHT, "signature": SIGNATURE}}
        content.insert(0, {"reasoningContent": thought})
    reason = "tool_use" if model == "tools" else "end_turn"
    event_stream_message = {"role": "assistant", "content": content}
    return {
        "output": {"message": event_stream_message},
        "stopReason": reason,
        "usage": CONVERSE_USAGE,
        "metrics": {"latencyMs": 1},
    }


def _converse_events(model: str) -> list[bytes]:
    items: list[tuple[str, dict[str, Any]]] = [("messageStart", {"role": "assistant"})]
    index = 0
    if model == "thinks":
        for part in ({"text": THOUGHT}, {"signature": SIGNATURE}):
            items.append(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": part}}))
        items.append(("contentBlockStop", {"contentBlockIndex": 0}))
        index = 1
    if model == "tools":
        start = {"toolUse": {"toolUseId": "call_1", "name": "weather"}}
        items.append(("contentBlockStart", {"contentBlockIndex": 0, "start": start}))
        for part in ('{"city": ', '"Huế"}'):
            items.append(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": part}}}))
    else:
        items += [("contentBlockDelta", {"contentBlockIndex": index, "delta": {"text": word}}) for word in WORDS]
    items.append(("contentBlockStop", {"contentBlockIndex": index}))
    items.append(("messageStop", {"stopReason": "tool_use" if model == "tools" else "end_turn"}))
    items.append(("metadata", {"usage": CONVERSE_USAGE, "metrics": {"latencyMs": 1}}))
    return [event_stream_message(kind, content) for kind, content in items]


def event_stream_message(kind: str, content: dict[str, Any], header: str = ":event-type") -> bytes:
    """Encode one message of an AWS event stream."""
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in ((header, kind), (":content-type", "application/json"), (":message-type", "event"))
    )
    payload = json.dumps(content).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    start = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return start + struct.pack(">I", crc32(start))


COHERE_USAGE = {"billed_units": {"input_tokens": 7, "output_tokens": 3}, "cached_tokens": 2}


def _cohere(model: str) -> dict[str, Any]:
    items: dict[str, Any] = {"role": "assistant", "content": [{"type": "text", "text": "".join(WORDS)}]}
    if model == "tools":
        items = {"role": "assistant", "tool_plan": THOUGHT, "tool_calls": [TOOL_CALL]}
    if model == "thinks":
        items["content"].insert(0, {"type": "thinking", "thinking": THOUGHT})
    reason = "TOOL_CALL" if model == "tools" else "COMPLETE"
    return {"id": "c1", "finish_reason": reason, "message": items, "usage": COHERE_USAGE}


def _cohere_events(model: str) -> list[bytes]:
    items: list[dict[str, Any]] = [{"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant"}}}]
    if model == "thinks":
        start = {"content": {"type": "thinking", "thinking": ""}}
        items.append({"type": "content-start", "index": 0, "delta": {"message": start}})
        items.append(_delta("content-delta", {"content": {"thinking": THOUGHT}}))
        items.append({"type": "content-end", "index": 0})
    if model == "tools":
        called = {**TOOL_CALL, "function": {"name": "weather", "arguments": ""}}
        items.append({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": THOUGHT}}})
        items.append(_delta("tool-call-start", {"tool_calls": called}))
        for part in ('{"city": ', '"Huế"}'):
            items.append(_delta("tool-call-delta", {"tool_calls": {"function": {"arguments": part}}}))
        items.append({"type": "tool-call-end", "index": 0})
    else:
        items.append(_delta("content-start", {"content": {"type": "text", "text": ""}}))
        items += [_delta("content-delta", {"content": {"text": word}}) for word in WORDS]
        items.append({"type": "content-end", "index": 0})
    reason = "TOOL_CALL" if model == "tools" else "COMPLETE"
    items.append({"type": "message-end", "id": "c1", "delta": {"finish_reason": reason, "usage": COHERE_USAGE}})
    return [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in items]


SEARCH: dict[str, Any] = {"id": "ws_1", "type": "web_search_call", "status": "completed", "action": {"query": "Huế"}}
THINKING = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "c2VjcmV0"}
RESPONSE_USAGE = {
    "input_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 1},
    "total_tokens": 10,
}


def _response(model: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": "".join(WORDS), "annotations": []}
    event_stream_message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    head = {"id": "resp_of-openai", "object": "response", "created_at": 1, "status": "completed", "model": model}
    return {**head, "output": [THINKING, SEARCH, event_stream_message], "usage": RESPONSE_USAGE, "error": None}


def _response_events(model: str) -> list[bytes]:
    begun = {**_response(model), "status": "in_progress", "output": [], "usage": None}
    items: list[dict[str, Any]] = [{"type": "response.created", "response": begun}]
    items.append({"type": "response.output_item.done", "output_index": 0, "item": THINKING})
    items.append({"type": "response.output_item.done", "output_index": 1, "item": SEARCH})
    items += [{"type": "response.output_text.delta", "output_index": 2, "delta": word} for word in WORDS]
    items.append({"type": "response.completed", "response": _response(model)})
    return [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in items]


def _delta(kind: str, event_stream_message: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "index": 0, "delta": {"message": event_stream_message}}
