"""Responses of OpenAI itself translated into chat completions, for the span and the cost of a call."""

from collections.abc import Mapping
from typing import Any

from vong.gateway.translators.content import build_completion_head, build_tool_call
from vong.gateway.translators.streamed_call import StreamedCall
from vong.gateway.translators.token_counts import read_counts

REASONING_FORMAT = "openai-responses-v1"
TEXT_DELTA_FIELDS = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning_content",
    "response.reasoning_summary_text.delta": "reasoning_content",
}
"""Events that append to a text, with the field of the chat delta."""


def to_chat_completion(response: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a response into a completion; items that a chat cannot express are in `output_items`."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    calls, details, others = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for index, item in enumerate(response.get("output") or []):
        if item["type"] == "message":
            for part in item["content"]:
                name = "refusal" if part["type"] == "refusal" else "content"
                message[name] = (message.get(name) or "") + part["refusal" if name == "refusal" else "text"]
        elif item["type"] == "function_call":
            calls.append(build_tool_call(item["call_id"], item["name"], item.get("arguments") or "{}"))
        elif item["type"] == "reasoning":
            text = "".join(part["text"] for part in item.get("content") or item.get("summary") or [])
            if text:
                message["reasoning_content"] = message.get("reasoning_content", "") + text
            if item.get("encrypted_content"):
                details.append(_reasoning_detail(index, item))
        else:
            others.append(item)
    extra = {"reasoning_details": details, "tool_calls": calls, "output_items": others}
    message |= {name: value for name, value in extra.items() if value}
    choice = {"index": 0, "message": message, "finish_reason": _to_finish_reason(response, bool(calls))}
    head = build_completion_head(response["id"], response.get("model") or "", int(response.get("created_at") or 0))
    completion: dict[str, Any] = {**head, "choices": [choice], "usage": to_chat_usage(response.get("usage"))}
    return {**completion, "error": response["error"]} if response.get("error") else completion


def to_chat_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate the usage of a response into that of a chat."""
    if not usage:
        return None
    names = (("input_tokens_details", "prompt_tokens_details"), ("output_tokens_details", "completion_tokens_details"))
    details = {chat_name: dict(usage[name]) for name, chat_name in names if isinstance(usage.get(name), dict)}
    counts = read_counts(usage)
    if counts.input is None and counts.output is None:
        return None
    input_tokens, output_tokens = counts.input or 0, counts.output or 0
    return {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
        **details,
    }


def _to_finish_reason(response: Mapping[str, Any], called: bool) -> str | None:
    reason = (response.get("incomplete_details") or {}).get("reason")
    if reason:
        return "content_filter" if reason == "content_filter" else "length"
    if response.get("status") in {"queued", "in_progress"}:
        return None
    return "tool_calls" if called else "stop"


def _reasoning_detail(index: int, item: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"data": item["encrypted_content"], "id": item.get("id")}
    return {"type": "reasoning.encrypted", **fields, "format": REASONING_FORMAT, "index": index}


class ResponsesChunkDecoder:
    """Decoder of a response stream into chat chunks."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._calls: dict[int, StreamedCall] = {}
        self.ended = False

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event. An error is a chunk with `error`."""
        kind = event["type"]
        if kind in TEXT_DELTA_FIELDS:
            return [self._chunk({TEXT_DELTA_FIELDS[kind]: event["delta"]})]
        if kind == "response.created":
            response = event["response"]
            created = int(response.get("created_at") or 0)
            self._head = build_completion_head(response["id"], response.get("model") or "", created, streamed=True)
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "response.output_item.added" and event["item"]["type"] == "function_call":
            item = event["item"]
            call = self._calls[event["output_index"]] = StreamedCall(len(self._calls))
            updates = [call.start(item["call_id"], item["name"]), *call.extend(item.get("arguments"))]
            return [self._chunk(update) for update in updates]
        if kind == "response.function_call_arguments.delta" and event["output_index"] in self._calls:
            return [self._chunk(update) for update in self._calls[event["output_index"]].extend(event["delta"])]
        if kind == "response.output_item.done" and event["output_index"] in self._calls:
            return [
                self._chunk(update) for update in self._calls[event["output_index"]].end(event["item"].get("arguments"))
            ]
        if kind == "response.output_item.done" and event["item"].get("encrypted_content"):
            return [self._chunk({"reasoning_details": [_reasoning_detail(event["output_index"], event["item"])]})]
        return self._end_event(kind, event)

    def _end_event(self, kind: str, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        if kind in {"response.completed", "response.incomplete"}:
            self.ended = True
            finish = self._chunk({}, _to_finish_reason(event["response"], bool(self._calls)))
            rest = [self._chunk(update) for call in self._calls.values() for update in call.end()]
            return [
                *rest,
                finish,
                {**self._head, "choices": [], "usage": to_chat_usage(event["response"].get("usage"))},
            ]
        if kind == "response.failed":
            usage = to_chat_usage(event["response"].get("usage"))
            return [{**self._head, "choices": [], "usage": usage, "error": event["response"]["error"]}]
        if kind == "error":
            error = event.get("error") or event
            return [{"error": {name: error.get(name) for name in ("message", "type", "param", "code")}}]
        return []

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
