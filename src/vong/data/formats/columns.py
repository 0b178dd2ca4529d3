"""Helpers shared by all formats: options, messages in columns, and columns that become metadata."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from vong.data.formats.media_columns import attach_media
from vong.data.formats.verdicts import is_marked_bad
from vong.errors import InvalidInput
from vong.records import Example, Message

RESERVED = {"metadata", "weight"}
"""Columns with a meaning in every format."""
TOOL_COLUMNS = {"tools", "functions"}
NUMBER = re.compile(r"[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|nan|inf|infinity)", re.IGNORECASE)


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

    An object in the column `metadata` is merged into the metadata. A number in the column `weight` is the Example's
    weight. If a column says that the completion is bad, the completion becomes the rejected one.
    """
    taken = set(used)
    metadata = {str(name): value for name, value in row.items() if name not in taken | RESERVED}
    nested = decode_cell(row.get("metadata"))
    if isinstance(nested, dict):
        metadata.update(nested)
    elif nested is not None and nested != "":
        metadata["metadata"] = row["metadata"]
    weight = parse_number(row.get("weight")) if "weight" not in taken else None
    if weight is not None:
        fields["weight"] = weight
    elif row.get("weight") not in (None, ""):
        metadata["weight"] = row["weight"]
    if fields.get("completion") is not None and fields.get("rejected") is None and is_marked_bad(row, taken):
        fields |= {"completion": None, "rejected": fields["completion"]}
    if fields.get("messages"):
        fields["messages"] = attach_media(row, fields["messages"])
    try:
        return Example(metadata=metadata, **fields)
    except ValidationError as error:
        raise InvalidInput(first_error(error)) from error


def parse_number(value: Any) -> float | None:
    """Return a number, or text that is one (as in CSV), as a float; None for anything else."""
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def extra_columns(example: Example) -> dict[str, Any]:
    """Return the columns that `build_example` reads back: metadata, and a weight other than 1."""
    columns: dict[str, Any] = {"metadata": example.metadata} if example.metadata else {}
    if example.weight != 1.0:
        columns["weight"] = example.weight
    return columns


def decode_cell(value: Any) -> Any:
    """Decode a cell that contains a JSON array or object as text (as in CSV); return any other value unchanged."""
    if isinstance(value, str) and value.lstrip()[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def parse_tools(row: Mapping[str, Any]) -> tuple[dict[str, Any], ...] | None:
    """Return the column `tools` (or `functions`, its former name) as a list of objects, or None if it is empty.

    Blank text and empty objects are no tools: exports of tables fill the column of rows without tools with them.
    """
    name = "tools" if "tools" in row else "functions"
    value = decode_cell(row.get(name))
    values = value if isinstance(value, list) else [value]
    items = [item for item in map(decode_cell, values) if not _is_blank(item)]
    if not items:
        return None
    if not all(isinstance(item, dict) for item in items):
        raise InvalidInput(f"the column {name!r} is not a list of objects", "write the tools as a JSON array")
    if name == "functions":
        items = [{"type": "function", "function": item} for item in items]
    return tuple(map(_wrap_tool, items))


def _wrap_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool in OpenAI's form, also if it is only the function, or has Anthropic's `input_schema`."""
    schema = next((name for name in ("parameters", "input_schema") if name in tool), None)
    if schema is None or not isinstance(tool.get("name"), str) or tool.get("type") not in (None, "function", "custom"):
        return tool
    others = {name: value for name, value in tool.items() if name not in {"type", schema}}
    return {"type": "function", "function": {**others, "parameters": tool[schema]}}


def _is_blank(value: Any) -> bool:
    return value is None or value in ({}, []) or (isinstance(value, str) and value.strip() in ("", "null"))


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
            raise InvalidInput(f"the format {format_name!r} cannot represent {name!r}", "use the format 'chat'")


def first_error(error: ValidationError) -> str:
    """Return the first error of a pydantic validation on one line."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
