"""ShareGPT format: `{"conversations": [{"from": "human", "value": "…"}, …]}`."""

import json
from collections.abc import Mapping
from typing import Any, get_args

from vong.data.formats import columns
from vong.errors import InvalidInput
from vong.records import Example, Message
from vong.records.message import MessageRole

ROLE_BY_SPEAKER: dict[str, MessageRole] = {
    "human": "user",
    "gpt": "assistant",
    "bing": "assistant",
    "chatgpt": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    **{role: role for role in get_args(MessageRole)},
}
SPEAKER_BY_ROLE = {"user": "human", "assistant": "gpt"}


class ShareGptFormat:
    """Conversations of turns with `from` and `value`, and optional columns `system` and `tools`.

    If the last turn is by the assistant, it is the completion. A `function_call` turn (JSON with `name` and
    `arguments`) becomes a tool call, and the `observation` that follows its result.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "sharegpt")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return 1 if the conversations are a list."""
        return 1.0 if isinstance(columns.decode_cell(row.get("conversations")), list) else 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the turns to messages in OpenAI's format."""
        turns = columns.decode_cell(row.get("conversations"))
        if not isinstance(turns, list) or not turns:
            raise InvalidInput("the column 'conversations' is not a list of turns")
        messages = [_parse_turn(turn, number) for number, turn in enumerate(turns)]
        if row.get("system"):
            messages.insert(0, Message(role="system", content=columns.cell_text(row["system"])))
        completion = messages.pop() if messages[-1].role == "assistant" else None
        if not messages:
            raise InvalidInput("the conversation has no turn before its completion")
        used = {"conversations", "system", "tools"}
        return columns.build_example(
            row, used, messages=tuple(messages), completion=completion, tools=columns.parse_tools(row)
        )

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the Example to text turns; the system message becomes the first turn."""
        columns.reject_fields(example, "sharegpt", "rejected")
        answer = example.completion
        if (answer is None and example.messages[-1].role == "assistant") or (answer and answer.role != "assistant"):
            raise InvalidInput(
                "the format 'sharegpt' requires the completion to be the assistant's last turn", "use 'chat'"
            )
        messages = [*example.messages, *([answer] if answer else [])]
        turns = [
            {"from": SPEAKER_BY_ROLE.get(item.role, item.role), "value": columns.plain_text(item, "sharegpt")}
            for item in messages
        ]
        row: dict[str, Any] = {"conversations": turns}
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.extra_columns(example)


def _parse_turn(turn: Any, number: int) -> Message:
    if not isinstance(turn, dict):
        raise InvalidInput(f"turn {number + 1} is not an object")
    speaker = turn.get("from", turn.get("role"))
    if speaker not in ROLE_BY_SPEAKER:
        raise InvalidInput(
            f"turn {number + 1} has the unknown speaker {speaker!r}",
            f"use one of: {', '.join(sorted(ROLE_BY_SPEAKER))}",
        )
    value = turn.get("value", turn.get("content"))
    if value is None:
        raise InvalidInput(f"turn {number + 1} has no value")
    if speaker == "function_call":
        return Message(role="assistant", tool_calls=[_parse_function_call(value, number)])
    if ROLE_BY_SPEAKER[speaker] == "tool":
        return Message(role="tool", content=columns.cell_text(value), tool_call_id=f"call_{number - 1}")
    return Message(role=ROLE_BY_SPEAKER[speaker], content=columns.cell_text(value))


def _parse_function_call(value: Any, number: int) -> dict[str, Any]:
    call = columns.decode_cell(value)
    if not isinstance(call, dict) or "name" not in call:
        raise InvalidInput(f"turn {number + 1} is a function call without a name")
    arguments = call.get("arguments", {})
    encoded = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": f"call_{number}", "type": "function", "function": {"name": call["name"], "arguments": encoded}}
