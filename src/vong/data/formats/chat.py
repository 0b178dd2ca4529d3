"""OpenAI chat format: `{"messages": [...]}`, as in OpenAI fine-tuning files."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.errors import InvalidInput
from vong.records import Example, Message


class ChatFormat:
    """Conversations: `messages` with the completion as last message, or `prompt` and `completion` as messages.

    If a `completion` column exists (also with null), `messages` is the unchanged prompt. `tools` are preserved.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "chat")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return 1 if the messages are a list."""
        for name in ("messages", "prompt"):
            value = columns.decode_cell(row.get(name))
            if isinstance(value, list) and "chosen" not in row:
                return 1.0
        return 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to an Example; a final assistant message becomes the completion."""
        name = "messages" if "messages" in row else "prompt"
        messages = columns.parse_messages(row.get(name), name)
        completion: Message | None = None
        if "completion" in row:
            completion = _parse_completion(row["completion"])
        elif messages and messages[-1].role == "assistant":
            completion = messages.pop()
        if not messages:
            raise InvalidInput("the conversation has no message before its completion")
        used = {name, "completion", "tools"}
        return columns.build_example(
            row, used, messages=tuple(messages), completion=completion, tools=columns.parse_tools(row)
        )

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the Example to one list of messages that ends with the completion."""
        columns.reject_fields(example, "chat", "rejected")
        answer = example.completion
        messages = [*example.messages, answer] if answer and answer.role == "assistant" else example.messages
        row: dict[str, Any] = {"messages": columns.dump_messages(messages)}
        if answer and answer.role != "assistant":
            row["completion"] = columns.dump_messages([answer])[0]
        elif answer is None and example.messages[-1].role == "assistant":
            row["completion"] = None
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.extra_columns(example)


def _parse_completion(value: Any) -> Message | None:
    value = columns.decode_cell(value)
    if value is None:
        return None
    if isinstance(value, str):
        return Message(role="assistant", content=value)
    messages = columns.parse_messages(value, "completion")
    if len(messages) != 1:
        raise InvalidInput(f"the column 'completion' has {len(messages)} messages instead of one")
    return messages[0]
