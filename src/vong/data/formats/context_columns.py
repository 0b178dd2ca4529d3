"""Columns with what precedes the question of a row: a system message and earlier turns."""

from collections.abc import Mapping
from typing import Any

from vong.data.formats import columns
from vong.errors import InvalidInput
from vong.records import Message

SYSTEM_COLUMNS = ("system", "system_prompt", "system_message", "systemInstruction", "system_instruction")
"""Columns of the system message, in order of preference."""


def parse_system(row: Mapping[str, Any]) -> tuple[list[Message], set[str]]:
    """Return the system message of a row and its column, both empty if the row has none.

    The value is text, or an object with `content` or `parts`, as Gemini writes it.
    """
    for name in SYSTEM_COLUMNS:
        if text := _system_text(row.get(name)):
            return [Message(role="system", content=text)], {name}
    return [], set()


def parse_history(row: Mapping[str, Any]) -> list[Message]:
    """Return the turns of the column `history`, a list of [question, answer].

    Raises:
        InvalidInput: The column is not a list of pairs.
    """
    value = columns.decode_cell(row.get("history"))
    if value is None or value in ("", []):
        return []
    if not isinstance(value, list) or not all(isinstance(turn, list | tuple) and len(turn) == 2 for turn in value):
        raise InvalidInput("the column 'history' is not a list of [question, answer]", "write pairs of two texts")
    return [
        Message(role=role, content=columns.cell_text(text))
        for turn in value
        for role, text in zip(("user", "assistant"), turn, strict=True)
    ]


def has_history(row: Mapping[str, Any]) -> bool:
    """Return True if the column `history` is a list of [question, answer]."""
    try:
        return bool(parse_history(row))
    except InvalidInput:
        return False


def _system_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    if not isinstance(value, Mapping):
        return None
    content = value.get("content", value.get("parts"))
    parts = content if isinstance(content, list) else [content]
    found = [part.get("text") if isinstance(part, Mapping) else part for part in parts]
    texts = [text for text in found if isinstance(text, str)]
    return "".join(texts) if len(texts) == len(found) else None
