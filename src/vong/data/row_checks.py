"""Checks of an Example before it is stored: messages with content, a finite weight, texts that can be stored."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from vong.errors import InvalidInput
from vong.records import Example, Message

MAX_WEIGHT = 1_000_000.0
MAX_DEPTH = 100
"""Maximum nesting of lists and objects in a row."""


def check_example(example: Example) -> None:
    """Check that an Example can be stored, and trained or evaluated.

    Raises:
        InvalidInput: A message has no content, a completion is not an answer, a number is not finite or out of range,
            or a text cannot be stored. The message names the field.
    """
    _check_kind(example)
    for number, message in enumerate(example.messages, 1):
        _check_message(message, f"message {number}")
    for name, message in (("completion", example.completion), ("rejected", example.rejected)):
        if message is None:
            continue
        if message.role != "assistant":
            raise InvalidInput(
                f"the field {name!r} has the role {message.role!r}", "write an answer with the role 'assistant'"
            )
        _check_message(message, f"the field {name!r}")
    if not 0 <= example.weight <= MAX_WEIGHT:
        raise InvalidInput(
            f"the weight is {example.weight}", f"set a finite number from 0 to {MAX_WEIGHT:,.0f} (0: not trained)"
        )
    for where, value in _iter_fields(example):
        allows_nul = where != "metadata"
        if isinstance(value, str) and value.isascii():
            continue
        if not _is_storable(value, allows_nul):
            fault = find_fault(value, where, allows_nul=allows_nul) or f"{where} cannot be stored"
            raise InvalidInput(fault, "remove or replace that value")


def find_problem(example: Example) -> str | None:
    """Return the reason why an Example cannot be stored, or None."""
    try:
        check_example(example)
    except InvalidInput as error:
        return error.message
    return None


def check_row(example: Example, number: int) -> None:
    """Check the Example with this row number.

    Raises:
        InvalidInput: The Example is invalid.
    """
    try:
        check_example(example)
    except InvalidInput as error:
        raise InvalidInput(f"row {number}: {error.message}", error.hint) from error


def find_fault(value: Any, where: str, *, allows_nul: bool = True) -> str | None:
    """Return the first reason why a value cannot be stored as JSON, or None.

    `where` is the name of the value. Not recursive, because the value may be nested deeply.
    """
    stack: list[tuple[Any, str, int]] = [(value, where, 0)]
    while stack:
        item, name, depth = stack.pop()
        if isinstance(item, Mapping | list | tuple):
            if depth >= MAX_DEPTH:
                return f"{where} is nested more than {MAX_DEPTH} levels deep"
            names = "".join(map(str, item)) if isinstance(item, Mapping) else ""
            if fault := _find_scalar_fault(names, f"a name in {where}", allows_nul):
                return fault
            stack.extend(_iter_items(item, name, depth + 1))
        elif fault := _find_scalar_fault(item, name, allows_nul):
            return fault
    return None


def printable(text: str) -> str:
    """Return a text with control characters and lone surrogates escaped, so that it can be stored and shown."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in "\n\t"
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def _check_kind(example: Example) -> None:
    """Check that the Example is either a conversation or a document."""
    if example.text is None and not example.messages:
        raise InvalidInput("the row has no messages", "write at least the question in 'messages'")
    if example.text is None:
        return
    fields = {name: getattr(example, name) for name in ("messages", "completion", "rejected", "tools")}
    if used := [name for name, value in fields.items() if value]:
        raise InvalidInput(
            f"the row has both 'text' and {used[0]!r}", "write a document in 'text', or a conversation in 'messages'"
        )
    if not (example.text or "").strip():
        raise InvalidInput("the document is empty", "write its text in 'text'")


def _check_message(message: Message, where: str) -> None:
    content = message.content
    if content is None and not message.tool_calls and not (message.model_extra or {}).get("function_call"):
        raise InvalidInput(f"{where} has neither content nor tool calls", "write its text in 'content'")
    if not isinstance(content, list):
        return
    if not content and not message.tool_calls:
        raise InvalidInput(f"{where} has an empty list as content", "write its text in 'content'")
    for number, part in enumerate(content, 1):
        kind = part.get("type")
        if not isinstance(kind, str):
            raise InvalidInput(f"part {number} of {where} has no type", 'write {"type": "text", "text": "…"}')
        if kind in {"text", "input_text"} and not isinstance(part.get("text"), str):
            raise InvalidInput(f"part {number} of {where} has no text", 'write {"type": "text", "text": "…"}')
    if message.role == "assistant" and not message.text and not message.tool_calls:
        raise InvalidInput(f"{where} has no text that can be trained", "write the answer as text")


def _iter_fields(example: Example) -> Iterator[tuple[str, Any]]:
    """Yield the name and the value of each field. A message of plain text is its content."""
    for number, message in enumerate(example.messages, 1):
        yield f"message {number}", message.content if _is_plain(message) else dict(message)
    for name, message in (("completion", example.completion), ("rejected", example.rejected)):
        if message is not None:
            yield name, message.content if _is_plain(message) else dict(message)
    if example.text is not None:
        yield "text", example.text
    if example.tools:
        yield "tools", example.tools
    if example.metadata:
        yield "metadata", example.metadata
    if example.origin is not None:
        yield "origin", example.origin.id


def _is_plain(message: Message) -> bool:
    others = message.name or message.tool_calls or message.tool_call_id or message.__pydantic_extra__
    return isinstance(message.content, str) and not others


def _is_storable(value: Any, allows_nul: bool) -> bool:
    """Return False if `find_fault` finds a fault. Faster, because it builds no names."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, str | float):
            if _find_scalar_fault(item, "", allows_nul):
                return False
        elif isinstance(item, dict | list | tuple):
            if depth >= MAX_DEPTH:
                return False
            if isinstance(item, dict):
                stack.extend((name, depth) for name in item)
                item = item.values()
            stack.extend((child, depth + 1) for child in item)
    return True


def _iter_items(value: Any, name: str, depth: int) -> Iterator[tuple[Any, str, int]]:
    if isinstance(value, Mapping):
        return ((item, f"{name}.{key}", depth) for key, item in value.items())
    return ((item, f"{name}[{place}]", depth) for place, item in enumerate(value))


def _find_scalar_fault(value: Any, name: str, allows_nul: bool) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{name} is {value}, which is not a finite number"
    if not isinstance(value, str):
        return None
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            return f"{name} contains the lone surrogate U+{ord(value[error.start]):04X}, which is not a character"
    return f"{name} contains the character NUL" if not allows_nul and "\0" in value else None
