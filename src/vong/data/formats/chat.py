"""Conversations in OpenAI's form: `{"messages": [...]}`, as its fine-tuning files have them."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.errors import InvalidInput
from vong.records import Example, Message


class ChatFormat:
    """`messages` (the last answer of the assistant is the completion), or `prompt` and `completion` as messages.

    An explicit `completion` column (also null) wins: then `messages` are the prompt as they stand. `tools` are kept.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.only(options, (), "chat")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Sure where the messages are a list."""
        for name in ("messages", "prompt"):
            value = columns.parsed(row.get(name))
            if isinstance(value, list) and "chosen" not in row:
                return 1.0
        return 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """The conversation, its last answer apart."""
        name = "messages" if "messages" in row else "prompt"
        messages = columns.conversation(row.get(name), name)
        completion: Message | None = None
        if "completion" in row:
            completion = _answer(row["completion"])
        elif messages and messages[-1].role == "assistant":
            completion = messages.pop()
        if not messages:
            raise InvalidInput("the conversation has no message before its answer")
        used = {name, "completion", "tools"}
        return columns.build(row, used, messages=tuple(messages), completion=completion, tools=columns.tools(row))

    def to_row(self, example: Example) -> dict[str, Any]:
        """One list of messages with the answer at its end."""
        columns.without(example, "chat", "rejected")
        answer = example.completion
        whole = [*example.messages, answer] if answer and answer.role == "assistant" else example.messages
        row: dict[str, Any] = {"messages": columns.dump(whole)}
        if answer and answer.role != "assistant":
            row["completion"] = columns.dump([answer])[0]
        elif answer is None and example.messages[-1].role == "assistant":
            row["completion"] = None
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.rest(example)


def _answer(value: Any) -> Message | None:
    value = columns.parsed(value)
    if value is None:
        return None
    if isinstance(value, str):
        return Message(role="assistant", content=value)
    messages = columns.conversation(value, "completion")
    if len(messages) != 1:
        raise InvalidInput(f"the column 'completion' holds {len(messages)} messages instead of one")
    return messages[0]
