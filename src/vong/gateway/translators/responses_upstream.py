"""Responses as OpenAI itself gives them, told as a chat's completion: for the span and what a call costs."""

from collections.abc import Mapping
from typing import Any

from vong.gateway.translators.content import call_of, completion_head

FORMAT = "openai-responses-v1"
SAID = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning_content",
    "response.reasoning_summary_text.delta": "reasoning_content",
}
"""Events that add to a text."""


def completion_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """A response as a completion; items that a chat has no word for (searches of OpenAI's) are its `output_items`."""
    said: dict[str, Any] = {"role": "assistant", "content": None}
    calls, details, others = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for index, item in enumerate(response.get("output") or []):
        if item["type"] == "message":
            for part in item["content"]:
                name = "refusal" if part["type"] == "refusal" else "content"
                said[name] = (said.get(name) or "") + part["refusal" if name == "refusal" else "text"]
        elif item["type"] == "function_call":
            calls.append(call_of(item["call_id"], item["name"], item["arguments"]))
        elif item["type"] == "reasoning":
            text = "".join(part["text"] for part in item.get("content") or item.get("summary") or [])
            if text:
                said["reasoning_content"] = said.get("reasoning_content", "") + text
            if item.get("encrypted_content"):
                details.append(_detail(index, item))
        else:
            others.append(item)
    more = {"reasoning_details": details, "tool_calls": calls, "output_items": others}
    said |= {name: value for name, value in more.items() if value}
    choice = {"index": 0, "message": said, "finish_reason": _finish(response, bool(calls))}
    head = completion_head(response["id"], response.get("model") or "", int(response.get("created_at") or 0))
    found: dict[str, Any] = {**head, "choices": [choice], "usage": usage_of(response.get("usage"))}
    return {**found, "error": response["error"]} if response.get("error") else found


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A response's usage by the names of a chat."""
    if not usage:
        return None
    names = (("input_tokens_details", "prompt_tokens_details"), ("output_tokens_details", "completion_tokens_details"))
    details = {theirs: dict(usage[ours]) for ours, theirs in names if usage.get(ours)}
    read, made = usage["input_tokens"], usage["output_tokens"]
    return {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made, **details}


def _finish(response: Mapping[str, Any], called: bool) -> str | None:
    reason = (response.get("incomplete_details") or {}).get("reason")
    if reason:
        return "content_filter" if reason == "content_filter" else "length"
    if response.get("status") in {"queued", "in_progress"}:
        return None
    return "tool_calls" if called else "stop"


def _detail(index: int, item: Mapping[str, Any]) -> dict[str, Any]:
    told = {"data": item["encrypted_content"], "id": item.get("id")}
    return {"type": "reasoning.encrypted", **told, "format": FORMAT, "index": index}


class ResponsesChunkDecoder:
    """Takes the events of a response's stream, gives chunks of a chat's."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._calls: dict[int, int] = {}
        self.ended = False

    def take(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The chunks that follow from one event. An error comes as a chunk with `error`."""
        kind = event["type"]
        if kind in SAID:
            return [self._chunk({SAID[kind]: event["delta"]})]
        if kind == "response.created":
            response = event["response"]
            created = int(response.get("created_at") or 0)
            self._head = completion_head(response["id"], response.get("model") or "", created, streamed=True)
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "response.output_item.added" and event["item"]["type"] == "function_call":
            index = self._calls[event["output_index"]] = len(self._calls)
            call = call_of(event["item"]["call_id"], event["item"]["name"], "")
            return [self._chunk({"tool_calls": [{"index": index, **call}]})]
        if kind == "response.function_call_arguments.delta" and event["output_index"] in self._calls:
            call = {"index": self._calls[event["output_index"]], "function": {"arguments": event["delta"]}}
            return [self._chunk({"tool_calls": [call]})]
        if kind == "response.output_item.done" and event["item"].get("encrypted_content"):
            return [self._chunk({"reasoning_details": [_detail(event["output_index"], event["item"])]})]
        return self._end(kind, event)

    def _end(self, kind: str, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        if kind in {"response.completed", "response.incomplete"}:
            self.ended = True
            finish = self._chunk({}, _finish(event["response"], bool(self._calls)))
            return [finish, {**self._head, "choices": [], "usage": usage_of(event["response"].get("usage"))}]
        if kind == "response.failed":
            usage = usage_of(event["response"].get("usage"))
            return [{**self._head, "choices": [], "usage": usage, "error": event["response"]["error"]}]
        if kind == "error":
            said = event.get("error") or event
            return [{"error": {name: said.get(name) for name in ("message", "type", "param", "code")}}]
        return []

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
