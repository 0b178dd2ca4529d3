"""Readable text of span bodies, shown in lists and used for search."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import BaseModel

PREVIEW = 1_000
"""Maximum characters of the preview of an input or an output."""
UNSPOKEN = {"system", "developer"}
"""Roles whose messages are shown only if there are no others."""


class _Turn(msgspec.Struct):
    """Message that contains only text."""

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
    """Return the readable text of a body, at most `limit` characters.

    For a conversation: the messages, newest first, without system messages. For a response: its content. For any other
    body: its JSON.
    """
    if isinstance(value, msgspec.Raw):
        return preview_of_chat(value, limit)
    content = _answered(value)
    return _shortened(_pieces(value) if content is None else (content,), limit)


def preview_of_chat(value: bytes | msgspec.Raw, limit: int = PREVIEW) -> str:
    """Return the readable text of a conversation in JSON. Messages beyond `limit` are not decoded."""
    try:
        pieces, left = list[str](), limit
        for raw in reversed(_turns(value).messages):
            message = _turn(raw)
            if message.role not in UNSPOKEN:
                pieces.append(message.content[:left])
                left -= len(pieces[-1]) + 1
                if left <= 0:
                    break
        if pieces:
            return "\n".join(pieces)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # some content is not plain text
    return _shortened(_pieces(_read(value)), limit)


def _answered(value: Any) -> str | None:
    """Return the text of a response with a single choice that contains only text, the most common case.

    Returns None for any other body.
    """
    if not isinstance(value, dict) or "messages" in value:
        return None
    choices = value.get("choices")
    message = choices[0].get("message") if isinstance(choices, list) and len(choices) == 1 else None
    if not isinstance(message, dict) or message.get("tool_calls") or message.get("role") in UNSPOKEN:
        return None
    content = message.get("content")
    return content if isinstance(content, str) and content and not message.get("text") else None


def _read(value: bytes | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):  # an unpaired surrogate
        return json.loads(bytes(value))


def _shortened(texts: Iterable[str], limit: int) -> str:
    pieces: list[str] = []
    left = limit
    for piece in texts:
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
        items = [item.model_dump(exclude_none=True) if isinstance(item, BaseModel) else item for item in value]
        if items and all(isinstance(item, dict) and "role" in item for item in items):
            visible = [message for message in items if message["role"] not in UNSPOKEN] or items
            return [piece for message in reversed(visible) for piece in _of_object(message)]
        return [piece for item in items for piece in _pieces(item)]
    return [str(value)]


def _of_object(value: dict[str, Any]) -> list[str]:
    for name in ("messages", "choices", "message", "input", "prompt"):
        if value.get(name):
            return _pieces(value[name])
    content = [piece for name in ("content", "text") for piece in _pieces(value.get(name))]
    calls = [as_json(call.get("function", call)).decode() for call in value.get("tool_calls") or [] if _is_object(call)]
    if content or calls or "role" in value or value.get("type") in {"image_url", "input_audio", "file"}:
        return [*content, *calls]
    return [as_json(value).decode("utf-8", "replace")]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def as_json(value: Any) -> bytes:
    """Encode a body of any type as JSON."""
    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except (ValueError, OverflowError):  # an unpaired surrogate, an integer of more than 64 bits
        return json.dumps(value, default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else str(value)
