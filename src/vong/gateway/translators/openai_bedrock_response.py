"""Responses of Bedrock's Converse translated into chat completions, complete and streamed.

Converse responses contain neither their id nor their model.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.content import CLAUDE_REASONING_FORMAT, build_completion_head, build_tool_call

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
"""Finish reasons by stop reason. Every other reason means that the model failed to produce an answer."""


def to_chat_completion(response: Mapping[str, Any], id: str, model: str) -> dict[str, Any]:
    """Translate a response into a completion, without blocks that a chat cannot express (citations)."""
    texts, calls, thoughts, details = list[str](), list[dict[str, Any]](), list[str](), list[dict[str, Any]]()
    for index, block in enumerate(response["output"]["message"]["content"]):
        if "text" in block:
            texts.append(block["text"])
        elif "toolUse" in block:
            use = block["toolUse"]
            calls.append(build_tool_call(use["toolUseId"], use["name"], msgspec.json.encode(use["input"]).decode()))
        elif "reasoningContent" in block:
            thought = block["reasoningContent"]
            thoughts.append((thought.get("reasoningText") or {}).get("text") or "")
            details.append(_reasoning_detail(index, thought.get("reasoningText") or {}, thought.get("redactedContent")))
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if "".join(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if details:
        message["reasoning_details"] = details
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": _to_finish_reason(response["stopReason"])}
    head = build_completion_head(f"chatcmpl-{id}", model, int(time.time()))
    return {**head, "choices": [choice], "usage": to_chat_usage(response.get("usage"))}


def to_chat_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate usage. Bedrock counts cached and cache-write tokens separately from the input; OpenAI includes them."""
    if not usage:
        return None
    cache_read, cache_write = usage.get("cacheReadInputTokens") or 0, usage.get("cacheWriteInputTokens") or 0
    prompt, output = usage["inputTokens"] + cache_read + cache_write, usage["outputTokens"]
    details = {"cached_tokens": cache_read, "cache_write_tokens": cache_write}
    counts = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return {**counts, "prompt_tokens_details": details}


def _to_finish_reason(reason: str) -> str:
    if reason not in FINISH_REASONS:
        raise UpstreamFailed(f"the model ended with {reason}", "try again, or use simpler tools")
    return FINISH_REASONS[reason]


def _reasoning_detail(index: int, thought: Mapping[str, Any], hidden: str | None) -> dict[str, Any]:
    if hidden is not None:
        return {"type": "reasoning.encrypted", "data": hidden, "format": CLAUDE_REASONING_FORMAT, "index": index}
    content = {"text": thought.get("text") or "", "signature": thought.get("signature")}
    return {"type": "reasoning.text", **content, "format": CLAUDE_REASONING_FORMAT, "index": index}


class BedrockChunkDecoder:
    """Decoder of a stream into chat chunks. An event is `{its type: its content}`."""

    def __init__(self, id: str, model: str) -> None:
        self._head = build_completion_head(f"chatcmpl-{id}", model, int(time.time()), streamed=True)
        self._calls: dict[int, int] = {}
        self._usage: dict[str, Any] | None = None
        self.ended = False

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event.

        A type whose name ends in Exception is an error; other unknown types are ignored.
        """
        ((kind, content),) = event.items()
        index = content.get("contentBlockIndex") or 0
        if kind == "messageStart":
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "contentBlockStart":
            return self._start_block(index, content.get("start") or {})
        if kind == "contentBlockDelta":
            return self._extend_block(index, content["delta"])
        if kind == "messageStop":
            self.ended = True
            try:
                return [self._chunk({}, _to_finish_reason(content["stopReason"]))]
            except UpstreamFailed as error:
                return [build_error(content["stopReason"], error.message)]
        if kind == "metadata":
            self._usage = to_chat_usage(content.get("usage"))
        elif kind.endswith("Exception"):
            return [build_error(kind, str(content.get("message") or kind))]
        return []

    def finish(self) -> list[dict[str, Any]]:
        """Return the last chunk, with usage."""
        return [{**self._head, "choices": [], "usage": self._usage}] if self._usage else []

    def _start_block(self, index: int, start: Mapping[str, Any]) -> list[dict[str, Any]]:
        use = start.get("toolUse")
        if use is None:
            return []
        self._calls[index] = len(self._calls)
        call = {"index": self._calls[index], **build_tool_call(use["toolUseId"], use["name"], "")}
        return [self._chunk({"tool_calls": [call]})]

    def _extend_block(self, index: int, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        if "text" in delta:
            return [self._chunk({"content": delta["text"]})]
        if "toolUse" in delta:
            function = {"arguments": delta["toolUse"]["input"]}
            return [self._chunk({"tool_calls": [{"index": self._calls[index], "function": function}]})]
        reasoning = delta.get("reasoningContent")
        if reasoning is None:
            return []
        update: dict[str, Any] = {
            "reasoning_details": [_reasoning_detail(index, reasoning, reasoning.get("redactedContent"))]
        }
        if reasoning.get("text"):
            update["reasoning_content"] = reasoning["text"]
        return [self._chunk(update)]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def build_error(kind: str, message: str) -> dict[str, Any]:
    """Build an error in OpenAI's format."""
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}
