"""Values of a JSON schema, made from what a text says: what `echo` calls tools with, and answers in where a form is
asked for. The same schema and text always give the same value.
"""

import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 12
"""Levels of a schema that are followed; one that contains itself ends there."""
MOST = 2_000
"""Values in one value, so that a schema whose lists hold lists ends too."""
LENGTH = 500
"""Items of a list, and characters of a text, that a schema may ask for at least."""
QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`")
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)")


class SchemaSampler:
    """Makes values out of one text: strings are what it has in quotation marks, in their order, else the whole of it;
    numbers are its numbers.
    """

    def __init__(self, text: str, schema: dict[str, Any]) -> None:
        self._text = text
        self._root = schema
        self._quoted: Iterator[str] = (next(filter(None, found.groups())) for found in QUOTED.finditer(text))
        self._made = 0
        self._numbers: Iterator[float] = (float(found[0]) for found in NUMBER.finditer(text))

    def value(self) -> Any:
        """A value of the schema."""
        return self._of(self._root, 0)

    def _of(self, schema: Any, depth: int) -> Any:
        self._made += 1
        if not isinstance(schema, dict) or depth > DEEPEST or self._made > MOST:
            return None
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if isinstance(choices := schema.get("enum"), list) and choices:
            return next((choice for choice in choices if str(choice).lower() in self._text.lower()), choices[0])
        return self._typed(_type(schema), schema, depth)

    def _typed(self, type: str, schema: dict[str, Any], depth: int) -> Any:
        if type == "object":
            properties = schema.get("properties") or {}
            return {name: self._of(inner, depth + 1) for name, inner in properties.items()}
        if type == "array":
            count = min(max(int(schema.get("minItems", 1)), 0 if depth > DEEPEST // 2 else 1), LENGTH)
            return [self._of(schema.get("items", {"type": "string"}), depth + 1) for _ in range(count)]
        if type in {"integer", "number"}:
            return self._number(schema, whole=type == "integer")
        if type in {"boolean", "null"}:
            return True if type == "boolean" else None
        text = next(self._quoted, self._text)
        return text[: schema.get("maxLength", len(text))].ljust(min(int(schema.get("minLength", 0)), LENGTH), ".")

    def _number(self, schema: dict[str, Any], *, whole: bool) -> float | int:
        number = next(self._numbers, 0.0)
        least = schema.get("minimum", schema.get("exclusiveMinimum", number - 1) + 1)
        most = schema.get("maximum", schema.get("exclusiveMaximum", number + 1) - 1)
        number = min(max(number, least), most)
        return int(number) if whole else number

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Behind references, and the first of several forms that is more than null."""
        for _ in range(DEEPEST):
            several = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
            if isinstance(reference := schema.get("$ref"), str):
                found: Any = self._root
                for name in reference.removeprefix("#").strip("/").split("/"):
                    found = found.get(name, {}) if name and isinstance(found, dict) else found
                schema = found if isinstance(found, dict) else {}
            elif isinstance(several, list) and several:
                forms = [form for form in several if isinstance(form, dict)]
                schema = next((form for form in forms if form.get("type") != "null"), {"type": "null"})
            else:
                break
        return schema


def _type(schema: dict[str, Any]) -> str:
    type = schema.get("type")
    if isinstance(type, list):
        type = next((one for one in type if one != "null"), "null")
    return str(type or ("object" if "properties" in schema else "string"))
