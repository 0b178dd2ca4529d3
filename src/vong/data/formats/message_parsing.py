"""Turns of a conversation in the notations of known trainers, converted to messages in OpenAI's format."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from vong.data.formats import columns
from vong.data.formats.content_parts import convert_parts, split_results
from vong.data.row_checks import MAX_WEIGHT
from vong.errors import InvalidInput
from vong.records import Message
from vong.records.message import LOSS_WEIGHT_FIELDS, MessageRole

ROLE_BY_NAME: dict[str, MessageRole] = {
    **dict.fromkeys(("system",), "system"),
    **dict.fromkeys(("developer",), "developer"),
    **dict.fromkeys(("user", "human", "prompter", "customer", "instruction"), "user"),
    **dict.fromkeys(
        ("assistant", "gpt", "model", "ai", "bot", "chatbot", "chatgpt", "bing", "bard", "function_call", "tool_call"),
        "assistant",
    ),
    **dict.fromkeys(
        ("tool", "function", "observation", "function_response", "function_output", "tool_response", "ipython"), "tool"
    ),
}
"""Roles by the names that trainers use, in lower case."""
OWN_ROLES = {"system", "user", "assistant"}
"""Roles that need no conversion."""
CALL_NAMES = {"function_call", "tool_call"}
ROLE_KEYS = ("role", "from", "speaker")
CONTENT_KEYS = ("content", "value", "parts", "text")
PARTIAL_LOSS_KEYS = ("train_detail", "training_detail")
"""Fields of a message that train parts of its text only."""


def is_message(value: Any) -> bool:
    """Return True if a value is an object with a role, and content or calls."""
    return (
        isinstance(value, Mapping)
        and any(isinstance(value.get(key), str) for key in ROLE_KEYS)
        and any(key in value for key in (*CONTENT_KEYS, "tool_calls", "function_call", "refusal"))
    )


def find_messages(value: Any) -> list[Any] | None:
    """Return the turns of a cell: a list of objects, one turn, or JSON text of these; None if it has none.

    Text is only taken for turns if each of its objects has a role and content, so that other JSON stays text.
    """
    if isinstance(value, list):
        return value if all(isinstance(item, dict) for item in value) else None
    if isinstance(value, Mapping):
        return [value] if is_message(value) else None
    decoded = columns.decode_cell(value)
    items = decoded if isinstance(decoded, list) else [decoded]
    return items if items and all(is_message(item) for item in items) else None


def parse_messages(value: Any, column: str) -> list[Message]:
    """Parse a column of turns.

    Raises:
        InvalidInput: The column is not a list of messages, or a message is invalid. The error names its number.
    """
    turns = find_messages(value)
    if turns is None:
        raise InvalidInput(
            f"the column {column!r} is not a list of messages", 'write [{"role": "user", "content": "…"}, …]'
        )
    messages: list[Message] = []
    numbered = [(number, part) for number, turn in enumerate(turns, 1) for part in split_results(turn)]
    for number, turn in numbered:
        is_plain = len(turn) == 2 and turn.get("role") in OWN_ROLES and isinstance(turn.get("content"), str)
        messages.append(Message(**turn) if is_plain else parse_message(turn, number, column, messages))
    return messages


def parse_message(turn: Mapping[str, Any], number: int, column: str, before: list[Message]) -> Message:
    """Parse one turn. `before` are the messages before it: the result of a call refers to the call.

    Raises:
        InvalidInput: The turn has an unknown role, or neither content nor calls.
    """
    where = f"message {number} of {column!r}"
    role_key = next((key for key in ROLE_KEYS if isinstance(turn.get(key), str)), None)
    if role_key is None:
        raise InvalidInput(f"{where} has no role", f"its fields are {', '.join(map(repr, turn)) or 'none'}; add 'role'")
    name = turn[role_key].strip().lower()
    if name not in ROLE_BY_NAME:
        what = "role" if role_key == "role" else "speaker"
        known = ", ".join(sorted(ROLE_BY_NAME))
        raise InvalidInput(f"{where} has the unknown {what} {turn[role_key]!r}", f"use one of: {known}")
    role = ROLE_BY_NAME[name]
    fields = {key: item for key, item in turn.items() if item is not None and key != role_key}
    content = _take_content(fields)
    if name in CALL_NAMES:
        fields["tool_calls"] = _parse_calls(content, number, where)
        content = None
    elif isinstance(content, list):
        content, found = convert_parts(content, where)
        fields |= found
    elif content is not None and not isinstance(content, str):
        content = columns.cell_text(content)
    _convert_calls(fields, number, where)
    if role == "tool" and "tool_call_id" not in fields and (role_key, name) != ("role", "tool"):
        fields["tool_call_id"] = _find_call_id(before, number)
    if content is None and not fields.get("tool_calls"):
        raise InvalidInput(
            f"{where} has no content", f"its fields are {', '.join(map(repr, turn))}; write its text in 'content'"
        )
    return _build_message({**fields, "role": role, "content": content}, where)


def take_weight(message: Message, before: Sequence[Message] = ()) -> tuple[Message, float | None]:
    """Return the message without its share in the loss, and that share as a weight, or None if it has none.

    If there are other answers `before` it, the message keeps its share, because each answer has its own.
    """
    if any(earlier.role == "assistant" for earlier in before):
        return message, None
    extra = dict(message.model_extra or {})
    found: float | None = None
    for key in LOSS_WEIGHT_FIELDS:
        value = extra.get(key)
        if isinstance(value, bool | int | float):
            found = float(value)
            del extra[key]
    if found is None:
        return message, None
    return Message.model_validate({**message.model_dump(exclude=set(message.model_extra or {})), **extra}), found


def _take_content(fields: dict[str, Any]) -> Any:
    """Remove and return the content of a turn, whatever its name."""
    for key in CONTENT_KEYS:
        if key in fields:
            return fields.pop(key)
    if isinstance(fields.get("refusal"), str):
        return fields.pop("refusal")
    return None


def _build_message(fields: dict[str, Any], where: str) -> Message:
    partial = next((key for key in PARTIAL_LOSS_KEYS if fields.get(key)), None)
    partial = partial or next((key for key in LOSS_WEIGHT_FIELDS if isinstance(fields.get(key), list)), None)
    if partial:
        raise InvalidInput(
            f"{where} trains only parts of its text ({partial!r})",
            "split the message where the training starts, or set 'weight' for the whole message",
        )
    for key in LOSS_WEIGHT_FIELDS:
        value = fields.get(key)
        if isinstance(value, int | float) and not 0 <= value <= MAX_WEIGHT:
            raise InvalidInput(
                f"the {key} of {where} is {value}", f"set a finite number from 0 to {MAX_WEIGHT:,.0f} (0: not trained)"
            )
    try:
        return Message.model_validate({name: item for name, item in fields.items() if item is not None})
    except ValidationError as error:
        raise InvalidInput(f"{where} is invalid: {columns.first_error(error)}") from error


def _convert_calls(fields: dict[str, Any], number: int, where: str) -> None:
    """Convert the calls of a message: JSON text to objects, and the former `function_call` to a tool call."""
    former = fields.pop("function_call", None)
    if former:
        fields["tool_calls"] = _parse_calls(former, number, where)
    calls = columns.decode_cell(fields.get("tool_calls"))
    if calls is None or calls in ("", []):
        fields.pop("tool_calls", None)
        return
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise InvalidInput(f"the tool calls of {where} are not a list of objects", "write them as JSON")
    fields["tool_calls"] = [_convert_call(call, where) for call in calls]


def _convert_call(call: dict[str, Any], where: str) -> dict[str, Any]:
    """Return a tool call in OpenAI's form, also if it is only the function, with an object as arguments if it has none.

    Raises:
        InvalidInput: The call has no name.
    """
    if call.get("type") == "custom":
        return call
    function = call.get("function")
    if not isinstance(function, Mapping):
        function = {key: call[key] for key in ("name", "arguments", "parameters") if key in call}
        call = {key: value for key, value in call.items() if key not in {"name", "arguments", "parameters"}}
    if not isinstance(function.get("name"), str) or not function["name"]:
        raise InvalidInput(f"a tool call of {where} has no name", 'write {"function": {"name": "…", "arguments": "…"}}')
    if function.get("arguments") is None:
        function = {**function, "arguments": json.dumps(function.get("parameters") or {}, ensure_ascii=False)}
    function = {key: value for key, value in function.items() if key != "parameters"}
    return {**call, "type": call.get("type") or "function", "function": function}


def _parse_calls(value: Any, number: int, where: str) -> list[dict[str, Any]]:
    """Return the tool calls of a turn that consists of one call, or of several in a list."""
    decoded = columns.decode_cell(value)
    calls = decoded if isinstance(decoded, list) else [decoded]
    parsed: list[dict[str, Any]] = []
    for place, call in enumerate(calls):
        if isinstance(call, dict) and isinstance(call.get("function"), dict):
            call = call["function"]
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise InvalidInput(
                f"{where} is a function call without a name", 'write it as JSON: {"name": "…", "arguments": {…}}'
            )
        arguments = call.get("arguments", call.get("parameters", {}))
        encoded = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        id_ = f"call_{number - 1}" if place == 0 else f"call_{number - 1}_{place}"
        parsed.append({"id": id_, "type": "function", "function": {"name": call["name"], "arguments": encoded}})
    return parsed


def _find_call_id(before: list[Message], number: int) -> str:
    """Return the id of the first call that has no result yet, otherwise an id from the message's number."""
    answered = {message.tool_call_id for message in before if message.role == "tool"}
    for message in before:
        for call in message.tool_calls or []:
            id_ = call.get("id")
            if isinstance(id_, str) and id_ not in answered:
                return id_
    return f"call_{number - 2}"
