"""Content parts of a message in the notations of known trainers and providers, converted to OpenAI's notation."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vong.errors import InvalidInput

OWN_TEXT_TYPES = {"text", "input_text"}
"""Types of text parts that `Message.text` reads."""
TEXT_TYPES = {"text", "input_text", "output_text"}
REASONING_TYPES = {"reasoning", "thinking"}
CALL_TYPES = {"tool_call", "tool_use", "function_call"}
RESULT_TYPES = {"tool_result", "function_response"}
MEDIA_TYPES = {
    *("image", "image_url", "input_image", "video", "video_url", "audio", "audio_url", "input_audio"),
    *("file", "input_file", "document"),
}


def convert_parts(parts: Sequence[Any], where: str) -> tuple[Any, dict[str, Any]]:
    """Return the content of a message, and its fields that come from parts: calls and reasoning.

    Text in any notation becomes `{"type": "text", "text": …}`; if there is nothing else, the content is plain text.

    Raises:
        InvalidInput: A part is unknown or has no text. The message names its number and type.
    """
    converted: list[dict[str, Any]] = []
    fields: dict[str, Any] = {}
    for number, part in enumerate(parts, 1):
        if isinstance(part, str):
            converted.append({"type": "text", "text": part})
            continue
        if not isinstance(part, Mapping):
            raise InvalidInput(f"part {number} of {where} is not an object", 'write {"type": "text", "text": "…"}')
        kind = part.get("type") or next((name for name in ("text", "image") if isinstance(part.get(name), str)), None)
        if kind in CALL_TYPES:
            fields.setdefault("tool_calls", []).append(_convert_call(part, number, where))
        elif kind in REASONING_TYPES:
            text = _part_text(part, number, where, ("thinking", "reasoning", "text", "value"))
            fields["reasoning_content"] = fields.get("reasoning_content", "") + text
        else:
            converted.append(_convert_part(part, kind, number, where))
    if not converted:
        return None if fields else "", fields
    if all(part == {"type": "text", "text": part.get("text")} for part in converted) and _was_converted(parts):
        return "".join(part["text"] for part in converted), fields
    return converted, fields


def split_results(turn: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a turn of the user with results of tools, as Anthropic writes them, as turns of tools and of the user."""
    parts = turn.get("content")
    if turn.get("role") != "user" or not isinstance(parts, list):
        return [turn]
    results = [part for part in parts if isinstance(part, Mapping) and part.get("type") in RESULT_TYPES]
    rest = [part for part in parts if not any(part is result for result in results)]
    turns: list[Mapping[str, Any]] = []
    for result in results:
        call = next(
            (result[name] for name in ("tool_use_id", "tool_call_id") if isinstance(result.get(name), str)), None
        )
        turns.append({"role": "tool", "content": [dict(result)]} | ({"tool_call_id": call} if call else {}))
    return [*turns, {**turn, "content": rest}] if rest or not results else turns


def _was_converted(parts: Sequence[Any]) -> bool:
    """Return False if the parts are text parts in OpenAI's notation already: they are kept as they are."""
    return not all(isinstance(part, Mapping) and set(part) == {"type", "text"} for part in parts)


def _convert_part(part: Mapping[str, Any], kind: Any, number: int, where: str) -> dict[str, Any]:
    if kind in OWN_TEXT_TYPES and isinstance(part.get("text"), str):
        return {"type": kind} | {name: item for name, item in part.items() if item is not None}
    if kind in TEXT_TYPES:
        text = _part_text(part, number, where, ("text", "value", "content"))
        others = {name: item for name, item in part.items() if name not in {"type", "text", "value", "content"}}
        return {"type": "text", "text": text} | {name: item for name, item in others.items() if item is not None}
    if kind == "refusal":
        return {"type": "text", "text": _part_text(part, number, where, ("refusal", "text", "value"))}
    if kind in RESULT_TYPES:
        result = next((part[name] for name in ("content", "output", "value", "text") if part.get(name)), "")
        if isinstance(result, list) and all(isinstance(item, Mapping) and "text" in item for item in result):
            result = "".join(str(item["text"]) for item in result)
        return {"type": "text", "text": result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)}
    if kind in MEDIA_TYPES:
        return {name: item for name, item in part.items() if item is not None}
    raise InvalidInput(
        f"part {number} of {where} has the unknown type {kind!r}",
        f"use one of: {', '.join(sorted(TEXT_TYPES | MEDIA_TYPES | REASONING_TYPES | CALL_TYPES))}",
    )


def _part_text(part: Mapping[str, Any], number: int, where: str, names: Sequence[str]) -> str:
    for name in names:
        if isinstance(part.get(name), str):
            return str(part[name])
    raise InvalidInput(
        f"part {number} of {where} has no text: its fields are {', '.join(map(repr, part))}",
        'write {"type": "text", "text": "…"}',
    )


def _convert_call(part: Mapping[str, Any], number: int, where: str) -> dict[str, Any]:
    """Convert a call of a tool that is a part: LLaMA-Factory's JSON text, or Anthropic's `tool_use`."""
    call: Any = part
    if isinstance(part.get("value"), str):
        try:
            call = json.loads(part["value"])
        except (ValueError, RecursionError):
            call = None
    if not isinstance(call, Mapping) or not isinstance(call.get("name"), str):
        raise InvalidInput(
            f"part {number} of {where} is a call without a name", 'write its value as JSON: {"name": "…", …}'
        )
    arguments = next((call[name] for name in ("arguments", "input", "parameters") if name in call), {})
    encoded = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    id_ = part.get("id") if isinstance(part.get("id"), str) else f"call_{number - 1}"
    return {"id": id_, "type": "function", "function": {"name": call["name"], "arguments": encoded}}
