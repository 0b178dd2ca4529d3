"""Chat messages translated into the input items of OpenAI's responses."""

from collections.abc import Sequence
from typing import Any


def items_from_chat(messages: Sequence[dict[str, Any]], id: str) -> list[dict[str, Any]]:
    """Return the items in the order of the messages; their ids are made from `id` and the position."""
    items = list[dict[str, Any]]()
    for message in messages:
        items += _to_items(message)
    prefixes = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}
    return [{"id": f"{prefixes[item['type']]}_{id}_in{position}", **item} for position, item in enumerate(items)]


def message_items(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages as input items without ids. A text stays a text."""
    items = list[dict[str, Any]]()
    for message in messages:
        if isinstance(message.get("content"), str) and message.get("role") != "tool" and not message.get("tool_calls"):
            items.append({"type": "message", "role": message.get("role", "user"), "content": message["content"]})
        else:
            items += _to_items(message)
    return items


def _to_items(message: dict[str, Any]) -> list[dict[str, Any]]:
    role, content = message.get("role", "user"), message.get("content")
    if role == "tool":
        output = {"call_id": message.get("tool_call_id"), "output": content, "status": "completed"}
        return [{"type": "function_call_output", **output}]
    items = list[dict[str, Any]]()
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if parts:
        kind = "output_text" if role == "assistant" else "input_text"
        item_parts = [_to_part(part, kind) for part in parts]
        items.append({"type": "message", "role": role, "status": "completed", "content": item_parts})
    for call in message.get("tool_calls") or []:
        function = call.get("function") or {}
        fields = {"call_id": call.get("id"), "name": function.get("name"), "arguments": function.get("arguments") or ""}
        items.append({"type": "function_call", "status": "completed", **fields})
    return items


def _to_part(part: dict[str, Any], text: str) -> dict[str, Any]:
    if part.get("type") == "text":
        return {"type": text, "text": part.get("text", "")}
    if part.get("type") == "image_url":
        image = part.get("image_url") or {}
        return {"type": "input_image", "image_url": image.get("url"), "detail": image.get("detail") or "auto"}
    if part.get("type") == "file":
        return {"type": "input_file", **(part.get("file") or {})}
    return part
