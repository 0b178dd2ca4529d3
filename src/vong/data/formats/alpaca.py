"""Instructions in Alpaca's form: `instruction`, `input`, `output`."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.errors import InvalidInput
from vong.records import Example, Message


class AlpacaFormat:
    """`instruction` and `input` (joined by an empty line) are asked, `output` is answered.

    `system` stands in front, and `history` (a list of [question, answer]) before the question, where they are given.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.only(options, (), "alpaca")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Sure where instruction and output stand together."""
        return 0.95 if {"instruction", "output"} <= row.keys() else 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """A conversation whose last question is the instruction."""
        if row.get("instruction") is None and row.get("input") is None:
            raise InvalidInput("it has neither 'instruction' nor 'input'")
        if row.get("output") is None:
            raise InvalidInput("it has no 'output'")
        messages: list[Message] = []
        if row.get("system"):
            messages.append(Message(role="system", content=columns.text(row["system"])))
        for question, answer in _history(row.get("history")):
            messages.append(Message(role="user", content=question))
            messages.append(Message(role="assistant", content=answer))
        asked = [columns.text(row[name]) for name in ("instruction", "input") if row.get(name)]
        messages.append(Message(role="user", content="\n\n".join(asked)))
        completion = Message(role="assistant", content=columns.text(row["output"]))
        used = {"instruction", "input", "output", "system", "history"}
        return columns.build(row, used, messages=tuple(messages), completion=completion)

    def to_row(self, example: Example) -> dict[str, Any]:
        """The last question as the instruction, the turns before it as history."""
        columns.without(example, "alpaca", "rejected", "tools")
        messages = list(example.messages)
        row: dict[str, Any] = {}
        if messages and messages[0].role == "system":
            row["system"] = columns.plain(messages.pop(0), "alpaca")
            if not row["system"]:
                raise InvalidInput("the format 'alpaca' cannot hold an empty system message", "use the format 'chat'")
        roles = [message.role for message in messages]
        if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] or example.completion is None:
            raise InvalidInput("the format 'alpaca' holds questions and answers in turn", "use the format 'chat'")
        texts = [columns.plain(message, "alpaca") for message in messages]
        row |= {"instruction": texts[-1], "input": "", "output": columns.plain(example.completion, "alpaca")}
        if len(texts) > 1:
            row["history"] = [list(turn) for turn in zip(texts[:-1:2], texts[1:-1:2], strict=True)]
        return row | columns.rest(example)


def _history(value: Any) -> list[tuple[str, str]]:
    value = columns.parsed(value)
    if value is None or value == "":
        return []
    if not isinstance(value, list) or not all(isinstance(turn, list | tuple) and len(turn) == 2 for turn in value):
        raise InvalidInput("the column 'history' is not a list of [question, answer]")
    return [(columns.text(question), columns.text(answer)) for question, answer in value]
