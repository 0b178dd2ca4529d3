"""Helpers shared by all formats: options, messages in columns, and columns that become metadata."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from vong.errors import InvalidInput
from vong.records import Example, Message

RESERVED = {"metadata", "weight"}
"""Columns with a meaning in every format."""


def check_options(options: Mapping[str, str], known: Iterable[str], format_name: str) -> None:
    """Check the options of a format.

    Raises:
        InvalidInput: The format does not have an option.
    """
    known = sorted(known)
    for name in options:
        if name not in known:
            hint = f"use one of: {', '.join(known)}" if known else "remove it: the format has no options"
            raise InvalidInput(f"the format {format_name!r} has no option {name!r}", hint)


def build_example(row: Mapping[str, Any], used: Iterable[str], **fields: Any) -> Example:
    """Build an Example from these fields, with all other columns as its metadata.

    An object in the column `metadata` is merged into the metadata. A numeric column `weight` is the Example's weight.
    """
    taken = set(used)
    metadata = {str(name): value for name, value in row.items() if name not in taken | RESERVED}
    nested = decode_cell(row.get("metadata"))
    if isinstance(nested, dict):
        metadata.update(nested)
    elif nested is not None:
        metadata["metadata"] = nested
    weight = row.get("weight")
    if isinstance(weight, int | float) and not isinstance(weight, bool) and "weight" not in taken:
        fields["weight"] = float(weight)
    elif weight is not None:
        metadata["weight"] = weight
    try:
        return Example(metadata=metadata, **fields)
    except ValidationError as error:
        raise InvalidInput(first_error(error)) from error


def extra_columns(example: Example) -> dict[str, Any]:
    """Return the columns that `build_example` reads back: metadata, and a weight other than 1."""
    columns: dict[str, Any] = {"metadata": example.metadata} if example.metadata else {}
    if example.weight != 1.0:
        columns["weight"] = example.weight
    return columns


def decode_cell(value: Any) -> Any:
    """Decode a cell that contains a JSON array or object as text (as in CSV); return any other value unchanged."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def parse_messages(value: Any, column: str) -> list[Message]:
    """Parse a column of messages in OpenAI's format.

    Raises:
        InvalidInput: The column is not a list of messages.
    """
    value = decode_cell(value)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidInput(f"the column {column!r} is not a list of messages")
    return [parse_message(item, column) for item in value]


def parse_message(value: Mapping[str, Any], column: str) -> Message:
    """Parse one message.

    Raises:
        InvalidInput: A field of the message is invalid.
    """
    try:
        return Message.model_validate({name: item for name, item in value.items() if item is not None})
    except ValidationError as error:
        raise InvalidInput(f"the column {column!r} has an invalid message: {first_error(error)}") from error


def parse_tools(row: Mapping[str, Any]) -> tuple[dict[str, Any], ...] | None:
    """Return the column `tools` as a list of objects, or None if it is empty."""
    value = decode_cell(row.get("tools"))
    if value is None or value in ("", []):
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidInput("the column 'tools' is not a list of objects")
    return tuple(value)


def dump_messages(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Convert messages to plain objects without empty fields."""
    return [item.model_dump(mode="json", exclude_none=True) for item in messages]


def cell_text(value: Any) -> str:
    """Return a cell as text: text unchanged, objects and lists as compact JSON with their keys in order."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain_text(message: Message, format_name: str) -> str:
    """Return the text of a message that contains only text.

    Raises:
        InvalidInput: The message has other content.
    """
    extra = message.model_dump(exclude_none=True, exclude={"role", "content"})
    if not isinstance(message.content, str) or extra:
        raise InvalidInput(
            f"the format {format_name!r} supports text only, but a message has {', '.join(extra) or 'no plain text'}",
            "use the format 'chat'",
        )
    return message.content


def reject_fields(example: Example, format_name: str, *fields: str) -> None:
    """Check that an Example has none of these fields.

    Raises:
        InvalidInput: The Example has one of the fields.
    """
    for name in fields:
        if getattr(example, name) is not None:
            raise InvalidInput(f"the format {format_name!r} cannot represent {name!r}", "use 'chat' or 'preference'")


def first_error(error: ValidationError) -> str:
    """Return the first error of a pydantic validation on one line."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
