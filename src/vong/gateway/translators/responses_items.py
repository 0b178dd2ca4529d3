"""A chat's messages as the items of OpenAI's responses: what was said before an answer."""

from collections.abc import Sequence
from typing import Any


def items_of_chat(messages: Sequence[dict[str, Any]], id: str) -> list[dict[str, Any]]:
    """The items in the order of the messages; ids are made from `id` and the place."""
    items = list[dict[str, Any]]()
    for message in messages:
        items += _items(message)
    prefixes = {"message": "msg", "function_call": "fc", "function_call_output": "fco"}
    return [{"id": f"{prefixes[item['type']]}_{id}_in{place}", **item} for place, item in enumerate(items)]


def _items(message: dict[str, Any]) -> list[dict[str, Any]]:
    role, content = message.get("role", "user"), message.get("content")
    if role == "tool":
        told = {"call_id": message.get("tool_call_id"), "output": content, "status": "completed"}
        return [{"type": "function_call_output", **told}]
    found = list[dict[str, Any]]()
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if parts:
        kind = "output_text" if role == "assistant" else "input_text"
        told = [_part(part, kind) for part in parts]
        found.append({"type": "message", "role": role, "status": "completed", "content": told})
    for call in message.get("tool_calls") or []:
        function = call.get("function") or {}
        named = {"call_id": call.get("id"), "name": function.get("name"), "arguments": function.get("arguments") or ""}
        found.append({"type": "function_call", "status": "completed", **named})
    return found


def _part(part: dict[str, Any], text: str) -> dict[str, Any]:
    if part.get("type") == "text":
        return {"type": text, "text": part.get("text", "")}
    if part.get("type") == "image_url":
        image = part.get("image_url") or {}
        return {"type": "input_image", "image_url": image.get("url"), "detail": image.get("detail") or "auto"}
    if part.get("type") == "file":
        return {"type": "input_file", **(part.get("file") or {})}
    return part
