"""The text of a span's bodies that a person would read: what lists show from, and what search finds."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import BaseModel

PREVIEW = 1_000
"""Characters of the input's and of the output's text."""
UNSPOKEN = {"system", "developer"}
"""Roles of turns that are shown only where there is nothing else."""


class _Turn(msgspec.Struct):
    """A turn that is nothing but text."""

    role: str
    content: str
    tool_calls: None = None
    text: None = None
    messages: None = None
    choices: None = None
    message: None = None
    input: None = None
    prompt: None = None


class _Turns(msgspec.Struct):
    messages: list[msgspec.Raw]


_turns = msgspec.json.Decoder(_Turns).decode
_turn = msgspec.json.Decoder(_Turn).decode


def preview(value: Any, limit: int = PREVIEW) -> str:
    """The text that a person would read in a body, at most `limit` characters: of a conversation the newest message
    first and no system messages, of an answer its content, of anything else its JSON.
    """
    if isinstance(value, msgspec.Raw):
        return preview_of_chat(value, limit)
    said = _answered(value)
    return _shortened(_pieces(value) if said is None else (said,), limit)


def preview_of_chat(value: bytes | msgspec.Raw, limit: int = PREVIEW) -> str:
    """The same of a conversation as it was sent. Turns that nobody looks at are not read."""
    try:
        pieces, left = list[str](), limit
        turns = _turns(value).messages
        for raw in reversed(turns):
            turn = _turn(raw)
            if turn.role not in UNSPOKEN:
                pieces.append(turn.content[:left])
                left -= len(pieces[-1]) + 1
                if left <= 0:
                    break
        if pieces:
            return "\n".join(pieces)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # not all of it is plain text
    return _shortened(_pieces(_read(value)), limit)


def _answered(value: Any) -> str | None:
    """What one answer says, where it is nothing but text: most are."""
    if not isinstance(value, dict) or "messages" in value:
        return None
    choices = value.get("choices")
    message = choices[0].get("message") if isinstance(choices, list) and len(choices) == 1 else None
    if not isinstance(message, dict) or message.get("tool_calls") or message.get("role") in UNSPOKEN:
        return None
    said = message.get("content")
    return said if isinstance(said, str) and said and not message.get("text") else None


def _read(value: bytes | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):  # half a surrogate pair
        return json.loads(bytes(value))


def _shortened(found: Iterable[str], limit: int) -> str:
    pieces: list[str] = []
    left = limit
    for piece in found:
        pieces.append(piece[:left])
        left -= len(pieces[-1]) + 1
        if left <= 0:
            break
    return "\n".join(pieces)


def _pieces(value: Any) -> list[str]:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list | tuple):
        turns = [item.model_dump(exclude_none=True) if isinstance(item, BaseModel) else item for item in value]
        if turns and all(isinstance(turn, dict) and "role" in turn for turn in turns):
            spoken = [turn for turn in turns if turn["role"] not in UNSPOKEN] or turns
            return [piece for turn in reversed(spoken) for piece in _of_object(turn)]
        return [piece for item in turns for piece in _pieces(item)]
    return [str(value)]


def _of_object(value: dict[str, Any]) -> list[str]:
    for name in ("messages", "choices", "message", "input", "prompt"):
        if value.get(name):
            return _pieces(value[name])
    content = [piece for name in ("content", "text") for piece in _pieces(value.get(name))]
    called = [
        as_json(call.get("function", call)).decode() for call in value.get("tool_calls") or [] if _is_object(call)
    ]
    if content or called or "role" in value or value.get("type") in {"image_url", "input_audio", "file"}:
        return [*content, *called]
    return [as_json(value).decode("utf-8", "replace")]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def as_json(value: Any) -> bytes:
    """A body as JSON, whatever it holds."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except (ValueError, OverflowError):  # half a surrogate pair, a number of more than 64 bits
        return json.dumps(value, default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else str(value)
