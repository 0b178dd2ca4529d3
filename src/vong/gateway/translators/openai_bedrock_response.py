"""Responses of Bedrock's Converse translated into chat completions, complete and streamed.

Converse responses contain neither their id nor their model.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.content import call_of, completion_head
from vong.gateway.translators.openai_bedrock_request import FORMAT

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
"""Finish reasons by stop reason. Every other reason means that the model failed to produce an answer."""


def completion_of(answer: Mapping[str, Any], id: str, model: str) -> dict[str, Any]:
    """Translate a response into a completion, without blocks that a chat cannot express (citations)."""
    texts, calls, thoughts, details = list[str](), list[dict[str, Any]](), list[str](), list[dict[str, Any]]()
    for index, block in enumerate(answer["output"]["message"]["content"]):
        if "text" in block:
            texts.append(block["text"])
        elif "toolUse" in block:
            use = block["toolUse"]
            calls.append(call_of(use["toolUseId"], use["name"], msgspec.json.encode(use["input"]).decode()))
        elif "reasoningContent" in block:
            thought = block["reasoningContent"]
            thoughts.append((thought.get("reasoningText") or {}).get("text") or "")
            details.append(_detail(index, thought.get("reasoningText") or {}, thought.get("redactedContent")))
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if "".join(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if details:
        message["reasoning_details"] = details
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer["stopReason"])}
    head = completion_head(f"chatcmpl-{id}", model, int(time.time()))
    return {**head, "choices": [choice], "usage": usage_of(answer.get("usage"))}


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate usage. Bedrock counts cached and cache-write tokens separately from the input; OpenAI includes them."""
    if not usage:
        return None
    cache_read, cache_write = usage.get("cacheReadInputTokens") or 0, usage.get("cacheWriteInputTokens") or 0
    prompt, output = usage["inputTokens"] + cache_read + cache_write, usage["outputTokens"]
    details = {"cached_tokens": cache_read, "cache_write_tokens": cache_write}
    counts = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return {**counts, "prompt_tokens_details": details}


def _finish(reason: str) -> str:
    if reason not in FINISH:
        raise UpstreamFailed(f"the model ended with {reason}", "try again, or use simpler tools")
    return FINISH[reason]


def _detail(index: int, thought: Mapping[str, Any], hidden: str | None) -> dict[str, Any]:
    if hidden is not None:
        return {"type": "reasoning.encrypted", "data": hidden, "format": FORMAT, "index": index}
    content = {"text": thought.get("text") or "", "signature": thought.get("signature")}
    return {"type": "reasoning.text", **content, "format": FORMAT, "index": index}


class BedrockChunkDecoder:
    """Decoder of a stream into chat chunks. An event is `{its type: its content}`."""

    def __init__(self, id: str, model: str) -> None:
        self._head = completion_head(f"chatcmpl-{id}", model, int(time.time()), streamed=True)
        self._calls: dict[int, int] = {}
        self._usage: dict[str, Any] | None = None
        self.ended = False

    def take(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event.

        A type whose name ends in Exception is an error; other unknown types are ignored.
        """
        ((kind, content),) = event.items()
        index = content.get("contentBlockIndex") or 0
        if kind == "messageStart":
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "contentBlockStart":
            return self._begun(index, content.get("start") or {})
        if kind == "contentBlockDelta":
            return self._grown(index, content["delta"])
        if kind == "messageStop":
            self.ended = True
            try:
                return [self._chunk({}, _finish(content["stopReason"]))]
            except UpstreamFailed as error:
                return [error_of(content["stopReason"], error.message)]
        if kind == "metadata":
            self._usage = usage_of(content.get("usage"))
        elif kind.endswith("Exception"):
            return [error_of(kind, str(content.get("message") or kind))]
        return []

    def end(self) -> list[dict[str, Any]]:
        """Return the last chunk, with usage."""
        return [{**self._head, "choices": [], "usage": self._usage}] if self._usage else []

    def _begun(self, index: int, start: Mapping[str, Any]) -> list[dict[str, Any]]:
        use = start.get("toolUse")
        if use is None:
            return []
        self._calls[index] = len(self._calls)
        call = {"index": self._calls[index], **call_of(use["toolUseId"], use["name"], "")}
        return [self._chunk({"tool_calls": [call]})]

    def _grown(self, index: int, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        if "text" in delta:
            return [self._chunk({"content": delta["text"]})]
        if "toolUse" in delta:
            function = {"arguments": delta["toolUse"]["input"]}
            return [self._chunk({"tool_calls": [{"index": self._calls[index], "function": function}]})]
        reasoning = delta.get("reasoningContent")
        if reasoning is None:
            return []
        update: dict[str, Any] = {"reasoning_details": [_detail(index, reasoning, reasoning.get("redactedContent"))]}
        if reasoning.get("text"):
            update["reasoning_content"] = reasoning["text"]
        return [self._chunk(update)]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def error_of(kind: str, message: str) -> dict[str, Any]:
    """Build an error in OpenAI's format."""
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}
