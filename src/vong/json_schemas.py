"""JSON Schemas that others wrote: checked before use, validated in bounded time, and without any network access."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import regex

from vong.errors import InvalidInput

SEARCH_TIMEOUT_SECONDS = 0.1
"""Maximum time of one search with a regular expression. Some expressions take hours for some texts."""
VALIDATION_TIMEOUT_SECONDS = 1.0
"""Maximum time of all regular expressions of one validation."""
MAX_SCHEMA_DEPTH = 200
"""Maximum nesting of a schema."""
IN_PLACE_KEYWORDS = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "extends", "disallow")
"""Keywords whose subschemas apply to the same value, so that a cycle of them never ends."""
REFERENCE_KEYWORDS = ("$ref", "$dynamicRef")
LITERAL_KEYWORDS = frozenset({"const", "enum", "default", "examples", "example"})
"""Keywords whose values are data, not schemas."""

HINT = "see https://json-schema.org/draft/2020-12"


class PatternTimeout(Exception):
    """Search that took longer than its time limit."""


class SafeSchema:
    """Compiled JSON Schema. The draft is that of `$schema`, by default 2020-12.

    References may name parts of the schema and the published meta-schemas; nothing is ever fetched. Patterns are
    searched with a time limit.

    Raises: InvalidInput if the schema is invalid, a reference cannot be resolved, or it refers to itself without end.
    """

    def __init__(self, schema: Mapping[str, Any] | bool, name: str = "the schema") -> None:
        from jsonschema import Draft202012Validator, SchemaError
        from jsonschema.validators import validator_for
        from jsonschema_specifications import REGISTRY

        _check_depth(schema, name)
        draft: Any = validator_for(schema, default=Draft202012Validator)
        try:
            draft.check_schema(schema)
        except SchemaError as error:
            raise InvalidInput(f"{name} is not a valid JSON Schema: {error.message}", HINT) from error
        except RecursionError as error:
            raise InvalidInput(f"{name} is nested too deep", f"use at most {MAX_SCHEMA_DEPTH} levels") from error
        self._search = BoundedSearch()
        _ReferenceCheck(schema, name).run()
        self._validator: Any = _extend(draft, self._search)(schema, registry=REGISTRY)

    def is_valid(self, value: Any) -> bool:
        """Return whether a value satisfies the schema.

        Raises: PatternTimeout if a pattern takes too long for a text of the value.
        """
        return not self.find_error(value)

    def find_error(self, value: Any) -> str:
        """Return the first violation with its place in the value, or an empty text.

        Raises: PatternTimeout if a pattern takes too long for a text of the value.
        """
        self._search.restart()
        try:
            error = next(self._validator.iter_errors(value), None)
        except RecursionError:
            return "the value is nested too deep for the schema"
        if error is None:
            return ""
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        return f"{path.lstrip('.') or 'value'}: {error.message[:300]}"


class BoundedSearch:
    """Searches with regular expressions that share a time limit in each thread."""

    def __init__(self) -> None:
        self._state = threading.local()

    def restart(self) -> None:
        """Start the time limit of a validation."""
        self._state.deadline = time.monotonic() + VALIDATION_TIMEOUT_SECONDS

    def __call__(self, pattern: str, text: str) -> bool:
        """Return whether the pattern occurs in the text.

        Raises: PatternTimeout if the search or all searches together take too long.
        """
        left = min(SEARCH_TIMEOUT_SECONDS, getattr(self._state, "deadline", float("inf")) - time.monotonic())
        try:
            if left > 0:
                return compile_pattern(pattern).search(text, timeout=left, concurrent=True) is not None
        except TimeoutError:
            pass
        raise PatternTimeout(f"the pattern {pattern[:80]!r} takes longer than {SEARCH_TIMEOUT_SECONDS} s")


def compile_pattern(pattern: str, *, ignore_case: bool = False) -> "regex.Pattern[str]":
    """Return a compiled expression, in the syntax of Python's re.

    Raises: InvalidInput if it is invalid.
    """
    try:
        return regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
    except (regex.error, RecursionError, OverflowError) as error:
        message = f"{pattern[:80]!r} is not a valid regular expression: {error}"
        raise InvalidInput(message, "use the syntax of Python's re module") from error


def _check_depth(schema: Any, name: str) -> None:
    level: list[Any] = [schema]
    for _ in range(MAX_SCHEMA_DEPTH):
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise InvalidInput(f"{name} is nested deeper than {MAX_SCHEMA_DEPTH} levels", "make it flatter")


def _children(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


class _ReferenceCheck:
    """Check of all references and patterns of a schema."""

    def __init__(self, schema: Any, name: str) -> None:
        from jsonschema_specifications import REGISTRY
        from referencing.jsonschema import DRAFT202012, specification_with

        self._schema = schema
        self._name = name
        dialect = schema.get("$schema") if isinstance(schema, dict) else None
        self._specification: Any = specification_with(str(dialect or ""), default=DRAFT202012)
        resource = self._specification.create_resource(schema)
        self._resolver: Any = REGISTRY.resolver_with_root(resource)
        self._nodes = set[int]()
        self.has_patterns = False
        self.has_unevaluated = False

    def run(self) -> None:
        """Raise InvalidInput for a reference that has no target or leads back to itself, and for invalid patterns."""
        nodes = list(self._walk(self._schema, self._resolver))
        self._nodes = {id(node) for node, _ in nodes}
        for node, resolver in nodes:
            self._check_node(node, resolver)
        if self.has_patterns and self.has_unevaluated:
            raise InvalidInput(
                f"{self._name} combines unevaluatedProperties with patternProperties, which is not supported",
                "use additionalProperties, or list the properties",
            )

    def _check_node(self, node: Mapping[str, Any], resolver: Any) -> None:
        self.has_unevaluated |= "unevaluatedProperties" in node
        patterns = node.get("patternProperties")
        self.has_patterns |= bool(patterns)
        named = list(patterns) if isinstance(patterns, dict) else []
        for pattern in [node.get("pattern"), *named]:
            if isinstance(pattern, str):
                compile_pattern(pattern)
        if any(isinstance(node.get(keyword), str) for keyword in REFERENCE_KEYWORDS):
            self._follow(node, resolver, set())

    def _follow(self, node: Any, resolver: Any, path: set[int]) -> None:
        """Follow the references that apply to the same value. Published meta-schemas are valid."""
        if not isinstance(node, dict) or id(node) not in self._nodes:
            return
        if id(node) in path:
            raise InvalidInput(
                f"{self._name} has a $ref that leads back to itself without reading a part of the value",
                "refer to it below properties or items",
            )
        path.add(id(node))
        for keyword in REFERENCE_KEYWORDS:
            if isinstance(reference := node.get(keyword), str):
                resolved = self._resolve(reference, resolver)
                self._follow(resolved.contents, resolved.resolver, path)
        for keyword in IN_PLACE_KEYWORDS:
            value = node.get(keyword)
            nested = value.values() if keyword == "dependentSchemas" and isinstance(value, dict) else [value]
            for one in value if isinstance(value, list) else nested:
                self._follow(one, self._enter(one, resolver), path)
        path.discard(id(node))

    def _resolve(self, reference: str, resolver: Any) -> Any:
        from referencing.exceptions import Unresolvable

        try:
            return resolver.lookup(reference)
        except (Unresolvable, ValueError) as error:
            raise InvalidInput(
                f"{self._name} refers to {reference[:200]!r}, which it does not contain; nothing is fetched",
                "define it under $defs and refer to it as #/$defs/NAME",
            ) from error

    def _enter(self, node: Any, resolver: Any) -> Any:
        """Return the resolver inside a node: a node with `$id` has a base of its own."""
        if node is self._schema or not isinstance(node, dict) or not isinstance(node.get("$id"), str):
            return resolver
        return resolver.in_subresource(self._specification.create_resource(node))

    def _walk(self, node: Any, resolver: Any) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """Yield every object that may be a schema, with its resolver."""
        if isinstance(node, list):
            for one in node:
                yield from self._walk(one, resolver)
        if not isinstance(node, dict):
            return
        resolver = self._enter(node, resolver)
        yield node, resolver
        for keyword, value in node.items():
            if keyword not in LITERAL_KEYWORDS:
                yield from self._walk(value, resolver)


def _extend(draft: Any, search: BoundedSearch) -> Any:
    """Return the validator class of a draft with bounded searches."""
    from jsonschema import validators

    bounded = {
        "pattern": partial(_pattern, search),
        "patternProperties": partial(_pattern_properties, search),
        "additionalProperties": partial(_additional_properties, search),
    }
    return validators.extend(draft, {key: value for key, value in bounded.items() if key in draft.VALIDATORS})


def _pattern(search: BoundedSearch, validator: Any, expression: str, instance: Any, schema: Any) -> Iterator[Exception]:
    from jsonschema import ValidationError

    del schema
    if validator.is_type(instance, "string") and not search(expression, instance):
        yield ValidationError(f"{instance!r} does not match {expression!r}")


def _pattern_properties(
    search: BoundedSearch, validator: Any, patterns: Any, instance: Any, schema: Any
) -> Iterator[Exception]:
    del schema
    for expression, subschema in patterns.items() if validator.is_type(instance, "object") else ():
        for key, value in instance.items():
            if search(expression, key):
                yield from validator.descend(value, subschema, path=key, schema_path=expression)


def _additional_properties(
    search: BoundedSearch, validator: Any, allowed: Any, instance: Any, schema: Any
) -> Iterator[Exception]:
    from jsonschema import ValidationError

    if not validator.is_type(instance, "object"):
        return
    declared, patterns = schema.get("properties", {}), list(schema.get("patternProperties", {}))
    extras = [key for key in instance if key not in declared and not any(search(one, key) for one in patterns)]
    if validator.is_type(allowed, "object"):
        for extra in extras:
            yield from validator.descend(instance[extra], allowed, path=extra)
    elif not allowed and extras:
        yield ValidationError(f"additional properties are not allowed: {', '.join(map(repr, extras))}")
