"""Typed filters on the metadata of chunks, in the form of OpenAI's vector store filters.

A comparison is `{"type": "eq", "key": "year", "value": 2024}` with one of the types eq, ne, gt, gte, lt, lte, in and
nin; `{"type": "and", "filters": […]}`, `or` and `not` combine filters. Numbers are compared with numbers, and texts
with texts. A chunk without the key matches only `ne`, `nin` and `not`.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from vong.errors import InvalidInput

ORDERED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
COMPARISONS = ("eq", "ne", *ORDERED, "in", "nin")
MAX_DEPTH = 10
MAX_CONDITIONS = 200
MAX_VALUES = 1000
FILTER_HINT = 'send {"type": "eq", "key": "…", "value": "…"} or {"type": "and", "filters": […]}'


def compile_filter(filters: Mapping[str, Any]) -> str:
    """Return a filter as a predicate of SQL/JSON path, for `metadata @@ path`.

    Raises: InvalidInput if the filter is malformed or has too many conditions.
    """
    return _FilterCompiler().compile(filters, 0)


class _FilterCompiler:
    """Compiler of one filter, which counts its conditions."""

    def __init__(self) -> None:
        self.conditions = 0

    def compile(self, filters: Any, depth: int) -> str:
        """Return a filter at a depth as a predicate."""
        self.conditions += 1
        if depth > MAX_DEPTH or self.conditions > MAX_CONDITIONS:
            bound = f"{MAX_DEPTH} levels and {MAX_CONDITIONS} conditions"
            raise InvalidInput(f"the filter has more than {bound}", "send a smaller filter")
        if not isinstance(filters, Mapping) or not isinstance(filters.get("type"), str):
            raise InvalidInput(f"the filter {_shown(filters)} has no type", FILTER_HINT)
        kind = str(filters["type"])
        if kind in ("and", "or", "not"):
            return self._combine(kind, filters, depth)
        if kind not in COMPARISONS:
            allowed = ", ".join((*COMPARISONS, "and", "or", "not"))
            raise InvalidInput(f"the filter type {kind!r} is unknown", f"use one of: {allowed}")
        key, value = filters.get("key"), filters.get("value")
        if not isinstance(key, str) or not key or "value" not in filters:
            raise InvalidInput(f"the filter of type {kind!r} needs key and value", FILTER_HINT)
        return _compare(kind, key, value)

    def _combine(self, kind: str, filters: Mapping[str, Any], depth: int) -> str:
        parts = filters.get("filters")
        if kind == "not" and "filter" in filters:
            parts = [filters["filter"]]
        if not isinstance(parts, list) or not parts:
            raise InvalidInput(f"the filter of type {kind!r} has no filters", FILTER_HINT)
        compiled = [self.compile(part, depth + 1) for part in parts]
        if kind == "not":
            return f"!({' || '.join(compiled)})"
        return "(" + (" && " if kind == "and" else " || ").join(compiled) + ")"


def _compare(kind: str, key: str, value: Any) -> str:
    path = f"$.{_literal(key)}"
    if kind in ("in", "nin"):
        if not isinstance(value, list | tuple) or len(value) > MAX_VALUES:
            raise InvalidInput(
                f"the filter of type {kind!r} on {key!r} needs a list of at most {MAX_VALUES} values",
                'send "value": ["a", "b"]',
            )
        tests = " || ".join(f"@ == {_literal(item, key)}" for item in value)
        found = f"exists({path} ? ({tests}))" if tests else "(1 == 0)"
        return found if kind == "in" else f"!({found})"
    operator = ORDERED.get(kind, "==")
    if kind in ORDERED and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        raise InvalidInput(f"the filter of type {kind!r} on {key!r} needs a number or text", 'send "value": 3')
    found = f"exists({path} ? (@ {operator} {_literal(value, key)}))"
    return f"!({found})" if kind == "ne" else found


def _literal(value: Any, key: str = "") -> str:
    """Return a value as a literal of SQL/JSON path."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise InvalidInput(f"the filter on {key!r} has the value {value}", "use a finite number")
        return f"({value!r})" if value < 0 else repr(value)
    if isinstance(value, str) and "\0" in value:
        raise InvalidInput(f"the filter on {key!r} has a null character", "remove it")
    if isinstance(value, str | bool):
        return json.dumps(value)
    raise InvalidInput(f"the filter on {key!r} has the value {_shown(value)}", "use a text, a number, or true or false")


def _shown(value: Any) -> str:
    return repr(value)[:100]
