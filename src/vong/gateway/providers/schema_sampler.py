"""Sampler of values that fit a JSON schema, made from a text.

`echo` uses it for tool arguments and structured answers. The same schema and text always produce the same value.
"""

import re
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 12
"""Maximum depth of a schema; a recursive schema ends there."""
MAX_VALUES = 2_000
"""Maximum number of values in one sample, so that a schema of nested lists ends too."""
MAX_REQUIRED_LENGTH = 500
"""Maximum of `minItems` and `minLength` that is honoured."""
QUOTED_PATTERN = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`")
NUMBER_PATTERN = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\d)")


class SchemaSampler:
    """Sampler of values from one text.

    Strings are the quoted parts of the text in order, then the whole text; numbers are the numbers of the text.
    """

    def __init__(self, text: str, schema: dict[str, Any]) -> None:
        self._text = text
        self._root = schema
        self._quoted: Iterator[str] = (next(filter(None, found.groups())) for found in QUOTED_PATTERN.finditer(text))
        self._value_count = 0
        self._numbers: Iterator[float] = (float(found[0]) for found in NUMBER_PATTERN.finditer(text))

    def sample(self) -> Any:
        """Return a value of the schema."""
        return self._sample(self._root, 0)

    def _sample(self, schema: Any, depth: int) -> Any:
        self._value_count += 1
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self._value_count > MAX_VALUES:
            return None
        schema = self._resolve(schema)
        if "const" in schema:
            return schema["const"]
        if isinstance(choices := schema.get("enum"), list) and choices:
            return next((choice for choice in choices if str(choice).lower() in self._text.lower()), choices[0])
        return self._sample_type(_schema_type(schema), schema, depth)

    def _sample_type(self, type: str, schema: dict[str, Any], depth: int) -> Any:
        if type == "object":
            properties = schema.get("properties") or {}
            return {name: self._sample(inner, depth + 1) for name, inner in properties.items()}
        if type == "array":
            count = min(max(int(schema.get("minItems", 1)), 0 if depth > MAX_DEPTH // 2 else 1), MAX_REQUIRED_LENGTH)
            return [self._sample(schema.get("items", {"type": "string"}), depth + 1) for _ in range(count)]
        if type in {"integer", "number"}:
            return self._sample_number(schema, is_integer=type == "integer")
        if type in {"boolean", "null"}:
            return True if type == "boolean" else None
        text = next(self._quoted, self._text)
        return text[: schema.get("maxLength", len(text))].ljust(
            min(int(schema.get("minLength", 0)), MAX_REQUIRED_LENGTH), "."
        )

    def _sample_number(self, schema: dict[str, Any], *, is_integer: bool) -> float | int:
        number = next(self._numbers, 0.0)
        lower = schema.get("minimum", schema.get("exclusiveMinimum", number - 1) + 1)
        upper = schema.get("maximum", schema.get("exclusiveMaximum", number + 1) - 1)
        number = min(max(number, lower), upper)
        return int(number) if is_integer else number

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow references, and choose the first alternative that is not null."""
        for _ in range(MAX_DEPTH):
            alternatives = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
            if isinstance(reference := schema.get("$ref"), str):
                target: Any = self._root
                for name in reference.removeprefix("#").strip("/").split("/"):
                    target = target.get(name, {}) if name and isinstance(target, dict) else target
                schema = target if isinstance(target, dict) else {}
            elif isinstance(alternatives, list) and alternatives:
                forms = [form for form in alternatives if isinstance(form, dict)]
                schema = next((form for form in forms if form.get("type") != "null"), {"type": "null"})
            else:
                break
        return schema


def _schema_type(schema: dict[str, Any]) -> str:
    type = schema.get("type")
    if isinstance(type, list):
        type = next((name for name in type if name != "null"), "null")
    return str(type or ("object" if "properties" in schema else "string"))
