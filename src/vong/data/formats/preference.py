"""Preference pairs: `prompt`, `chosen`, `rejected`, as text, messages or transcripts."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.data.formats.context_columns import has_history, parse_history, parse_system
from vong.data.formats.message_parsing import find_messages, parse_messages, take_weight
from vong.data.formats.transcripts import parse_transcript
from vong.errors import InvalidInput
from vong.records import Example, Message

PAIR_COLUMNS = (
    ("chosen", "rejected"),
    ("chosen_messages", "rejected_messages"),
    ("chosen_response", "rejected_response"),
    ("response_chosen", "response_rejected"),
    ("chosen_answer", "rejected_answer"),
    ("answer_chosen", "answer_rejected"),
    ("preferred_output", "non_preferred_output"),
    ("response_j", "response_k"),
    ("completion", "rejected"),
    ("output", "rejected"),
    ("response", "rejected"),
    ("response", "rejected_response"),
    ("answer", "rejected"),
)
"""Columns of the better and the worse completion, in order of preference."""
MESSAGE_COLUMNS = ("messages", "conversations", "conversation")
TEXT_COLUMNS = ("prompt", "instruction", "question", "query", "input")
"""Columns of the prompt, in order of preference; `input` continues an `instruction`."""


class PreferenceFormat:
    """Preference pairs: the better completion is the completion, the worse one is `rejected`.

    Each is text, a message, a whole conversation or a transcript (`Human: … Assistant: …`). The prompt is a column of
    text or messages. Without one, both conversations must start with the same messages, which become the prompt.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        columns.check_options(options, (), "preference")

    def confidence(self, row: Mapping[str, Any]) -> float:
        """Return 1 if both completions exist."""
        return 1.0 if _find_pair(row) else 0.0

    def to_example(self, row: Mapping[str, Any]) -> Example:
        """Convert the row to a prompt with both completions."""
        better, worse = _find_pair(row) or ("chosen", "rejected")
        messages, used = _parse_prompt(row)
        whole = not messages or all(str(row.get(name)).startswith(str(row.get("prompt"))) for name in (better, worse))
        chosen, rejected = (_parse_side(row, name, whole) for name in (better, worse))
        context = chosen[:-1]
        if context and context != rejected[:-1]:
            raise InvalidInput(
                f"{better!r} and {worse!r} start with different messages",
                "both must be the same conversation up to the last answer",
            )
        if not messages and not context:
            raise InvalidInput(
                f"the row has no 'prompt', and {better!r} and {worse!r} start with different messages",
                "add a column 'prompt', or write both as conversations that start with the same messages",
            )
        if context:
            messages = context if _contains(context, messages) else [*messages, *context]
        if has_history(row):
            messages = [*parse_history(row), *messages]
            used.add("history")
        system, system_columns = parse_system(row)
        if messages[0].role not in {"system", "developer"}:
            messages = [*system, *messages]
        used |= {better, worse, "system", *system_columns, *columns.TOOL_COLUMNS}
        tools = columns.parse_tools(row["input"] if isinstance(row.get("input"), dict) else row)
        completion, weight = take_weight(chosen[-1])
        fields = {} if weight is None else {"weight": weight}
        return columns.build_example(
            row,
            used,
            messages=tuple(messages),
            completion=completion,
            rejected=take_weight(rejected[-1])[0],
            tools=tools,
            **fields,
        )

    def to_row(self, example: Example) -> dict[str, Any]:
        """Convert prompt and completions to lists of messages."""
        if example.completion is None or example.rejected is None:
            raise InvalidInput(
                "the format 'preference' requires a completion and a rejected completion", "use the format 'chat'"
            )
        row: dict[str, Any] = {
            "prompt": columns.dump_messages(example.messages),
            "chosen": columns.dump_messages([example.completion]),
            "rejected": columns.dump_messages([example.rejected]),
        }
        if example.tools:
            row["tools"] = list(example.tools)
        return row | columns.extra_columns(example)


def _find_pair(row: Mapping[str, Any]) -> tuple[str, str] | None:
    return next(
        (pair for pair in PAIR_COLUMNS if all(row.get(name) is not None and row[name] != "" for name in pair)), None
    )


def _parse_prompt(row: Mapping[str, Any]) -> tuple[list[Message], set[str]]:
    """Return the messages of the prompt, and the columns that they come from."""
    nested = row.get("input")
    if isinstance(nested, dict) and find_messages(nested.get("messages")):
        return parse_messages(nested["messages"], "input"), {"input"}
    text_column = next((name for name in TEXT_COLUMNS if row.get(name) not in (None, "")), None)
    turn_column = next((name for name in MESSAGE_COLUMNS if find_messages(row.get(name))), None)
    if text_column is None:
        return (parse_messages(row[turn_column], turn_column), {turn_column}) if turn_column else ([], set())
    if find_messages(row[text_column]):
        return parse_messages(row[text_column], text_column), {text_column}
    text = columns.cell_text(row[text_column])
    used = {text_column}
    if text_column == "instruction" and row.get("input"):
        text = f"{text}\n\n{columns.cell_text(row['input'])}"
    if text_column == "instruction":
        used.add("input")
    transcript = parse_transcript(text) if text_column == "prompt" else None
    if transcript is None:
        return [Message(role="user", content=text)], used
    return transcript[:-1] if not transcript[-1].text else transcript, used


def _parse_side(row: Mapping[str, Any], column: str, may_be_transcript: bool) -> list[Message]:
    """Return the messages of a completion column; the last one is the completion."""
    value = row.get(column)
    if value is None:
        raise InvalidInput(f"the row has no {column!r}", "write both completions, or leave the row out")
    if find_messages(value) is not None:
        turns = parse_messages(value, column)
        if not turns:
            raise InvalidInput(f"the column {column!r} is empty", "write both completions, or leave the row out")
        return turns
    if isinstance(value, list | dict):
        raise InvalidInput(f"the column {column!r} is neither text nor messages", "write text, or a list of messages")
    text = columns.cell_text(value)
    turns = parse_transcript(text) if may_be_transcript else None
    return turns or [Message(role="assistant", content=text)]


def _contains(context: list[Message], prompt: list[Message]) -> bool:
    """Return True if the prompt is part of the conversation already."""
    texts = [message.text.strip() for message in context]
    return all(message.text.strip() in texts for message in prompt)
