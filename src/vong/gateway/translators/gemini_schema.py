"""JSON schemas reduced to the keywords that Gemini accepts.

A constraint that Gemini does not know is widened or left out: the schema then allows more, and a model rarely uses the
difference. Names of properties are never touched.
"""

from collections.abc import Mapping
from typing import Any, cast

PLAIN_KEYWORDS = frozenset(
    {
        *("type", "format", "title", "description", "enum", "required", "propertyOrdering", "nullable"),
        *("minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength", "minProperties", "maxProperties"),
        *("$ref", "$anchor", "pattern"),
    }
)
SCHEMA_KEYWORDS = frozenset({"items", "additionalProperties"})
"""Keywords whose value is a schema; `additionalProperties` may also be a boolean."""
SCHEMA_LIST_KEYWORDS = frozenset({"anyOf", "oneOf", "prefixItems"})
SCHEMA_MAP_KEYWORDS = frozenset({"properties", "$defs"})
KNOWN_FORMATS = frozenset({"enum", "date-time", "date", "time", "duration", "int32", "int64", "float", "double"})


def reduce_schema(schema: Any) -> Any:
    """Return a schema with only the keywords that Gemini accepts."""
    if not isinstance(schema, dict):
        return {} if schema is True else schema
    reduced, node = dict[str, Any](), _merge_all_of(cast(dict[str, Any], schema))
    for name, value in node.items():
        if name == "definitions":
            reduced["$defs"] = {key: reduce_schema(item) for key, item in value.items()}
        elif name in SCHEMA_MAP_KEYWORDS:
            reduced[name] = {key: reduce_schema(item) for key, item in value.items()}
        elif name in SCHEMA_LIST_KEYWORDS:
            reduced[name] = [reduce_schema(item) for item in value]
        elif name in SCHEMA_KEYWORDS:
            reduced[name] = value if isinstance(value, bool) else reduce_schema(value)
        elif name in PLAIN_KEYWORDS:
            reduced[name] = value
    _widen(node, reduced)
    _drop_undeclared(reduced)
    if "$ref" in reduced:
        return {"$ref": str(reduced["$ref"]).replace("#/definitions/", "#/$defs/"), **_definitions(reduced)}
    return reduced


def _drop_undeclared(reduced: dict[str, Any]) -> None:
    """Remove required properties that are not declared, which Gemini rejects."""
    if isinstance(reduced.get("required"), list):
        declared = reduced.get("properties") or {}
        reduced["required"] = [name for name in reduced["required"] if name in declared]
        if not reduced["required"]:
            del reduced["required"]


def _definitions(reduced: Mapping[str, Any]) -> dict[str, Any]:
    return {"$defs": reduced["$defs"]} if "$defs" in reduced else {}


def _merge_all_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema whose `allOf` is merged into it, as far as its parts name different keywords."""
    if not isinstance(schema.get("allOf"), list):
        return schema
    merged = {name: value for name, value in schema.items() if name != "allOf"}
    for part in cast(list[dict[str, Any]], schema["allOf"]):
        for name, value in _merge_all_of(part).items():
            if name in {"properties", "$defs"}:
                merged[name] = {**merged.get(name, {}), **value}
            elif name == "required":
                merged[name] = list(dict.fromkeys([*merged.get(name, []), *value]))
            else:
                merged.setdefault(name, value)
    return merged


def _widen(schema: Mapping[str, Any], reduced: dict[str, Any]) -> None:
    """Express keywords that Gemini does not know by those that it knows."""
    if "const" in schema and "enum" not in schema:
        reduced["enum"] = [schema["const"]]
    for exclusive, inclusive, step in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
        bound = schema.get(exclusive)
        if isinstance(bound, int | float) and not isinstance(bound, bool) and inclusive not in schema:
            reduced[inclusive] = bound + step if schema.get("type") == "integer" else bound
    if reduced.get("format") not in KNOWN_FORMATS:
        reduced.pop("format", None)
    if reduced.get("items") == [] or isinstance(reduced.get("items"), list):
        reduced["prefixItems"] = [reduce_schema(item) for item in reduced.pop("items")]
