"""Responses of Anthropic's messages and chat completions, in both directions, complete and streamed."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import msgspec

from vong.gateway.translators.chat_variants import (
    detail_text,
    first_choice,
    is_finish_reason,
    normalize_completion,
    resolve_finish_reason,
)
from vong.gateway.translators.chunk_reader import ChunkReader, Piece, ReasoningPiece, TextPiece
from vong.gateway.translators.content import (
    CLAUDE_REASONING_FORMAT,
    build_completion_head,
    build_tool_call,
    merge_reasoning,
)
from vong.gateway.translators.reasoning_envelope import pack_reasoning
from vong.gateway.translators.streamed_call import StreamedCall
from vong.gateway.translators.token_counts import as_fields, read_counts, token_count
from vong.gateway.translators.tool_input import parse_tool_input

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
EVENT_KINDS = {
    "message": "message_start",
    "content_block": "content_block_start",
    "delta": "content_block_delta",
    "error": "error",
}
"""Types of events by a field that only they have."""


def to_chat_completion(message: Mapping[str, Any]) -> dict[str, Any]:
    """Translate a message into a chat completion, without blocks that a chat cannot express (Anthropic's searches)."""
    texts, calls, thoughts, details = list[str](), list[dict[str, Any]](), list[str](), list[dict[str, Any]]()
    for index, block in enumerate(map(as_fields, message["content"] or ())):
        kind = block.get("type")
        if kind == "text":
            texts.append(block.get("text") or "")
        elif kind == "thinking":
            thoughts.append(block.get("thinking") or "")
            details.append(_reasoning_detail(index, block.get("thinking") or "", block.get("signature")))
        elif kind == "redacted_thinking":
            details.append(_encrypted_detail(index, block["data"]))
        elif kind == "tool_use":
            arguments = msgspec.json.encode(block.get("input") or {}).decode()
            calls.append(build_tool_call(block.get("id") or f"toolu_{index}", block["name"], arguments))
    reply: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if "".join(thoughts):
        reply["reasoning_content"] = "".join(thoughts)
    if details:
        reply["reasoning_details"] = details
    if calls:
        reply["tool_calls"] = calls
    choice = {"index": 0, "message": reply, **_to_finish_reason(message, bool(calls))}
    head = _completion_head(message, streamed=False)
    return {**head, "choices": [choice], "usage": to_chat_usage(as_fields(message.get("usage")))}


def to_anthropic_message(completion: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the first choice of a chat completion into a message.

    Raises: UpstreamFailed if the arguments of a tool call are not valid JSON, unless the answer was cut off.
    """
    completion = normalize_completion(completion, uuid4().hex)
    choice = first_choice(completion["choices"])
    reply, blocks = choice["message"], list[dict[str, Any]]()
    details = reply.get("reasoning_details") or []
    for detail in details:
        blocks += _to_thinking_blocks(detail)
    if foreign := [detail for detail in details if not is_anthropic_reasoning(detail)]:
        blocks.append({"type": "redacted_thinking", "data": pack_reasoning(foreign)})
    if reply.get("reasoning_content") and not any(map(detail_text, details)):
        blocks.append({"type": "thinking", "thinking": reply["reasoning_content"], "signature": ""})
    for name in ("content", "refusal"):
        if reply.get(name):
            blocks.append({"type": "text", "text": reply[name]})
    for call in reply.get("tool_calls") or []:
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        tool_input = parse_tool_input(name, arguments, is_cut_off=choice["finish_reason"] == "length")
        blocks.append({"type": "tool_use", "id": call["id"], "name": name, "input": tool_input})
    return {
        "id": _message_id(completion.get("id")),
        "type": "message",
        "role": "assistant",
        "model": completion.get("model") or "",
        "content": blocks,
        **_to_stop_reason(choice["finish_reason"], choice.get("stop_reason"), bool(reply.get("refusal"))),
        "usage": to_anthropic_usage(completion["usage"] or {}),
    }


def _to_thinking_blocks(detail: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the block for a reasoning detail, if a message can express it."""
    text, is_own = detail_text(detail), is_anthropic_reasoning(detail)
    if detail["type"] == "reasoning.encrypted":
        return [{"type": "redacted_thinking", "data": detail["data"]}] if is_own and detail.get("data") else []
    signature = (detail.get("signature") or "") if is_own else ""
    return [{"type": "thinking", "thinking": text, "signature": signature}] if text or signature else []


def to_chat_usage(usage: Mapping[str, Any]) -> dict[str, Any] | None:
    """Translate usage; None if the counts are unknown.

    Anthropic counts cached and cache-write tokens separately from the input; OpenAI includes them.
    """
    input_tokens, output_tokens = token_count(usage.get("input_tokens")), token_count(usage.get("output_tokens"))
    if input_tokens is None and output_tokens is None:
        return None
    cache_read = token_count(usage.get("cache_read_input_tokens")) or 0
    cache_write = token_count(usage.get("cache_creation_input_tokens")) or 0
    prompt, output = (input_tokens or 0) + cache_read + cache_write, output_tokens or 0
    details = {"cached_tokens": cache_read, "cache_write_tokens": cache_write}
    if hour := token_count(as_fields(usage.get("cache_creation")).get("ephemeral_1h_input_tokens")):
        details["cache_write_1h_tokens"] = hour
    counts = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
    return {**counts, "prompt_tokens_details": details}


def to_anthropic_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the usage of a chat into that of a message."""
    counts = read_counts(usage)
    cache_read = counts.cached or 0
    cache_write = token_count(as_fields(usage.get("prompt_tokens_details")).get("cache_write_tokens")) or 0
    return {
        "input_tokens": max(0, (counts.input or 0) - cache_read - cache_write),
        "cache_creation_input_tokens": cache_write,
        "cache_read_input_tokens": cache_read,
        "output_tokens": counts.output or 0,
    }


class AnthropicChunkDecoder:
    """Decoder of a messages stream into chat chunks."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._usage: dict[str, Any] = {}
        self._calls: dict[int, StreamedCall] = {}
        self._block = -1
        self._finished = False
        self.ended = False

    def decode(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the chunks for one event. An error is a chunk with `error`, in OpenAI's format."""
        kind = event.get("type") or _event_kind(event)
        if kind == "message_start":
            message = as_fields(event.get("message"))
            self._usage.update(_known(message.get("usage")))
            self._head = _completion_head(message, streamed=True)
            return [self._chunk({"role": "assistant", "content": ""})]
        if kind == "content_block_start":
            self._block = _read_index(event, self._block + 1)
            return self._start_block(self._block, as_fields(event.get("content_block")))
        if kind == "content_block_delta":
            return self._extend_block(_read_index(event, self._block), as_fields(event.get("delta")))
        if kind == "content_block_stop":
            return self._end_calls(_read_index(event, self._block))
        if kind == "message_delta":
            delta = as_fields(event.get("delta"))
            self._usage.update(_known(event.get("usage")))
            return self._finish(delta) if delta.get("stop_reason") else []
        if kind == "message_stop":
            chunks = [*([] if self._finished else self._finish({"stop_reason": "end_turn"})), *self.finish()]
            self.ended = True
            return chunks
        return [_error_chunk(event.get("error"))] if kind == "error" else []

    def finish(self) -> list[dict[str, Any]]:
        """Return the usage if the stream has ended without its last event, which reports it."""
        return [] if self.ended else [{**self._head, "choices": [], "usage": to_chat_usage(self._usage)}]

    def _start_block(self, index: int, block: Mapping[str, Any]) -> list[dict[str, Any]]:
        kind = block.get("type")
        if kind == "tool_use":
            call = self._calls[index] = StreamedCall(len(self._calls), block.get("input"))
            return [self._chunk(call.start(block.get("id") or f"toolu_{index}", block["name"]))]
        if kind == "redacted_thinking":
            return [self._chunk({"reasoning_details": [_encrypted_detail(index, block["data"])]})]
        # Anthropic's own blocks start empty; those of servers with the same format may not.
        deltas = {"text": ("text",), "thinking": ("thinking", "signature")}.get(str(kind), ())
        chunks = list[dict[str, Any]]()
        for name in deltas:
            if block.get(name):
                chunks += self._extend_block(index, {"type": f"{name}_delta", name: block[name]})
        return chunks

    def _extend_block(self, index: int, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        if text := delta.get("text"):
            return [self._chunk({"content": text})]
        if index in self._calls and (arguments := delta.get("partial_json")):
            return [self._chunk(update) for update in self._calls[index].extend(arguments)]
        if thinking := delta.get("thinking"):
            detail = _reasoning_detail(index, thinking, None)
            return [self._chunk({"reasoning_content": thinking, "reasoning_details": [detail]})]
        if signature := delta.get("signature"):
            return [self._chunk({"reasoning_details": [_reasoning_detail(index, "", signature)]})]
        return []

    def _end_calls(self, index: int | None = None) -> list[dict[str, Any]]:
        """Return the arguments that are missing from a call, or from all."""
        calls = [call for block, call in self._calls.items() if index in (None, block)]
        return [self._chunk(update) for call in calls for update in call.end()]

    def _finish(self, delta: Mapping[str, Any]) -> list[dict[str, Any]]:
        self._finished = True
        finish = self._chunk({})
        finish["choices"][0].update(_to_finish_reason(delta, bool(self._calls)))
        return [*self._end_calls(), finish]

    def _chunk(self, delta: dict[str, Any]) -> dict[str, Any]:
        return {**self._head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def is_anthropic_reasoning(detail: Mapping[str, Any]) -> bool:
    """Return True if the reasoning is from Claude."""
    return detail.get("format") in {None, CLAUDE_REASONING_FORMAT}


class AnthropicEventEncoder:
    """Encoder of chat chunks into the events of a messages stream."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._reader = ChunkReader(uuid4().hex)
        self._started = False
        self._open: tuple[str, int] | None = None
        self._blocks = 0
        self._foreign_details: list[dict[str, Any]] = []
        self._refused = False

    def encode(self, chunk: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the events for one chunk."""
        events = [] if self._started else [self._start(chunk)]
        for piece in self._reader.read(chunk):
            events += self._encode_piece(piece)
        return events

    def finish(self) -> list[dict[str, Any]]:
        """Return the last events, with the usage, which a chat sends last."""
        events = [event for piece in self._reader.finish() for event in self._encode_piece(piece)]
        reason = _to_stop_reason(self._reader.finish_reason, self._reader.stop_reason, self._refused)
        last = {"type": "message_delta", "delta": reason, "usage": to_anthropic_usage(self._reader.usage or {})}
        events += self._close()
        if self._foreign_details:
            data = pack_reasoning(merge_reasoning(self._foreign_details))
            events += self._ensure_block("hidden", -1, {"type": "redacted_thinking", "data": data})
            events += self._close()
        return [*events, last, {"type": "message_stop"}]

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

    def _encode_piece(self, piece: Piece) -> list[dict[str, Any]]:
        if isinstance(piece, ReasoningPiece):
            return self._reasoning(piece)
        if isinstance(piece, TextPiece):
            self._refused |= piece.kind == "refusal"
            events = self._ensure_block("text", 0, {"type": "text", "text": ""})
            return [*events, self._delta({"type": "text_delta", "text": piece.text})]
        block = {"type": "tool_use", "id": piece.id, "name": piece.name, "input": {}}
        events = self._ensure_block("call", piece.position, block)
        return [*events, self._delta({"type": "input_json_delta", "partial_json": piece.arguments})]

    def _reasoning(self, piece: ReasoningPiece) -> list[dict[str, Any]]:
        events = list[dict[str, Any]]()
        for detail in piece.details:
            index, is_own = detail.get("index") or 0, is_anthropic_reasoning(detail)
            if not is_own:
                self._foreign_details.append(detail)
            if detail["type"] == "reasoning.encrypted":
                block = {"type": "redacted_thinking", "data": detail.get("data")}
                events += self._ensure_block("hidden", index, block) if is_own and detail.get("data") else []
                continue
            signature = detail.get("signature") if is_own else None
            events += self._thinking(index, detail_text(detail) if piece.from_details else "", signature)
        return events if piece.from_details else [*self._thinking(0, piece.text, None), *events]

    def _thinking(self, index: int, text: str, signature: str | None) -> list[dict[str, Any]]:
        if not text and not signature:
            return []
        events = self._ensure_block("thought", index, {"type": "thinking", "thinking": "", "signature": ""})
        if text:
            events.append(self._delta({"type": "thinking_delta", "thinking": text}))
        if signature:
            events.append(self._delta({"type": "signature_delta", "signature": signature}))
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


def _encrypted_detail(index: int, data: str) -> dict[str, Any]:
    return {"type": "reasoning.encrypted", "data": data, "format": CLAUDE_REASONING_FORMAT, "index": index}


def _to_finish_reason(message: Mapping[str, Any], has_calls: bool) -> dict[str, Any]:
    """Return the finish reason, and as `stop_reason` the stop sequence, as vLLM names it."""
    reason = message.get("stop_reason")
    resolved = (
        resolve_finish_reason(FINISH_REASONS.get(str(reason), "stop"), has_calls) if reason or has_calls else None
    )
    fields: dict[str, Any] = {"finish_reason": resolved}
    sequence = message.get("stop_sequence")
    return {**fields, "stop_reason": sequence} if sequence else fields


def _to_stop_reason(finish_reason: str | None, stop_reason: Any, refused: bool) -> dict[str, Any]:
    """Return the stop reason of a message. `stop_reason` is a stop sequence, as vLLM names it."""
    if isinstance(stop_reason, str) and finish_reason in {None, "stop"} and not is_finish_reason(stop_reason):
        return {"stop_reason": "stop_sequence", "stop_sequence": stop_reason}
    reason = "refusal" if refused else STOP_REASONS.get(finish_reason or "stop", "end_turn")
    return {"stop_reason": reason, "stop_sequence": None}


def _completion_head(message: Mapping[str, Any], *, streamed: bool) -> dict[str, Any]:
    """Return the first fields of a completion. Servers with the same format may leave out id and model."""
    id = message.get("id") or f"msg_{uuid4().hex}"
    return build_completion_head(id, message.get("model") or "", int(time.time()), streamed=streamed)


def _event_kind(event: Mapping[str, Any]) -> str | None:
    """Return the type of an event that names it only in its field `event`, by its content."""
    for field, kind in EVENT_KINDS.items():
        if event.get(field) is not None:
            is_end = kind == "content_block_delta" and ("usage" in event or "stop_reason" in as_fields(event[field]))
            return "message_delta" if is_end else kind
    return None


def _error_chunk(error: Any) -> dict[str, Any]:
    fields = as_fields(error)
    kind = fields.get("type") or "upstream_error"
    message = fields.get("message") or (error if isinstance(error, str) else "the upstream reported an error")
    return {"error": {"message": message, "type": kind, "param": None, "code": kind}}


def _known(usage: Any) -> dict[str, Any]:
    return {name: count for name, count in as_fields(usage).items() if count is not None}


def _read_index(event: Mapping[str, Any], default: int) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else default


def _message_id(id: str | None) -> str:
    return id if id and id.startswith("msg_") else f"msg_{(id or '').removeprefix('chatcmpl-')}"
