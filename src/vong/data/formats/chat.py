"""OpenAI chat format: `{"messages": [...]}`, as in OpenAI fine-tuning files."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.data.formats.context_columns import parse_system
from vong.data.formats.message_parsing import find_messages, parse_messages, take_weight
from vong.data.formats.transcripts import parse_transcript
from vong.data.formats.verdicts import find_verdict
from vong.errors import InvalidInput
from vong.records import Example, Message

MESSAGE_COLUMNS = ("messages", "prompt", "contents", "dialog", "dialogue")
"""Names of the column of messages, in order of preference."""
REJECTED_COLUMNS = ("rejected_response", "rejected_messages")
"""Columns of a worse answer beside a complete conversation."""


class ChatFormat:
    """Conversations: `messages` with the completion as last message, or `prompt` and `completion` as messages.

    If a `completion` column exists (also if it is empty), `messages` is the unchanged prompt, and `rejected` may name a
    worse completion. `tools` are preserved. The column `system` becomes the first message.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "chat")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return a high confidence if a column contains messages."""
        name = _find_column(row)
        if "chosen" in row:
            return 0.0
        if name is None and isinstance(row.get("prompt"), str) and find_messages(row.get("completion")):
            return 0.9
        if name is None:
            return 0.4 if _find_transcript(row) else 0.0
        return 0.9 if find_verdict(row) else 1.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to an Example; a final assistant message becomes the completion."""
        name, messages = _parse_conversation(row)
        used = {name, "completion", *columns.TOOL_COLUMNS}
        rejected: Message | None = None
        if "completion" in row:
            completion = _parse_completion(row["completion"], "completion")
            rejected = _parse_completion(row.get("rejected"), "rejected")
            used.add("rejected")
        else:
            completion = messages.pop() if messages and messages[-1].role == "assistant" else None
            rejected, rejected_column = _parse_rejected(row, messages)
            used |= {rejected_column} if rejected else set()
        if not messages:
            raise InvalidInput("the conversation has no message before its completion", "write the question first")
        system, system_columns = parse_system(row)
        if system and messages[0].role not in {"system", "developer"}:
            messages = [*system, *messages]
            used |= system_columns
        fields: dict[str, Any] = {"completion": completion}
        if completion is not None:
            fields["completion"], weight = take_weight(completion, messages)
            fields |= {"weight": weight} if weight is not None else {}
        return columns.build_example(
            row, used, messages=tuple(messages), rejected=rejected, tools=columns.parse_tools(row), **fields
        )

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the Example to one list of messages that ends with the completion.

        An Example with a rejected completion, or with none after an answer, has its completion in a column of its own.
        """
        answer = example.completion
        row: dict[str, Any] = {}
        if example.rejected is not None or (answer is None and example.messages[-1].role == "assistant"):
            row["messages"] = columns.dump_messages(example.messages)
            row["completion"] = columns.dump_messages([answer])[0] if answer else None
            if example.rejected is not None:
                row["rejected"] = columns.dump_messages([example.rejected])[0]
        else:
            row["messages"] = columns.dump_messages([*example.messages, *([answer] if answer else [])])
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.extra_columns(example)

    def to_table_row(self, example: Example) -> dict[str, Any]:
        """Convert the Example to a row in which the completion always has a column of its own."""
        row: dict[str, Any] = {"messages": columns.dump_messages(example.messages)}
        for name, message in (("completion", example.completion), ("rejected", example.rejected)):
            row[name] = columns.dump_messages([message])[0] if message is not None else None
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.extra_columns(example)


def _find_column(row: Mapping[str, Any]) -> str | None:
    """Return the first column that contains messages."""
    return next((name for name in MESSAGE_COLUMNS if find_messages(row.get(name)) is not None), None)


def _find_transcript(row: Mapping[str, Any]) -> list[Message] | None:
    """Return the messages of a row whose only text is a transcript in the column `text`."""
    text = row.get("text")
    messages = parse_transcript(text) if isinstance(text, str) else None
    return messages if messages and messages[-1].role == "assistant" and messages[-1].text else None


def _parse_conversation(row: Mapping[str, Any]) -> tuple[str, list[Message]]:
    """Return the messages of a row, and the column that they come from."""
    name = _find_column(row)
    if name is None and (transcript := _find_transcript(row)):
        return "text", transcript
    if name is None and isinstance(row.get("prompt"), str) and find_messages(row.get("completion")):
        return "prompt", [Message(role="user", content=row["prompt"])]
    name = name or next((name for name in MESSAGE_COLUMNS if name in row), MESSAGE_COLUMNS[0])
    return name, parse_messages(row.get(name), name)


def _parse_rejected(row: Mapping[str, Any], context: list[Message]) -> tuple[Message | None, str]:
    """Return the worse answer beside a conversation, and its column.

    Raises:
        InvalidInput: The worse conversation has other messages before its last answer.
    """
    column = next((name for name in REJECTED_COLUMNS if row.get(name) not in (None, "", [])), "")
    value = row.get(column)
    turns = find_messages(value)
    if turns is None:
        return (Message(role="assistant", content=value) if isinstance(value, str) else None), column
    messages = parse_messages(turns, column)
    if messages[:-1] not in ([], context):
        raise InvalidInput(
            f"{column!r} has other messages before its last answer than the conversation",
            "both must be the same conversation up to the last answer",
        )
    return messages[-1], column


def _parse_completion(value: Any, column: str) -> Message | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and find_messages(value) is None:
        return Message(role="assistant", content=value)
    messages = parse_messages(value, column)
    if len(messages) != 1:
        raise InvalidInput(
            f"the column {column!r} has {len(messages)} messages instead of one", "move the others to the prompt"
        )
    return messages[0]
