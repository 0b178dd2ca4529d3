"""Responses of OpenAI itself translated into chat completions, for the span and the cost of a call."""

from collections.abc import Mapping
from typing import Any, cast

from vong.gateway.translators.content import build_completion_head, build_tool_call
from vong.gateway.translators.streamed_call import StreamedCall
from vong.gateway.translators.token_counts import read_counts, token_count

REASONING_FORMAT = "openai-responses-v1"
TEXT_DELTA_FIELDS = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_text.delta": "reasoning_content",
    "response.reasoning_summary_text.delta": "reasoning_content",
}
"""Events that append to a text, with the field of the chat delta."""
ITEM_EVENTS = {
    "response.output_item.added",
    "response.output_item.done",
    "response.function_call_arguments.delta",
}
"""Events of an item of the output."""


def to_chat_completion(response: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a response into a completion; items that a chat cannot express are in `output_items`.

    Fields that are missing or null say nothing: servers with this API leave many of them out.
    """
    message: dict[str, Any] = {"role": "assistant", "content": None}
    calls, details, others = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for index, item in enumerate(_objects(response.get("output"))):
        kind = item.get("type")
        if kind == "message":
            _append_texts(message, item.get("content"))
        elif kind == "function_call":
            calls.append(build_tool_call(_call_id(item, index), item["name"], item.get("arguments") or "{}"))
        elif kind == "reasoning":
            parts = _objects(item.get("content")) or _objects(item.get("summary"))
            if text := "".join(part.get("text") or "" for part in parts):
                message["reasoning_content"] = message.get("reasoning_content", "") + text
            if item.get("encrypted_content"):
                details.append(_reasoning_detail(index, item))
        elif kind:
            others.append(item)
    extra = {"reasoning_details": details, "tool_calls": calls, "output_items": others}
    message |= {name: value for name, value in extra.items() if value}
    choice = {"index": 0, "message": message, "finish_reason": _to_finish_reason(response, bool(calls))}
    completion: dict[str, Any] = {**_head(response), "choices": [choice], "usage": to_chat_usage(response.get("usage"))}
    return {**completion, "error": response["error"]} if response.get("error") else completion


def _append_texts(message: dict[str, Any], content: Any) -> None:
    """Append the texts and refusals of an item to a message. Some servers send its text instead of a list of parts."""
    parts = [{"text": content}] if isinstance(content, str) else _objects(content)
    for part in parts:
        name = "refusal" if part.get("type") == "refusal" else "content"
        message[name] = (message.get(name) or "") + (part.get("refusal" if name == "refusal" else "text") or "")


def _objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, and nothing for null or another value."""
    return [item for item in cast(list[Any], value) if isinstance(item, dict)] if isinstance(value, list) else []


def _call_id(item: Mapping[str, Any], index: int) -> str:
    """Return the id of a call, which some servers name `id` only."""
    return item.get("call_id") or item.get("id") or f"call_{index}"


def _head(response: Mapping[str, Any], *, streamed: bool = False) -> dict[str, Any]:
    created = token_count(response.get("created_at")) or 0
    return build_completion_head(response.get("id") or "", response.get("model") or "", created, streamed=streamed)


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
        self._calls: dict[Any, StreamedCall] = {}
        self._latest: Any = None
        self.ended = False

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event, none for an event that says nothing. An error is a chunk with `error`."""
        kind = event.get("type")
        if kind in TEXT_DELTA_FIELDS:
            return [self._chunk({TEXT_DELTA_FIELDS[kind]: event.get("delta") or ""})]
        if kind == "response.created":
            self._head = _head(event.get("response") or {}, streamed=True)
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind in ITEM_EVENTS:
            return self._item_chunks(kind, event)
        return self._end_event(kind, event)

    def _item_chunks(self, kind: str, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for an event of an item.

        Servers that leave out `output_index` send one item after the other, so that the latest one is meant.
        """
        item, place = event.get("item") or {}, event.get("output_index")
        if kind == "response.output_item.added":
            self._latest = len(self._calls) + 1 if place is None else place
        if place is None:
            place = self._latest
        if kind == "response.output_item.added" and item.get("type") == "function_call":
            call = self._calls[place] = StreamedCall(len(self._calls))
            updates = [call.start(_call_id(item, len(self._calls)), item["name"]), *call.extend(item.get("arguments"))]
        elif (call := self._calls.get(place)) is not None and kind == "response.function_call_arguments.delta":
            updates = call.extend(event.get("delta"))
        elif call is not None and kind == "response.output_item.done":
            updates = call.end(item.get("arguments"))
        elif kind == "response.output_item.done" and item.get("encrypted_content"):
            updates = [{"reasoning_details": [_reasoning_detail(place or 0, item)]}]
        else:
            updates = []
        return [self._chunk(update) for update in updates]

    def _end_event(self, kind: str | None, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        response = event.get("response") or {}
        if kind in {"response.completed", "response.incomplete"}:
            self.ended = True
            finish = self._chunk({}, _to_finish_reason(response, bool(self._calls)))
            rest = [self._chunk(update) for call in self._calls.values() for update in call.end()]
            return [*rest, finish, {**self._head, "choices": [], "usage": to_chat_usage(response.get("usage"))}]
        if kind == "response.failed":
            error = response.get("error") or {"message": "the response failed"}
            return [{**self._head, "choices": [], "usage": to_chat_usage(response.get("usage")), "error": error}]
        if kind == "error":
            error = event.get("error") or event
            return [{"error": {name: error.get(name) for name in ("message", "type", "param", "code")}}]
        return []

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
