"""Responses of Anthropic's messages and chat completions, in both directions, complete and streamed."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.content import CLAUDE_REASONING_FORMAT, merge_reasoning
from vong.gateway.translators.reasoning_envelope import pack_reasoning

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def to_chat_completion(message: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a message into a chat completion, without blocks that a chat cannot express (Anthropic's searches)."""
    texts, calls, thoughts, details = list[str](), list[dict[str, Any]](), list[str](), list[dict[str, Any]]()
    for index, block in enumerate(message["content"]):
        kind = block["type"]
        if kind == "text":
            texts.append(block["text"])
        elif kind == "thinking":
            thoughts.append(block["thinking"])
            details.append(_reasoning_detail(index, block["thinking"], block.get("signature")))
        elif kind == "redacted_thinking":
            details.append(
                {
                    "type": "reasoning.encrypted",
                    "data": block["data"],
                    "format": CLAUDE_REASONING_FORMAT,
                    "index": index,
                }
            )
        elif kind == "tool_use":
            arguments = msgspec.json.encode(block["input"]).decode()
            function = {"name": block["name"], "arguments": arguments}
            calls.append({"id": block["id"], "type": "function", "function": function})
    reply: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if thoughts:
        reply["reasoning_content"] = "".join(thoughts)
    if details:
        reply["reasoning_details"] = details
    if calls:
        reply["tool_calls"] = calls
    choice = {"index": 0, "message": reply, **_to_finish_reason(message)}
    head = {"id": message["id"], "object": "chat.completion", "created": int(time.time()), "model": message["model"]}
    return {**head, "choices": [choice], "usage": to_chat_usage(message.get("usage") or {})}


def to_anthropic_message(completion: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the first choice of a chat completion into a message.

    Raises: UpstreamFailed if the arguments of a tool call are not valid JSON.
    """
    choice = completion["choices"][0]
    reply, blocks = choice["message"], list[dict[str, Any]]()
    details = reply.get("reasoning_details") or []
    for detail in details:
        if detail["type"] == "reasoning.text":
            signature = (detail.get("signature") or "") if is_anthropic_reasoning(detail) else ""
            blocks.append({"type": "thinking", "thinking": detail["text"], "signature": signature})
        elif detail["type"] == "reasoning.encrypted" and is_anthropic_reasoning(detail):
            blocks.append({"type": "redacted_thinking", "data": detail["data"]})
    if foreign := [detail for detail in details if not is_anthropic_reasoning(detail)]:
        blocks.append({"type": "redacted_thinking", "data": pack_reasoning(foreign)})
    if reply.get("reasoning_content") and not _has_text(details):
        blocks.append({"type": "thinking", "thinking": reply["reasoning_content"], "signature": ""})
    for name in ("content", "refusal"):
        if reply.get(name):
            blocks.append({"type": "text", "text": reply[name]})
    for call in reply.get("tool_calls") or []:
        name, text = call["function"]["name"], call["function"].get("arguments") or "{}"
        try:
            arguments = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            hint = "try again, or set a stricter schema for the tool"
            raise UpstreamFailed(f"the model called the tool {name!r} with invalid JSON: {error}", hint) from error
        blocks.append({"type": "tool_use", "id": call["id"], "name": name, "input": arguments})
    return {
        "id": _message_id(completion.get("id")),
        "type": "message",
        "role": "assistant",
        "model": completion.get("model") or "",
        "content": blocks,
        **_to_stop_reason(choice, bool(reply.get("refusal"))),
        "usage": to_anthropic_usage(completion.get("usage") or {}),
    }


def to_chat_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Translate usage.

    Anthropic counts cached and cache-write tokens separately from the input; OpenAI includes them.
    """
    cache_read, cache_write = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    prompt, output = (usage.get("input_tokens") or 0) + cache_read + cache_write, usage.get("output_tokens") or 0
    details = {"cached_tokens": cache_read, "cache_write_tokens": cache_write}
    if hour := (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens"):
        details["cache_write_1h_tokens"] = hour
    counts = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return {**counts, "prompt_tokens_details": details}


def to_anthropic_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the usage of a chat into that of a message."""
    details = usage.get("prompt_tokens_details") or {}
    cache_read, cache_write = details.get("cached_tokens") or 0, details.get("cache_write_tokens") or 0
    return {
        "input_tokens": max(0, (usage.get("prompt_tokens") or 0) - cache_read - cache_write),
        "cache_creation_input_tokens": cache_write,
        "cache_read_input_tokens": cache_read,
        "output_tokens": usage.get("completion_tokens") or 0,
    }


class AnthropicChunkDecoder:
    """Decoder of a messages stream into chat chunks."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._calls: dict[int, int] = {}
        self.ended = False

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event. An error is a chunk with `error`, in OpenAI's format."""
        kind = event["type"]
        if kind == "message_start":
            message = event["message"]
            self._usage.update(message.get("usage") or {})
            self._head = {
                **{"id": message["id"], "object": "chat.completion.chunk", "created": int(time.time())},
                "model": message["model"],
            }
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "content_block_start":
            return self._start_block(event["index"], event["content_block"])
        if kind == "content_block_delta":
            return self._extend_block(event["index"], event["delta"])
        if kind == "message_delta":
            self._usage.update({name: n for name, n in (event.get("usage") or {}).items() if n is not None})
            finish = self._chunk({})
            finish["choices"][0].update(_to_finish_reason(event["delta"]))
            return [finish]
        if kind == "message_stop":
            self.ended = True
            return [{**self._head, "choices": [], "usage": to_chat_usage(self._usage)}]
        if kind == "error":
            error = event["error"]
            return [
                {"error": {"message": error["message"], "type": error["type"], "param": None, "code": error["type"]}}
            ]
        return []

    def finish(self) -> list[dict[str, Any]]:
        """Return no chunks, because a messages stream reports usage in its last event."""
        return []

    def _start_block(self, index: int, block: Mapping[str, Any]) -> list[dict[str, Any]]:
        if block["type"] == "tool_use":
            self._calls[index] = len(self._calls)
            function = {"name": block["name"], "arguments": ""}
            call = {"index": self._calls[index], "id": block["id"], "type": "function", "function": function}
            return [self._chunk({"tool_calls": [call]})]
        if block["type"] == "redacted_thinking":
            detail = {
                "type": "reasoning.encrypted",
                "data": block["data"],
                "format": CLAUDE_REASONING_FORMAT,
                "index": index,
            }
            return [self._chunk({"reasoning_details": [detail]})]
        return []

    def _extend_block(self, index: int, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        kind = delta["type"]
        if kind == "text_delta":
            return [self._chunk({"content": delta["text"]})]
        if kind == "input_json_delta" and index in self._calls:
            function = {"arguments": delta["partial_json"]}
            return [self._chunk({"tool_calls": [{"index": self._calls[index], "function": function}]})]
        if kind == "thinking_delta":
            detail = _reasoning_detail(index, delta["thinking"], None)
            return [self._chunk({"reasoning_content": delta["thinking"], "reasoning_details": [detail]})]
        if kind == "signature_delta":
            return [self._chunk({"reasoning_details": [_reasoning_detail(index, "", delta["signature"])]})]
        return []

    def _chunk(self, delta: dict[str, Any]) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _has_text(details: list[dict[str, Any]]) -> bool:
    return any(detail["type"] == "reasoning.text" for detail in details)


def is_anthropic_reasoning(detail: Mapping[str, Any]) -> bool:
    """Return True if the reasoning is from Claude."""
    return detail.get("format") in {None, CLAUDE_REASONING_FORMAT}


class AnthropicEventEncoder:
    """Encoder of chat chunks into the events of a messages stream."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._started = False
        self._open: tuple[str, int] | None = None
        self._blocks = 0
        self._foreign_details: list[dict[str, Any]] = []
        self._choice: dict[str, Any] = {}
        self._refused = False
        self._usage: dict[str, Any] = {}

    def encode(self, chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events for one chunk."""
        events = [] if self._started else [self._start(chunk)]
        self._usage = chunk.get("usage") or self._usage
        for choice in chunk.get("choices") or ():
            if choice.get("index"):
                continue  # a message has only one choice
            delta = choice.get("delta") or {}
            events += self._reasoning(delta)
            for name in ("content", "refusal"):
                if delta.get(name):
                    self._refused |= name == "refusal"
                    events += self._ensure_block("text", 0, {"type": "text", "text": ""})
                    events.append(self._delta({"type": "text_delta", "text": delta[name]}))
            for call in delta.get("tool_calls") or ():
                events += self._tool_call(call)
            if choice.get("finish_reason"):
                self._choice = dict(choice)
        return events

    def finish(self) -> list[dict[str, Any]]:
        """Return the last events, with the usage, which a chat sends last."""
        reason = _to_stop_reason(self._choice, self._refused)
        last = {"type": "message_delta", "delta": reason, "usage": to_anthropic_usage(self._usage)}
        closed = self._close()
        if self._foreign_details:
            closed += self._ensure_block(
                "hidden",
                -1,
                {"type": "redacted_thinking", "data": pack_reasoning(merge_reasoning(self._foreign_details))},
            )
            closed += self._close()
        return [*closed, last, {"type": "message_stop"}]

    def _start(self, chunk: Mapping[str, Any]) -> dict[str, Any]:
        self._started = True
        message = {
            "id": _message_id(chunk.get("id")),
            "type": "message",
            "role": "assistant",
            "model": chunk.get("model") or self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": to_anthropic_usage({}),
        }
        return {"type": "message_start", "message": message}

    def _reasoning(self, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        events = list[dict[str, Any]]()
        for detail in delta.get("reasoning_details") or ():
            index = detail.get("index") or 0
            if not is_anthropic_reasoning(detail):
                self._foreign_details.append(detail)
            if detail["type"] == "reasoning.encrypted" and not is_anthropic_reasoning(detail):
                continue
            if detail["type"] == "reasoning.encrypted":
                events += self._ensure_block("hidden", index, {"type": "redacted_thinking", "data": detail["data"]})
                continue
            events += self._ensure_block("thought", index, {"type": "thinking", "thinking": "", "signature": ""})
            if detail.get("text"):
                events.append(self._delta({"type": "thinking_delta", "thinking": detail["text"]}))
            if detail.get("signature") and is_anthropic_reasoning(detail):
                events.append(self._delta({"type": "signature_delta", "signature": detail["signature"]}))
        if delta.get("reasoning_content") and not _has_text(delta.get("reasoning_details") or []):
            events += self._ensure_block("thought", 0, {"type": "thinking", "thinking": "", "signature": ""})
            events.append(self._delta({"type": "thinking_delta", "thinking": delta["reasoning_content"]}))
        return events

    def _tool_call(self, call: Mapping[str, Any]) -> list[dict[str, Any]]:
        function, events = call.get("function") or {}, list[dict[str, Any]]()
        index = call.get("index") or 0
        if call.get("id"):
            block = {"type": "tool_use", "id": call["id"], "name": function.get("name") or "", "input": {}}
            events += self._ensure_block("call", index, block)
        elif self._open != ("call", index):
            raise UpstreamFailed(
                "the upstream interleaved the arguments of two tool calls", "set parallel_tool_calls to false"
            )
        if function.get("arguments"):
            events.append(self._delta({"type": "input_json_delta", "partial_json": function["arguments"]}))
        return events

    def _ensure_block(self, kind: str, index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
        if self._open == (kind, index):
            return []
        closed = self._close()
        self._open = kind, index
        return [*closed, {"type": "content_block_start", "index": self._blocks, "content_block": block}]

    def _delta(self, delta: dict[str, Any]) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": self._blocks, "delta": delta}

    def _close(self) -> list[dict[str, Any]]:
        if self._open is None:
            return []
        self._open = None
        self._blocks += 1
        return [{"type": "content_block_stop", "index": self._blocks - 1}]


def _reasoning_detail(index: int, text: str, signature: str | None) -> dict[str, Any]:
    content = {"text": text, "signature": signature}
    return {"type": "reasoning.text", **content, "format": CLAUDE_REASONING_FORMAT, "index": index}


def _to_finish_reason(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the finish reason, and as `stop_reason` the stop sequence, as vLLM names it."""
    reason = message.get("stop_reason")
    fields: dict[str, Any] = {"finish_reason": FINISH_REASONS.get(reason, "stop") if reason else None}
    sequence = message.get("stop_sequence")
    return {**fields, "stop_reason": sequence} if sequence else fields


def _to_stop_reason(choice: Mapping[str, Any], refused: bool) -> dict[str, Any]:
    sequence = choice.get("stop_reason")
    if isinstance(sequence, str):
        return {"stop_reason": "stop_sequence", "stop_sequence": sequence}
    reason = "refusal" if refused else STOP_REASONS.get(choice.get("finish_reason") or "stop", "end_turn")
    return {"stop_reason": reason, "stop_sequence": None}


def _message_id(id: str | None) -> str:
    return id if id and id.startswith("msg_") else f"msg_{(id or '').removeprefix('chatcmpl-')}"
