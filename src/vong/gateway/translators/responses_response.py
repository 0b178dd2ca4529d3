"""Chat completions translated into OpenAI's responses, complete and streamed.

Reasoning becomes reasoning items. Data that the model must receive back (`reasoning_details`, with signatures) is
packed into `encrypted_content`, which callers send back unread.
"""

import time
from collections.abc import Mapping
from typing import Any

from vong.gateway.translators.content import merge_reasoning
from vong.gateway.translators.reasoning_envelope import pack_reasoning

REPEATED_FIELDS = (
    *("instructions", "max_output_tokens", "metadata", "previous_response_id", "reasoning", "temperature"),
    *("text", "top_p", "truncation", "user", "top_logprobs"),
)
"""Fields of the request that a response repeats."""


def to_response_object(completion: Mapping[str, Any], request: Mapping[str, Any], id: str) -> dict[str, Any]:
    """Translate the first choice of a completion into the response `resp_id`."""
    choice = completion["choices"][0]
    reply, items = choice["message"], list[dict[str, Any]]()
    details, reasoning = reply.get("reasoning_details") or [], reply.get("reasoning_content")
    if details or reasoning:
        items.append(_reasoning_item(f"rs_{id}_0", reasoning or "", details))
    parts = [_text_part(reply["content"], _logprobs(choice))] if reply.get("content") else []
    parts += [{"type": "refusal", "refusal": reply["refusal"]}] if reply.get("refusal") else []
    if parts:
        items.append(_message_item(f"msg_{id}_{len(items)}", parts, "completed"))
    for call in reply.get("tool_calls") or []:
        items.append(_call_item(f"fc_{id}_{len(items)}", call, "completed"))
    finish = choice.get("finish_reason")
    model = completion.get("model")
    return _response_fields(request, id, model, items, finish=finish, usage=completion.get("usage"))


def to_response_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate the usage of a chat into that of a response."""
    if not usage:
        return None
    input_tokens, output_tokens = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    reasoning_tokens = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": reasoning_tokens},
        "total_tokens": input_tokens + output_tokens,
    }


class ResponsesEventEncoder:
    """Encoder of chat chunks into the events of a response stream."""

    def __init__(self, request: Mapping[str, Any], id: str) -> None:
        self._request = request
        self._id = id
        self._sequence_number = 0
        self._items: list[dict[str, Any]] = []
        self._open: tuple[str, int] | None = None
        self._text_parts: list[str] = []
        self._details: list[dict[str, Any]] = []
        self._model: str | None = None
        self._finish: str | None = None
        self._usage: dict[str, Any] | None = None

    def encode(self, chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events for one chunk."""
        events = list[dict[str, Any]]()
        if self._sequence_number == 0:
            self._model = chunk.get("model")
            for kind in ("response.created", "response.in_progress"):
                events.append(self._event(kind, response=self._build_response("in_progress")))
        self._usage = chunk.get("usage") or self._usage
        for choice in chunk.get("choices") or ():
            if choice.get("index"):
                continue
            delta = choice.get("delta") or {}
            if delta.get("reasoning_details"):
                self._details = merge_reasoning([*self._details, *delta["reasoning_details"]])
            for name, kind in (("reasoning_content", "reasoning"), ("content", "text"), ("refusal", "refusal")):
                if delta.get(name):
                    events += self._extend_text(kind, delta[name])
            for call in delta.get("tool_calls") or ():
                events += self._tool_call(call)
            self._finish = choice.get("finish_reason") or self._finish
        return events

    def finish(self) -> list[dict[str, Any]]:
        """Return the last events, with the complete response."""
        events = self._close()
        if self._details and not any(item["type"] == "reasoning" for item in self._items):
            self._items.append(_reasoning_item(f"rs_{self._id}_{len(self._items)}", "", self._details))
            index = len(self._items) - 1
            for kind in ("added", "done"):
                events.append(self._event(f"response.output_item.{kind}", output_index=index, item=self._items[index]))
        response = self._build_response(None)
        return [*events, self._event(f"response.{response['status']}", response=response)]

    def _extend_text(self, kind: str, delta: str) -> list[dict[str, Any]]:
        events = self._ensure_item(kind)
        self._text_parts.append(delta)
        name = {"reasoning": "reasoning_text", "text": "output_text", "refusal": "refusal"}[kind]
        extra: dict[str, Any] = {"logprobs": []} if kind == "text" else {}
        events.append(
            self._event(f"response.{name}.delta", **self._item_position(), content_index=0, delta=delta, **extra)
        )
        return events

    def _tool_call(self, call: Mapping[str, Any]) -> list[dict[str, Any]]:
        events, key = list[dict[str, Any]](), ("call", call.get("index") or 0)
        function = call.get("function") or {}
        if self._open != key:
            events += self._close()
            self._open = key
            empty_call = {"id": call.get("id"), "function": {"name": function.get("name") or "", "arguments": ""}}
            events.append(self._add_item(_call_item(f"fc_{self._id}_{len(self._items)}", empty_call, "in_progress")))
        if function.get("arguments"):
            self._text_parts.append(function["arguments"])
            kind = "response.function_call_arguments.delta"
            events.append(self._event(kind, **self._item_position(), delta=function["arguments"]))
        return events

    def _ensure_item(self, kind: str) -> list[dict[str, Any]]:
        """Open an item of a kind, unless it is open."""
        if self._open == (kind, 0):
            return []
        events = self._close()
        self._open = kind, 0
        if kind == "reasoning":
            item = _reasoning_item(f"rs_{self._id}_{len(self._items)}", None, [])
        else:
            item = _message_item(f"msg_{self._id}_{len(self._items)}", [], "in_progress")
        part = {"reasoning": {"type": "reasoning_text", "text": ""}, "text": _text_part("", None)}
        events.append(self._add_item(item))
        opened = part.get(kind, {"type": "refusal", "refusal": ""})
        events.append(self._event("response.content_part.added", **self._item_position(), content_index=0, part=opened))
        return events

    def _close(self) -> list[dict[str, Any]]:
        if self._open is None:
            return []
        kind, text, events = self._open[0], "".join(self._text_parts), list[dict[str, Any]]()
        item, place = self._items[-1], self._item_position()
        if kind == "call":
            item |= {"arguments": text, "status": "completed"}
            events.append(
                self._event("response.function_call_arguments.done", **place, arguments=text, name=item["name"])
            )
        else:
            done: dict[str, Any] = {
                "reasoning": {"type": "reasoning_text", "text": text},
                "text": _text_part(text, None),
            }
            part = done.get(kind, {"type": "refusal", "refusal": text})
            name = {"reasoning": "reasoning_text", "text": "output_text", "refusal": "refusal"}[kind]
            value: dict[str, Any] = {"refusal" if kind == "refusal" else "text": text}
            extra: dict[str, Any] = {"logprobs": []} if kind == "text" else {}
            events.append(self._event(f"response.{name}.done", **place, content_index=0, **value, **extra))
            events.append(self._event("response.content_part.done", **place, content_index=0, part=part))
            item["content"] = [part]
            if kind == "reasoning" and self._details:
                item["encrypted_content"] = pack_reasoning(self._details)
            if kind != "reasoning":
                item["status"] = "completed"
        events.append(self._event("response.output_item.done", output_index=len(self._items) - 1, item=dict(item)))
        self._open, self._text_parts = None, []
        return events

    def _add_item(self, item: dict[str, Any]) -> dict[str, Any]:
        self._items.append(item)
        return self._event("response.output_item.added", output_index=len(self._items) - 1, item=dict(item))

    def _item_position(self) -> dict[str, Any]:
        return {"item_id": self._items[-1]["id"], "output_index": len(self._items) - 1}

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        self._sequence_number += 1
        return {"type": kind, "sequence_number": self._sequence_number - 1, **fields}

    def _build_response(self, status: str | None) -> dict[str, Any]:
        items = [dict(item) for item in self._items]
        response = _response_fields(self._request, self._id, self._model, items, finish=self._finish, usage=self._usage)
        return response | ({"status": status, "usage": None, "incomplete_details": None} if status else {})


def _response_fields(
    request: Mapping[str, Any],
    id: str,
    model: str | None,
    items: list[dict[str, Any]],
    *,
    finish: str | None,
    usage: Mapping[str, Any] | None,
) -> dict[str, Any]:
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(finish or "")
    return {
        "id": f"resp_{id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "incomplete" if reason else "completed",
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": model or request.get("model") or "",
        "output": items,
        "usage": to_response_usage(usage),
        "parallel_tool_calls": request.get("parallel_tool_calls") is not False,
        "tool_choice": request.get("tool_choice") or "auto",
        "tools": request.get("tools") or [],
        "store": request.get("store") is not False,
        **{name: request.get(name) for name in REPEATED_FIELDS},
    }


def _reasoning_item(id: str, text: str | None, details: list[dict[str, Any]]) -> dict[str, Any]:
    item: dict[str, Any] = {"id": id, "type": "reasoning", "summary": []}
    if text:
        item["content"] = [{"type": "reasoning_text", "text": text}]
    return item | ({"encrypted_content": pack_reasoning(details)} if details else {})


def _message_item(id: str, parts: list[dict[str, Any]], status: str) -> dict[str, Any]:
    return {"id": id, "type": "message", "role": "assistant", "status": status, "content": parts}


def _text_part(text: str, logprobs: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs or []}


def _logprobs(choice: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((choice.get("logprobs") or {}).get("content") or [])


def _call_item(id: str, call: Mapping[str, Any], status: str) -> dict[str, Any]:
    function = call["function"]
    names = {"call_id": call.get("id") or id, "name": function["name"]}
    return {"id": id, "type": "function_call", "status": status, **names, "arguments": function.get("arguments") or ""}
