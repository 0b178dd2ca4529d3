"""Readable text of span bodies, shown in lists and used for search."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from pydantic import BaseModel

MAX_PREVIEW_CHARS = 1_000
"""Maximum characters of the preview of an input or an output."""
HIDDEN_ROLES = {"system", "developer"}
"""Roles whose messages are shown only if there are no others."""


class _TextMessage(msgspec.Struct):
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


class _Conversation(msgspec.Struct):
    messages: list[msgspec.Raw]


_decode_conversation = msgspec.json.Decoder(_Conversation).decode
_decode_text_message = msgspec.json.Decoder(_TextMessage).decode


def build_preview(value: Any, limit: int = MAX_PREVIEW_CHARS) -> str:
    """Return the readable text of a body, at most `limit` characters.

    For a conversation: the messages, newest first, without system messages. For a response: its content. For any other
    body: its JSON.
    """
    if isinstance(value, msgspec.Raw):
        return build_chat_preview(value, limit)
    content = _single_completion(value)
    return _join_within(_extract_texts(value) if content is None else (content,), limit)


def build_chat_preview(value: bytes | msgspec.Raw, limit: int = MAX_PREVIEW_CHARS) -> str:
    """Return the readable text of a conversation in JSON. Messages beyond `limit` are not decoded."""
    try:
        pieces, left = list[str](), limit
        for raw in reversed(_decode_conversation(value).messages):
            message = _decode_text_message(raw)
            if message.role not in HIDDEN_ROLES:
                pieces.append(message.content[:left])
                left -= len(pieces[-1]) + 1
                if left <= 0:
                    break
        if pieces:
            return "\n".join(pieces)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # some content is not plain text
    return _join_within(_extract_texts(_decode_json(value)), limit)


def _single_completion(value: Any) -> str | None:
    """Return the text of a response with a single choice that contains only text, the most common case.

    Returns None for any other body.
    """
    if not isinstance(value, dict) or "messages" in value:
        return None
    choices = _as_list(value.get("choices"))
    message = choices[0].get("message") if len(choices) == 1 and _is_dict(choices[0]) else None
    if not isinstance(message, dict) or message.get("tool_calls") or _is_hidden(message):
        return None
    content = message.get("content")
    return content if isinstance(content, str) and content and not message.get("text") else None


def _decode_json(value: bytes | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):  # an unpaired surrogate
        return json.loads(bytes(value))


def _join_within(texts: Iterable[str], limit: int) -> str:
    pieces: list[str] = []
    left = limit
    for piece in texts:
        pieces.append(piece[:left])
        left -= len(pieces[-1]) + 1
        if left <= 0:
            break
    return "\n".join(pieces)


def _extract_texts(value: Any) -> list[str]:
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_none=True)
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return _extract_object_texts(value)
    if isinstance(value, list | tuple):
        items = [item.model_dump(exclude_none=True) if isinstance(item, BaseModel) else item for item in value]
        if items and all(isinstance(item, dict) and "role" in item for item in items):
            visible = [message for message in items if not _is_hidden(message)] or items
            return [piece for message in reversed(visible) for piece in _extract_object_texts(message)]
        return [piece for item in items for piece in _extract_texts(item)]
    return [str(value)]


def _extract_object_texts(value: dict[str, Any]) -> list[str]:
    for name in ("messages", "choices", "message", "input", "prompt"):
        if value.get(name):
            return _extract_texts(value[name])
    content = [piece for name in ("content", "text") for piece in _extract_texts(value.get(name))]
    calls = [
        encode_json(call.get("function", call)).decode() for call in _as_list(value.get("tool_calls")) if _is_dict(call)
    ]
    if content or calls or "role" in value or value.get("type") in ("image_url", "input_audio", "file"):
        return [*content, *calls]
    return [encode_json(value).decode("utf-8", "replace")]


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


def _is_hidden(message: dict[str, Any]) -> bool:
    role = message.get("role")
    return isinstance(role, str) and role in HIDDEN_ROLES


def _as_list(value: Any) -> list[Any]:
    """Return a list of a body, or an empty list if the value is of another type."""
    return value if isinstance(value, list) else []


def encode_json(value: Any) -> bytes:
    """Encode a body of any type as JSON."""
    try:
        return msgspec.json.encode(value, enc_hook=_json_default)
    except (ValueError, OverflowError):  # an unpaired surrogate, an integer of more than 64 bits
        return json.dumps(value, default=_json_default).encode()


def _json_default(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, BaseModel) else str(value)
