"""Inputs and outputs of Python objects as JSON values."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any

TEXT_KEYS = ("answer", "output", "text", "response", "result", "content")
QUESTION_KEYS = ("question", "query", "input", "message", "text", "prompt")
MESSAGE_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant"}
MAX_DEPTH = 20


def to_json(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON values. Messages become objects with role and content, other objects texts."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if depth > MAX_DEPTH:
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_json(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(one, depth + 1) for one in value]
    if _is_message(value):
        return _message_to_json(value, depth)
    if hasattr(value, "source_nodes"):  # a response of LlamaIndex
        sources = [to_json(one, depth + 1) for one in value.source_nodes or []]
        return {"text": str(value), "sources": sources}
    if hasattr(value, "node") and hasattr(value, "score"):
        node = value.node
        return {"text": node.get_content(), "score": value.score, "metadata": to_json(node.metadata, depth + 1)}
    if hasattr(value, "model_dump"):
        # Models with fields that have no JSON form, such as functions, are shown as text.
        with contextlib.suppress(Exception):
            return to_json(value.model_dump(mode="json"), depth + 1)
    return str(value)


def _is_message(value: Any) -> bool:
    return hasattr(value, "content") and hasattr(value, "type") and hasattr(value, "additional_kwargs")


def _message_to_json(message: Any, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "role": MESSAGE_ROLES.get(message.type, message.type),
        "content": to_json(message.content, depth + 1),
    }
    if getattr(message, "tool_calls", None):
        found["tool_calls"] = to_json(message.tool_calls, depth + 1)
    if getattr(message, "tool_call_id", None):
        found["tool_call_id"] = message.tool_call_id
    return found


def find_text(value: Any) -> str:
    """Return the text of an output in JSON values: a text itself, that of the last message, or the usual field."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if value and all(isinstance(part, dict) and part.get("type") == "text" for part in value):
            return "".join(str(part.get("text", "")) for part in value)
        return find_text(value[-1]) if value else ""
    if isinstance(value, dict):
        if isinstance(value.get("messages"), list) and value["messages"]:
            return find_text(value["messages"][-1])
        key = next((key for key in TEXT_KEYS if key in value), None)
        if key is not None:
            return find_text(value[key])
        if len(value) == 1:
            return find_text(next(iter(value.values())))
    return ""


def find_question(value: Any) -> str:
    """Return the text with which an engine of LlamaIndex is called. Raises TypeError if there is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        for key in QUESTION_KEYS:
            if isinstance(value.get(key), str):
                return str(value[key])
    raise TypeError(f"the input needs a text: a text itself, or an object with one of {', '.join(QUESTION_KEYS)}")
