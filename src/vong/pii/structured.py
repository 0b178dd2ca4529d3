"""PII in structured values: JSON texts, objects, lists and numbers.

The name of a field is the context of its value. A masked JSON text stays JSON with its order and spacing.
"""

import json
import re
from typing import Any

from vong.pii.patterns import DEFAULT_KINDS, PiiKind, find_pii, mask_pii

MIN_NUMBER_DIGITS = 7
"""Digits from which a number is read as text: it may be a phone or card number."""
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*')
NAME_END = re.compile(r"\s*:")
WORD_BOUNDARY = re.compile(r"[_\-.]+|(?<=[a-z])(?=[A-Z])")


def field_context(name: str) -> str:
    """Return the name of a field as the text before its value: `phoneNumber` becomes `phone number: `."""
    return f"{WORD_BOUNDARY.sub(' ', name).lower()}: " if name else ""


class StructuredMasker:
    """Masks PII in texts and values of any shape and collects the kinds that it replaced."""

    def __init__(self, kinds: tuple[PiiKind, ...] = DEFAULT_KINDS) -> None:
        self.kinds = kinds
        self.found: list[PiiKind] = []

    def mask_value(self, value: Any, name: str = "") -> Any:
        """Return a value with its PII masked. A number that is PII becomes a placeholder."""
        if isinstance(value, str):
            return self.mask_text(value, name)
        if isinstance(value, list | tuple):
            items = [self.mask_value(item, name) for item in value]
            return value if all(map(_is_same, items, value)) else items
        if isinstance(value, dict):
            return self._mask_fields(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._mask_number(str(value), name) or value
        return value

    def mask_text(self, text: str, name: str = "") -> str:
        """Return a text with its PII masked. `name` is the name of the field that contains the text."""
        if text.lstrip()[:1] in ("{", "[") and _is_json(text):
            return self._mask_json(text)
        masked, kinds = mask_pii(text, self.kinds, field_context(name))
        self.found += kinds
        return masked

    def _mask_fields(self, fields: dict[Any, Any]) -> dict[Any, Any]:
        masked: dict[Any, Any] = {}
        for name, value in fields.items():
            masked[self._mask_name(name, masked)] = self.mask_value(value, str(name))
        unchanged = all(name in masked and _is_same(masked[name], value) for name, value in fields.items())
        return fields if unchanged else masked

    def _mask_name(self, name: Any, taken: dict[Any, Any]) -> Any:
        """Return the name of a field with its PII masked, and a number if that name is taken."""
        masked = self.mask_text(name) if isinstance(name, str) else name
        unique, number = masked, 1
        while masked != name and unique in taken:
            number += 1
            unique = f"{masked} {number}"
        return unique

    def _mask_number(self, digits: str, name: str) -> str | None:
        if len(digits) < MIN_NUMBER_DIGITS or not digits.isdigit():
            return None
        found = find_pii(digits, self.kinds, field_context(name))
        if not found or found[0][1:] != (0, len(digits)):
            return None
        self.found.append(found[0].kind)
        return f"[{found[0].kind.upper()}]"

    def _mask_json(self, text: str) -> str:
        parts: list[str] = []
        taken: dict[Any, Any] = {}
        name, position = "", 0
        for token in JSON_TOKEN.finditer(text):
            parts.append(text[position : token.start()])
            position = token.end()
            masked: str | None = None
            if not token[0].startswith('"'):
                masked = self._mask_number(token[0], name)
            elif NAME_END.match(text, position):
                name = json.loads(token[0])
                masked = self._mask_name(name, taken)
                taken[masked] = None
                masked = None if masked == name else masked
            else:
                value = json.loads(token[0])
                masked = self.mask_text(value, name)
                masked = None if masked == value else masked
            parts.append(token[0] if masked is None else json.dumps(masked, ensure_ascii=token[0].isascii()))
        return "".join([*parts, text[position:]])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, str) and one == other)
