"""Responses of Bedrock's Converse translated into chat completions, complete and streamed.

Converse responses contain neither their id nor their model.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from vong.errors import UpstreamFailed
from vong.gateway.translators.chat_variants import resolve_finish_reason
from vong.gateway.translators.content import CLAUDE_REASONING_FORMAT, build_completion_head, build_tool_call
from vong.gateway.translators.streamed_call import StreamedCall
from vong.gateway.translators.token_counts import as_fields, token_count

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
    for index, block in enumerate(map(as_fields, response["output"]["message"]["content"] or ())):
        if isinstance(block.get("text"), str):
            texts.append(block["text"])
        elif use := block.get("toolUse"):
            arguments = msgspec.json.encode(use.get("input") or {}).decode()
            calls.append(build_tool_call(use.get("toolUseId") or f"tooluse_{index}", use["name"], arguments))
        elif thought := block.get("reasoningContent"):
            thoughts.append((thought.get("reasoningText") or {}).get("text") or "")
            details.append(_reasoning_detail(index, thought.get("reasoningText") or {}, thought.get("redactedContent")))
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if "".join(thoughts):
        message["reasoning_content"] = "".join(thoughts)
    if details:
        message["reasoning_details"] = details
    if calls:
        message["tool_calls"] = calls
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": _to_finish_reason(response.get("stopReason"), bool(calls)),
    }
    head = build_completion_head(f"chatcmpl-{id}", model, int(time.time()))
    return {**head, "choices": [choice], "usage": to_chat_usage(response.get("usage"))}


def to_chat_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate usage. Bedrock counts cached and cache-write tokens separately from the input; OpenAI includes them."""
    if not usage:
        return None
    input_tokens, output_tokens = token_count(usage.get("inputTokens")), token_count(usage.get("outputTokens"))
    if input_tokens is None and output_tokens is None:
        return None
    cache_read = token_count(usage.get("cacheReadInputTokens")) or 0
    cache_write = token_count(usage.get("cacheWriteInputTokens")) or 0
    prompt, output = (input_tokens or 0) + cache_read + cache_write, output_tokens or 0
    details = {"cached_tokens": cache_read, "cache_write_tokens": cache_write}
    counts = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return {**counts, "prompt_tokens_details": details}


def _to_finish_reason(reason: str | None, has_calls: bool) -> str | None:
    if reason and reason not in FINISH_REASONS:
        raise UpstreamFailed(f"the model ended with {reason}", "try again, or use simpler tools")
    return resolve_finish_reason(FINISH_REASONS.get(reason or ""), has_calls)


def _reasoning_detail(index: int, thought: Mapping[str, Any], hidden: str | None) -> dict[str, Any]:
    if hidden is not None:
        return {"type": "reasoning.encrypted", "data": hidden, "format": CLAUDE_REASONING_FORMAT, "index": index}
    content = {"text": thought.get("text") or "", "signature": thought.get("signature")}
    return {"type": "reasoning.text", **content, "format": CLAUDE_REASONING_FORMAT, "index": index}


class BedrockChunkDecoder:
    """Decoder of a stream into chat chunks. An event is `{its type: its content}`."""

    def __init__(self, id: str, model: str) -> None:
        self._head = build_completion_head(f"chatcmpl-{id}", model, int(time.time()), streamed=True)
        self._calls: dict[int, StreamedCall] = {}
        self._block = -1
        self._usage: dict[str, Any] | None = None
        self.ended = False

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event.

        A type whose name ends in Exception is an error; other unknown types are ignored.
        """
        ((kind, fields),) = event.items()
        content = as_fields(fields)
        index = content.get("contentBlockIndex")
        if not isinstance(index, int):
            index = max(0, self._block + (kind == "contentBlockStart"))
        if kind == "messageStart":
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "contentBlockStart":
            return self._start_block(index, content.get("start") or {})
        if kind == "contentBlockDelta":
            return self._extend_block(index, as_fields(content.get("delta")))
        if kind == "contentBlockStop":
            return self._end_calls(index)
        if kind == "messageStop":
            self.ended = True
            try:
                finish = _to_finish_reason(content.get("stopReason"), bool(self._calls))
            except UpstreamFailed as error:
                return [build_error(content["stopReason"], error.message)]
            return [*self._end_calls(), self._chunk({}, finish or "stop")]
        if kind == "metadata":
            self._usage = to_chat_usage(content.get("usage"))
        elif kind.endswith("Exception"):
            return [build_error(kind, str(content.get("message") or kind))]
        return []

    def finish(self) -> list[dict[str, Any]]:
        """Return the last chunk, with usage."""
        return [{**self._head, "choices": [], "usage": self._usage}] if self._usage else []

    def _start_block(self, index: int, start: Mapping[str, Any]) -> list[dict[str, Any]]:
        self._block = index
        use = start.get("toolUse")
        if use is None:
            return []
        call = self._calls[index] = StreamedCall(len(self._calls), use.get("input"))
        return [self._chunk(call.start(use.get("toolUseId") or f"tooluse_{index}", use["name"]))]

    def _end_calls(self, index: int | None = None) -> list[dict[str, Any]]:
        """Return the arguments that are missing from a call, or from all."""
        calls = [call for block, call in self._calls.items() if index in (None, block)]
        return [self._chunk(update) for call in calls for update in call.end()]

    def _extend_block(self, index: int, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        self._block = index
        if delta.get("text"):
            return [self._chunk({"content": delta["text"]})]
        if use := as_fields(delta.get("toolUse")):
            call = self._calls.get(index)
            return [self._chunk(update) for update in call.extend(use.get("input"))] if call else []
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
