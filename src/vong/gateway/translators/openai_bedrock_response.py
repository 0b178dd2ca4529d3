"""Answers of Bedrock's Converse as a chat's, whole and streamed. They name neither themselves nor their model."""

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
"""Every other reason says that the model made something that is no answer."""


def completion_of(answer: Mapping[str, Any], id: str, model: str) -> dict[str, Any]:
    """An answer as a completion. Blocks that a chat has no word for (citations) are left out."""
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
    said: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if "".join(thoughts):
        said["reasoning_content"] = "".join(thoughts)
    if details:
        said["reasoning_details"] = details
    if calls:
        said["tool_calls"] = calls
    choice = {"index": 0, "message": said, "finish_reason": _finish(answer["stopReason"])}
    head = completion_head(f"chatcmpl-{id}", model, int(time.time()))
    return {**head, "choices": [choice], "usage": usage_of(answer.get("usage"))}


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Bedrock counts what came from the cache and went into it beside the input; OpenAI within it."""
    if not usage:
        return None
    read, kept = usage.get("cacheReadInputTokens") or 0, usage.get("cacheWriteInputTokens") or 0
    prompt, made = usage["inputTokens"] + read + kept, usage["outputTokens"]
    details = {"cached_tokens": read, "cache_write_tokens": kept}
    counts = {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}
    return {**counts, "prompt_tokens_details": details}


def _finish(reason: str) -> str:
    if reason not in FINISH:
        raise UpstreamFailed(f"the model ended with {reason}", "ask again, or make the tools simpler")
    return FINISH[reason]


def _detail(index: int, thought: Mapping[str, Any], hidden: str | None) -> dict[str, Any]:
    if hidden is not None:
        return {"type": "reasoning.encrypted", "data": hidden, "format": FORMAT, "index": index}
    told = {"text": thought.get("text") or "", "signature": thought.get("signature")}
    return {"type": "reasoning.text", **told, "format": FORMAT, "index": index}


class BedrockChunkDecoder:
    """Takes the events of a stream, gives chunks of a chat's. An event is `{its type: its content}`."""

    def __init__(self, id: str, model: str) -> None:
        self._head = completion_head(f"chatcmpl-{id}", model, int(time.time()), streamed=True)
        self._calls: dict[int, int] = {}
        self._usage: dict[str, Any] | None = None
        self.ended = False

    def take(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The chunks that follow from one event. Every type that Vong does not know is an error, as its name says."""
        ((kind, said),) = event.items()
        index = said.get("contentBlockIndex") or 0
        if kind == "messageStart":
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "contentBlockStart":
            return self._begun(index, said.get("start") or {})
        if kind == "contentBlockDelta":
            return self._grown(index, said["delta"])
        if kind == "messageStop":
            self.ended = True
            try:
                return [self._chunk({}, _finish(said["stopReason"]))]
            except UpstreamFailed as error:
                return [error_of(said["stopReason"], error.message)]
        if kind == "metadata":
            self._usage = usage_of(said.get("usage"))
        elif kind.endswith("Exception"):
            return [error_of(kind, str(said.get("message") or kind))]
        return []

    def end(self) -> list[dict[str, Any]]:
        """The last chunk, with usage."""
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
        thought = delta.get("reasoningContent")
        if thought is None:
            return []
        grown: dict[str, Any] = {"reasoning_details": [_detail(index, thought, thought.get("redactedContent"))]}
        if thought.get("text"):
            grown["reasoning_content"] = thought["text"]
        return [self._chunk(grown)]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def error_of(kind: str, message: str) -> dict[str, Any]:
    """An error in OpenAI's form."""
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}
