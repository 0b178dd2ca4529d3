"""Chat answers as servers with OpenAI's format send them: one answer in many spellings, complete and streamed."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import strategies as st

HEAD = {"id": "chatcmpl-7", "created": 1700000000, "model": "m", "system_fingerprint": "fp", "provider": "somebody"}
REASONING_STYLES = ("reasoning_content", "reasoning", "thinking", "two names", "details", "parts")
CALL_STYLES = {
    "OpenAI's": True,
    "index is a text": True,
    "no ids": True,
    "id in every part, no index": True,
    "name in every part": True,
    "id in the second part": True,
    "another id in every part": True,
    "index is null": False,
    "no index": False,
    "every index is 0": False,
    "whole calls, no index, no ids": False,
    "whole calls, arguments are objects": False,
}
"""Styles of streamed tool calls, and if their parts may be interleaved."""
STYLES_WITHOUT_IDS = ("no ids", "whole calls, no index, no ids")
FINISH_STYLES = ("OpenAI's", "stop", "missing", "upper case")


class Call(NamedTuple):
    id: str
    name: str
    arguments: dict[str, Any]


class Answer(NamedTuple):
    """Content of an answer."""

    reasoning: str
    text: str
    refusal: str
    calls: list[Call]
    is_cut_off: bool


class Style(NamedTuple):
    """Spelling of an answer, and how it is cut into deltas."""

    reasoning: str
    text_parts: bool
    calls: str
    interleaved: bool
    empty_arguments: str | None
    finish: str
    nulls: bool
    number: type[int] | type[float] | type[str]
    piece: int


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
VALUES = st.one_of(TEXTS, st.integers(-9, 9), st.booleans(), st.none(), st.lists(st.integers(0, 3), max_size=2))
ARGUMENTS = st.dictionaries(st.sampled_from(["q", "city", "n}"]), VALUES, max_size=2)
CALLS = st.lists(
    st.builds(Call, st.from_regex(r"call_[a-z]{3}", fullmatch=True), st.sampled_from(["look", "seek"]), ARGUMENTS),
    max_size=3,
    unique_by=lambda call: call.id,
)
ANSWERS = st.builds(Answer, TEXTS, TEXTS, TEXTS, CALLS, st.booleans())
STYLES = st.builds(
    Style,
    st.sampled_from(REASONING_STYLES),
    st.booleans(),
    st.sampled_from(list(CALL_STYLES)),
    st.booleans(),
    st.sampled_from(["", "{}", None]),
    st.sampled_from(FINISH_STYLES),
    st.booleans(),
    st.sampled_from([int, float, str]),
    st.integers(1, 5),
)


def usage(style: Style) -> dict[str, Any]:
    details = {"prompt_tokens_details": None} if style.nulls else {}
    return {"prompt_tokens": style.number(12), "completion_tokens": style.number(3), **details}


def finish_reason(answer: Answer, style: Style) -> str | None:
    reason = "length" if answer.is_cut_off else "tool_calls" if answer.calls and style.finish != "stop" else "stop"
    if style.finish == "missing" and not answer.is_cut_off:
        return None
    return reason.upper() if style.finish == "upper case" else reason


def whole(answer: Answer, style: Style) -> dict[str, Any]:
    """Return the answer as a completion."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    for delta in _text_deltas(answer, style._replace(piece=99)):
        content = delta.pop("content", None)
        if isinstance(content, str) and isinstance(message["content"], list):
            content = [{"type": "text", "text": content}]
        if content is not None:
            message["content"] = [*(message["content"] or []), *content] if isinstance(content, list) else content
        message |= delta
    if answer.calls:
        parts = [_call_parts(call, place, style._replace(piece=999)) for place, call in enumerate(answer.calls)]
        message["tool_calls"] = [_joined(found) for found in parts]
    choice = {"index": 0, "message": message, "finish_reason": finish_reason(answer, style), "logprobs": None}
    return {**HEAD, "object": "chat.completion", "choices": [choice], "usage": usage(style)}


def chunks(answer: Answer, style: Style) -> list[dict[str, Any]]:
    """Return the answer as the chunks of a stream."""
    empty = {"refusal": None, "tool_calls": None, "reasoning": None} if style.nulls else {}
    deltas = [{"role": "assistant", "content": None if style.nulls else ""}]
    deltas += [{**empty, **delta} for delta in _text_deltas(answer, style)]
    deltas += [{**empty, "tool_calls": parts} for parts in _call_deltas(answer, style)]
    made = [_chunk(delta, None, style) for delta in deltas]
    made.append(_chunk({}, finish_reason(answer, style), style))
    return [*made, {**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": usage(style)}]


def encode_stream(made: list[dict[str, Any]]) -> bytes:
    texts = [json.dumps(chunk, ensure_ascii=False) for chunk in made]
    return "".join(f"data: {text}\n\n" for text in [*texts, "[DONE]"]).encode()


def _chunk(delta: dict[str, Any], finish: str | None, style: Style) -> dict[str, Any]:
    nulls = {"logprobs": None} if style.nulls else {}
    choice = {"index": None if style.nulls else 0, "delta": delta, "finish_reason": finish, **nulls}
    head = {**HEAD, "object": "chat.completion.chunk", **({"usage": None} if style.nulls else {})}
    return {**head, "choices": [choice]}


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _text_deltas(answer: Answer, style: Style) -> Iterator[dict[str, Any]]:
    for piece in _pieces(answer.reasoning, style.piece):
        detail = {"type": "reasoning.text", "text": piece, "format": "unknown", "index": 0}
        yield {
            "two names": {"reasoning": piece, "reasoning_content": piece},
            "details": {"reasoning": piece, "reasoning_details": [detail]},
            "parts": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]},
        }.get(style.reasoning, {style.reasoning: piece})
    for piece in _pieces(answer.text, style.piece):
        yield {"content": [{"type": "text", "text": piece}] if style.text_parts else piece}
    for piece in _pieces(answer.refusal, style.piece):
        yield {"refusal": piece}


def _call_parts(call: Call, place: int, style: Style) -> list[dict[str, Any]]:
    """Return the parts of one tool call."""
    arguments: Any = json.dumps(call.arguments, ensure_ascii=False)
    is_whole = style.calls.startswith("whole calls")
    if not call.arguments and not is_whole:
        arguments = style.empty_arguments or ""
    pieces: list[Any] = [arguments] if is_whole else ["", *_pieces(arguments, style.piece)]
    if style.calls == "whole calls, arguments are objects":
        pieces = [call.arguments]
    parts: list[dict[str, Any]] = [{"index": place, "function": {"arguments": piece}} for piece in pieces]
    parts[0] |= {"id": call.id, "type": "function", "function": {"name": call.name, **parts[0]["function"]}}
    if not call.arguments and not is_whole and style.empty_arguments is None:
        parts[0]["function"]["arguments"] = None
    for number, part in enumerate(parts):
        _apply_style(part, number, call, style)
    return parts


def _apply_style(part: dict[str, Any], number: int, call: Call, style: Style) -> None:
    kind = style.calls
    if kind == "index is a text":
        part["index"] = str(part["index"])
    elif kind == "index is null":
        part["index"] = None
    elif kind in ("no index", "id in every part, no index") or kind.startswith("whole calls"):
        del part["index"]
    elif kind == "every index is 0":
        part["index"] = 0
    if kind in STYLES_WITHOUT_IDS:
        part["id"] = None if style.nulls else ""
    elif kind == "id in every part, no index":
        part["id"] = call.id
    elif kind == "another id in every part" and number:
        part["id"] = f"{call.id}_{number}"
    elif kind == "id in the second part" and len(call.arguments):
        part["id"] = call.id if number == 1 else None
    if kind == "name in every part":
        part["function"]["name"] = call.name


def _call_deltas(answer: Answer, style: Style) -> list[list[dict[str, Any]]]:
    """Return the tool calls of each delta."""
    found = [_call_parts(call, place, style) for place, call in enumerate(answer.calls)]
    if not (style.interleaved and CALL_STYLES[style.calls]):
        return [[part] for parts in found for part in parts]
    longest = max(map(len, found), default=0)
    return [[parts[number] for parts in found if number < len(parts)] for number in range(longest)]


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the parts of a call as one."""
    arguments = [part["function"]["arguments"] for part in parts]
    joined = arguments[0] if len(arguments) == 1 else "".join(piece or "" for piece in arguments)
    id = next((part["id"] for part in parts if part.get("id")), None)
    return {"id": id, "type": "function", "function": {"name": parts[0]["function"]["name"], "arguments": joined}}
