"""What all formats share: options, conversations in columns, and the columns that belong to no shape."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from vong.errors import InvalidInput
from vong.records import Example, Message

RESERVED = {"metadata", "weight"}


def only(options: Mapping[str, str], known: Iterable[str], format_name: str) -> None:
    """Refuse options that the format does not know."""
    known = sorted(known)
    for name in options:
        if name not in known:
            listing = f"it knows: {', '.join(known)}" if known else "it has none"
            raise InvalidInput(f"the format {format_name!r} has no option {name!r}", listing)


def build(row: Mapping[str, Any], used: Iterable[str], **fields: Any) -> Example:
    """An Example of these fields, with all other columns in its metadata.

    A column `metadata` that holds an object is merged in, and a numeric column `weight` is the Example's weight.
    """
    taken = set(used)
    metadata = {str(name): value for name, value in row.items() if name not in taken | RESERVED}
    nested = parsed(row.get("metadata"))
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
        raise InvalidInput(reason(error)) from error


def rest(example: Example) -> dict[str, Any]:
    """The columns that `build` reads back: metadata and a weight that is not 1."""
    columns: dict[str, Any] = {"metadata": example.metadata} if example.metadata else {}
    if example.weight != 1.0:
        columns["weight"] = example.weight
    return columns


def parsed(value: Any) -> Any:
    """A value that CSV keeps as JSON text, as the value itself; all other values as they are."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def conversation(value: Any, column: str) -> list[Message]:
    """A column of messages in OpenAI's form. InvalidInput where it is not one."""
    value = parsed(value)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidInput(f"the column {column!r} is not a list of messages")
    return [message(item, column) for item in value]


def message(value: Mapping[str, Any], column: str) -> Message:
    """One message. InvalidInput where its fields do not fit."""
    try:
        return Message.model_validate({name: item for name, item in value.items() if item is not None})
    except ValidationError as error:
        raise InvalidInput(f"the column {column!r} holds a message that does not fit: {reason(error)}") from error


def tools(row: Mapping[str, Any]) -> tuple[dict[str, Any], ...] | None:
    """The column `tools`: a list of objects, or None."""
    value = parsed(row.get("tools"))
    if value is None or value in ("", []):
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidInput("the column 'tools' is not a list of objects")
    return tuple(value)


def dump(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Messages as plain objects, without empty fields."""
    return [item.model_dump(mode="json", exclude_none=True) for item in messages]


def text(value: Any) -> str:
    """A cell as text: text as it is, objects and lists as compact JSON with their keys in the order given."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def plain(message: Message, format_name: str) -> str:
    """The text of a message that has nothing but text. InvalidInput for any other."""
    extra = message.model_dump(exclude_none=True, exclude={"role", "content"})
    if not isinstance(message.content, str) or extra:
        raise InvalidInput(
            f"the format {format_name!r} holds text only, and a message has {', '.join(extra) or 'no plain text'}",
            "use the format 'chat'",
        )
    return message.content


def without(example: Example, format_name: str, *fields: str) -> None:
    """Refuse an Example that has any of these fields."""
    for name in fields:
        if getattr(example, name) is not None:
            raise InvalidInput(f"the format {format_name!r} cannot hold {name!r}", "use 'chat' or 'preference'")


def reason(error: ValidationError) -> str:
    """The first fault that pydantic found, on one line."""
    fault = error.errors()[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else str(fault["msg"])
