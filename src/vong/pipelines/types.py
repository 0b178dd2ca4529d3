"""Types of values: JSON Schemas, of which validation compares what it can decide."""

from collections.abc import Sequence
from typing import Any

from vong.pipelines.definition import JsonSchema

ANY: JsonSchema = {}
STRING: JsonSchema = {"type": "string"}
INTEGER: JsonSchema = {"type": "integer"}
NUMBER: JsonSchema = {"type": "number"}
BOOLEAN: JsonSchema = {"type": "boolean"}
OBJECT: JsonSchema = {"type": "object"}


def array_of(items: JsonSchema) -> JsonSchema:
    """Return the type of a list."""
    return {"type": "array", "items": items}


def type_names(schema: JsonSchema) -> set[str] | None:
    """Return the JSON types that a schema allows, or None if that is not known."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return {declared}
    if isinstance(declared, list):
        return {str(one) for one in declared}
    if "const" in schema:
        return {type_of_value(schema["const"])}
    if isinstance(schema.get("enum"), list):
        return {type_of_value(one) for one in schema["enum"]}
    return None


def type_of_value(value: Any) -> str:
    """Return the JSON type of a value."""
    names: tuple[tuple[Any, str], ...] = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def is_compatible(given: JsonSchema, wanted: JsonSchema) -> bool:
    """Return False if no value of the given type has the wanted one. Unknown types are compatible."""
    have, want = type_names(given), type_names(wanted)
    if have is None or want is None:
        return True
    if "number" in want:
        want = want | {"integer"}
    if "integer" in want and "number" in have:
        have = have | {"integer"}
    return bool(have & want)


def child_type(schema: JsonSchema, names: Sequence[str]) -> JsonSchema | None:
    """Return the type of a part of a value, ANY if it is not known, or None if the type has no such part."""
    for name in names:
        types = type_names(schema)
        if types is None:
            return ANY
        if "object" in types:
            properties = schema.get("properties")
            if not isinstance(properties, dict):
                return ANY
            if name not in properties:
                return None if schema.get("additionalProperties") is False else ANY
            schema = properties[name]
        elif "array" in types:
            if not name.isdigit():
                return None
            items = schema.get("items")
            schema = items if isinstance(items, dict) else ANY
        else:
            return None if types <= {"string", "integer", "number", "boolean", "null"} else ANY
    return schema


def describe(schema: JsonSchema) -> str:
    """Return the type as text for messages."""
    names = type_names(schema)
    return " or ".join(sorted(names)) if names else "any value"
