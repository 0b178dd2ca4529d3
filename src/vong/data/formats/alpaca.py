"""Alpaca format: `instruction`, `input`, `output`."""

from collections.abc import Mapping, Sequence
from typing import Any

from vong.data.formats import columns
from vong.data.formats.context_columns import parse_history, parse_system
from vong.data.formats.verdicts import find_verdict
from vong.errors import InvalidInput
from vong.records import Example, Message

OUTPUT_COLUMNS = ("output", "response", "completion", "answer")
"""Columns of the completion, in order of preference."""
INPUT_COLUMNS = ("input", "context")
"""Columns that continue the instruction, in order of preference."""


class AlpacaFormat:
    """Instructions: `instruction` and `input` (joined by an empty line) are the input, `output` is the completion.

    As in Dolly, `context` and `response` may stand for `input` and `output`.

    An optional `system` becomes the first message, and an optional `history` (a list of [question, answer]) the turns
    before the question.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "alpaca")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return a high confidence if the columns `instruction` and `output` both exist."""
        if "instruction" not in row or _find_column(row, OUTPUT_COLUMNS) is None:
            return 0.0
        return 0.9 if find_verdict(row) else 0.95

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to a conversation whose last user message is the instruction."""
        output = _find_column(row, OUTPUT_COLUMNS) or "output"
        more = _find_column(row, INPUT_COLUMNS) or "input"
        if row.get("instruction") is None and row.get(more) is None:
            raise InvalidInput("the row has neither 'instruction' nor 'input'", "write the question in 'instruction'")
        if row.get(output) is None:
            raise InvalidInput(f"the row has no {output!r}", f"write the answer in {output!r}")
        messages, system_columns = parse_system(row)
        messages += parse_history(row)
        parts = [columns.cell_text(row[name]) for name in ("instruction", more) if row.get(name)]
        messages.append(Message(role="user", content="\n\n".join(parts)))
        completion = Message(role="assistant", content=columns.cell_text(row[output]))
        used = {"instruction", more, output, "system", "history", *system_columns}
        return columns.build_example(row, used, messages=tuple(messages), completion=completion)

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert the last user message to the instruction and the turns before it to the history."""
        columns.reject_fields(example, "alpaca", "rejected", "tools")
        messages = list(example.messages)
        row: dict[str, Any] = {}
        if messages and messages[0].role == "system":
            row["system"] = columns.plain_text(messages.pop(0), "alpaca")
            if not row["system"]:
                raise InvalidInput(
                    "the format 'alpaca' cannot represent an empty system message", "use the format 'chat'"
                )
        roles = [message.role for message in messages]
        if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] or example.completion is None:
            raise InvalidInput(
                "the format 'alpaca' requires alternating questions and answers", "use the format 'chat'"
            )
        texts = [columns.plain_text(message, "alpaca") for message in messages]
        row |= {"instruction": texts[-1], "input": "", "output": columns.plain_text(example.completion, "alpaca")}
        if len(texts) > 1:
            row["history"] = [list(turn) for turn in zip(texts[:-1:2], texts[1:-1:2], strict=True)]
        return row | columns.extra_columns(example)


def _find_column(row: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in row), None)
