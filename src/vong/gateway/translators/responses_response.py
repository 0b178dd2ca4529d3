"""Chat completions translated into OpenAI's responses, complete and streamed.

Reasoning becomes reasoning items. Data that the model must receive back (`reasoning_details`, with signatures) is
packed into `encrypted_content`, which callers send back unread.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from vong.gateway.translators.chat_variants import first_choice, normalize_completion
from vong.gateway.translators.chunk_reader import CallPiece, ChunkReader, Piece, ReasoningPiece, TextPiece
from vong.gateway.translators.content import merge_reasoning
from vong.gateway.translators.reasoning_envelope import pack_reasoning
from vong.gateway.translators.responses_tools import client_tools, to_call_item
from vong.gateway.translators.token_counts import as_fields, read_counts, token_count
from vong.gateway.translators.tool_call_tracker import is_json_object

REPEATED_FIELDS = (
    *("instructions", "max_output_tokens", "metadata", "previous_response_id", "reasoning", "temperature"),
    *("text", "top_p", "truncation", "user", "top_logprobs", "prompt"),
)
"""Fields of the request that a response repeats."""


def to_response_object(completion: Mapping[str, Any], request: Mapping[str, Any], id: str) -> dict[str, Any]:
    """Translate the first choice of a completion into the response `resp_id`."""
    completion = normalize_completion(completion, id)
    choice = first_choice(completion["choices"])
    reply, items = choice["message"], list[dict[str, Any]]()
    details, reasoning = reply.get("reasoning_details") or [], reply.get("reasoning_content")
    if details or reasoning:
        items.append(_reasoning_item(f"rs_{id}_0", reasoning or "", details))
    parts = [_text_part(reply["content"], _logprobs(choice))] if reply.get("content") else []
    parts += [{"type": "refusal", "refusal": reply["refusal"]}] if reply.get("refusal") else []
    if parts:
        items.append(_message_item(f"msg_{id}_{len(items)}", parts, "completed"))
    tools = client_tools(request)
    for call in reply.get("tool_calls") or []:
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        item = to_call_item(tools.get(name), f"{id}_{len(items)}", call["id"], name, arguments)
        items.append({**item, "status": _call_status(arguments)})
    finish = choice.get("finish_reason")
    model = completion.get("model")
    return _response_fields(request, id, model, items, finish=finish, usage=completion["usage"])


def to_response_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Translate the usage of a chat into that of a response."""
    if not usage:
        return None
    counts = read_counts(usage)
    input_tokens, output_tokens = counts.input or 0, counts.output or 0
    reasoning_tokens = token_count(as_fields(usage.get("completion_tokens_details")).get("reasoning_tokens")) or 0
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {"cached_tokens": counts.cached or 0, "cache_write_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": reasoning_tokens},
        "total_tokens": input_tokens + output_tokens,
    }


class ResponsesEventEncoder:
    """Encoder of chat chunks into the events of a response stream."""

    def __init__(self, request: Mapping[str, Any], id: str) -> None:
        self._request = request
        self._id = id
        self._reader = ChunkReader(id)
        self._sequence_number = 0
        self._items: list[dict[str, Any]] = []
        self._open: tuple[str, int] | None = None
        self._text_parts: list[str] = []
        self._logprobs: list[dict[str, Any]] = []
        self._details: list[dict[str, Any]] = []
        self._tools = client_tools(request)
        self._client_call: CallPiece | None = None
        """First part of the open call of a tool that is no function. Its item is sent when it is complete."""

    def encode(self, chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events for one chunk."""
        pieces, events = self._reader.read(chunk), list[dict[str, Any]]()
        if self._sequence_number == 0:
            for kind in ("response.created", "response.in_progress"):
                events.append(self._event(kind, response=self._build_response("in_progress")))
        for piece in pieces:
            events += self._encode_piece(piece)
        return events

    def finish(self) -> list[dict[str, Any]]:
        """Return the last events, with the complete response."""
        events = [event for piece in self._reader.finish() for event in self._encode_piece(piece)]
        events += self._close()
        if self._details and not any(item["type"] == "reasoning" for item in self._items):
            details = merge_reasoning(self._details)
            self._items.append(_reasoning_item(f"rs_{self._id}_{len(self._items)}", "", details))
            index = len(self._items) - 1
            for kind in ("added", "done"):
                events.append(self._event(f"response.output_item.{kind}", output_index=index, item=self._items[index]))
        response = self._build_response(None)
        return [*events, self._event(f"response.{response['status']}", response=response)]

    def _encode_piece(self, piece: Piece) -> list[dict[str, Any]]:
        if isinstance(piece, ReasoningPiece):
            self._details += piece.details
            return self._extend_text("reasoning", piece.text, ()) if piece.text else []
        if isinstance(piece, TextPiece):
            kind = "text" if piece.kind == "content" else piece.kind
            return self._extend_text(
                kind, piece.text, [_full_logprob({"top_logprobs": [], **one}) for one in piece.logprobs]
            )
        return self._tool_call(piece)

    def _extend_text(self, kind: str, delta: str, logprobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        events = self._ensure_item(kind)
        self._text_parts.append(delta)
        self._logprobs += logprobs
        name = {"reasoning": "reasoning_text", "text": "output_text", "refusal": "refusal"}[kind]
        extra: dict[str, Any] = {"logprobs": [_short_logprob(item) for item in logprobs]} if kind == "text" else {}
        events.append(
            self._event(f"response.{name}.delta", **self._item_position(), content_index=0, delta=delta, **extra)
        )
        return events

    def _tool_call(self, piece: CallPiece) -> list[dict[str, Any]]:
        events, key = list[dict[str, Any]](), ("call", piece.position)
        if self._open != key:
            events += self._close()
            self._open = key
            if piece.name in self._tools:
                self._client_call = piece
            else:
                item = to_call_item(None, f"{self._id}_{len(self._items)}", piece.id, piece.name, "")
                events.append(self._add_item({**item, "status": "in_progress"}))
        self._text_parts.append(piece.arguments)
        if self._client_call is not None:
            return events
        kind = "response.function_call_arguments.delta"
        return [*events, self._event(kind, **self._item_position(), delta=piece.arguments)]

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
        if self._client_call is not None:
            events += self._close_client_call(self._client_call, text)
            self._client_call, self._open, self._text_parts = None, None, []
            return events
        item, place = self._items[-1], self._item_position()
        if kind == "call":
            item |= {"arguments": text, "status": _call_status(text)}
            events.append(
                self._event("response.function_call_arguments.done", **place, arguments=text, name=item["name"])
            )
        else:
            done: dict[str, Any] = {
                "reasoning": {"type": "reasoning_text", "text": text},
                "text": _text_part(text, self._logprobs),
            }
            part = done.get(kind, {"type": "refusal", "refusal": text})
            name = {"reasoning": "reasoning_text", "text": "output_text", "refusal": "refusal"}[kind]
            value: dict[str, Any] = {"refusal" if kind == "refusal" else "text": text}
            logprobs = [_short_logprob(item) for item in self._logprobs]
            extra: dict[str, Any] = {"logprobs": logprobs} if kind == "text" else {}
            events.append(self._event(f"response.{name}.done", **place, content_index=0, **value, **extra))
            events.append(self._event("response.content_part.done", **place, content_index=0, part=part))
            item["content"] = [part]
            if kind == "reasoning" and self._details:
                item["encrypted_content"] = pack_reasoning(merge_reasoning(self._details))
            if kind != "reasoning":
                item["status"] = "completed"
        events.append(self._event("response.output_item.done", output_index=len(self._items) - 1, item=dict(item)))
        self._open, self._text_parts, self._logprobs = None, [], []
        return events

    def _close_client_call(self, call: CallPiece, arguments: str) -> list[dict[str, Any]]:
        """Return the events of a call of a tool that is no function."""
        tool = self._tools[call.name]
        item = to_call_item(tool, f"{self._id}_{len(self._items)}", call.id, call.name, arguments)
        item["status"] = _call_status(arguments)
        delta = {"custom_tool_call": "input", "function_call": "arguments"}.get(item["type"])
        events = [self._add_item({**item, "status": "in_progress", **({delta: ""} if delta else {})})]
        if delta:
            kind = "custom_tool_call_input" if delta == "input" else "function_call_arguments"
            place, name = self._item_position(), {} if delta == "input" else {"name": item["name"]}
            events.append(self._event(f"response.{kind}.delta", **place, delta=item[delta]))
            events.append(self._event(f"response.{kind}.done", **place, **{delta: item[delta]}, **name))
        self._items[-1] = item
        return [
            *events,
            self._event("response.output_item.done", output_index=len(self._items) - 1, item=dict(item)),
        ]

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
        reader = self._reader
        finish, usage = reader.finish_reason, reader.usage
        response = _response_fields(self._request, self._id, reader.model, items, finish=finish, usage=usage)
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
    return [
        _full_logprob({"top_logprobs": [], **item}) for item in as_fields(choice.get("logprobs")).get("content") or []
    ]


def _full_logprob(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a log-probability with the bytes of its token, which some servers leave out."""
    token = str(item.get("token") or "")
    others = [_full_logprob(other) for other in item.get("top_logprobs") or ()]
    found = {"token": token, "logprob": item.get("logprob") or 0.0, "bytes": item.get("bytes") or list(token.encode())}
    return {**found, "top_logprobs": others} if "top_logprobs" in item else found


def _short_logprob(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a log-probability as events of text contain it, without bytes."""
    tokens = [{"token": other["token"], "logprob": other["logprob"]} for other in item.get("top_logprobs") or ()]
    return {"token": item["token"], "logprob": item["logprob"], "top_logprobs": tokens}


def _call_status(arguments: str) -> str:
    return "completed" if is_json_object(arguments) else "incomplete"
