"""Preference pairs: `prompt`, `chosen`, `rejected`, as text or as messages."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.errors import InvalidInput
from vong.records import Example, Message


class PreferenceFormat:
    """Preference pairs: `chosen` is the completion, `rejected` the worse completion.

    Each is text, a message, or a whole conversation. Without `prompt`, both conversations must start with the same
    messages, which become the prompt.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "preference")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return 1 if the columns `chosen` and `rejected` both exist."""
        return 1.0 if {"chosen", "rejected"} <= row.keys() else 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to a prompt with both completions."""
        chosen, rejected = _parse_turns(row, "chosen"), _parse_turns(row, "rejected")
        if row.get("prompt") is not None:
            messages = _parse_prompt(row["prompt"])
        elif chosen[:-1] and chosen[:-1] == rejected[:-1]:
            messages = chosen[:-1]
        else:
            raise InvalidInput("the row has no 'prompt', and 'chosen' and 'rejected' start with different messages")
        if row.get("system"):
            messages.insert(0, Message(role="system", content=columns.cell_text(row["system"])))
        if not messages:
            raise InvalidInput("the prompt has no message")
        used = {"prompt", "chosen", "rejected", "system", "tools"}
        return columns.build_example(
            row,
            used,
            messages=tuple(messages),
            completion=chosen[-1],
            rejected=rejected[-1],
            tools=columns.parse_tools(row),
        )

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert prompt and completions to lists of messages."""
        if example.completion is None or example.rejected is None:
            raise InvalidInput("the format 'preference' needs a completion and a rejected completion", "use 'chat'")
        row: dict[str, Any] = {
            "prompt": columns.dump_messages(example.messages),
            "chosen": columns.dump_messages([example.completion]),
            "rejected": columns.dump_messages([example.rejected]),
        }
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.extra_columns(example)


def _parse_prompt(value: Any) -> list[Message]:
    if isinstance(columns.decode_cell(value), list):
        return columns.parse_messages(value, "prompt")
    return [Message(role="user", content=columns.cell_text(value))]


def _parse_turns(row: Mapping[str, Any], column: str) -> list[Message]:
    """Return the messages of a column; the last one is the completion."""
    value = row.get(column)
    if value is None:
        raise InvalidInput(f"the row has no {column!r}")
    if isinstance(value, str) and not isinstance(columns.decode_cell(value), list):
        return [Message(role="assistant", content=value)]
    turns = columns.parse_messages(value, column)
    if not turns:
        raise InvalidInput(f"the column {column!r} is empty")
    return turns
