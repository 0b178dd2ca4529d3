"""ShareGPT format: `{"conversations": [{"from": "human", "value": "…"}, …]}`."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.data.formats.context_columns import parse_system
from vong.data.formats.message_parsing import find_messages, parse_messages, take_weight
from vong.data.formats.verdicts import find_verdict
from vong.errors import InvalidInput
from vong.records import Example

CONVERSATION_COLUMNS = ("conversations", "conversation")
SPEAKER_BY_ROLE = {"user": "human", "assistant": "gpt"}


class ShareGptFormat:
    """Conversations of turns with `from` and `value`, and optional columns `system` and `tools`.

    If the last turn is by the assistant, it is the completion. A `function_call` turn (JSON with `name` and
    `arguments`, or a list of these) becomes tool calls, and the `observation` that follows their result.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "sharegpt")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return a high confidence if the conversations are a list of turns."""
        name = _find_column(row)
        if "chosen" in row or not find_messages(row.get(name)):
            return 0.0
        return 0.9 if find_verdict(row) else 1.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the turns to messages in OpenAI's format."""
        name = _find_column(row)
        if not find_messages(row.get(name)):
            raise InvalidInput(
                f"the column {name!r} is not a list of turns", 'write [{"from": "human", "value": "…"}, …]'
            )
        messages = parse_messages(row[name], name)
        system, system_columns = parse_system(row)
        used = {name, "system", *system_columns, *columns.TOOL_COLUMNS}
        if messages[0].role not in {"system", "developer"}:
            messages = [*system, *messages]
        fields: dict[str, Any] = {}
        if messages[-1].role == "assistant":
            fields["completion"], weight = take_weight(messages.pop(), messages)
            fields |= {"weight": weight} if weight is not None else {}
        if not messages:
            raise InvalidInput("the conversation has no turn before its completion", "write the question first")
        return columns.build_example(row, used, messages=tuple(messages), tools=columns.parse_tools(row), **fields)

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the Example to text turns; the system message becomes the first turn."""
        columns.reject_fields(example, "sharegpt", "rejected")
        answer = example.completion
        if (answer is None and example.messages[-1].role == "assistant") or (answer and answer.role != "assistant"):
            raise InvalidInput(
                "the format 'sharegpt' requires the completion to be the assistant's last turn", "use the format 'chat'"
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


def _find_column(row: Mapping[str, Any]) -> str:
    return next((name for name in CONVERSATION_COLUMNS if name in row), CONVERSATION_COLUMNS[0])
