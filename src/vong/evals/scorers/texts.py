"""Text helpers of the scorers: JSON parsing, field extraction and normalization."""

import json
import re
import unicodedata
from typing import Any

FENCE = re.compile(r"\A\s*```[\w-]*\s*\n(.*?)\n?```\s*\Z", re.DOTALL)
MISSING = object()
"""Result of `parse_json` for a text that is not JSON. No JSON value equals it."""


def read_json(text: str, *, fenced: bool = False) -> Any:
    """Return the value of a text that is exactly one JSON value (RFC 8259: no NaN), else `NOT_JSON`.

    `fenced` first removes a Markdown code fence around the text.
    """
    if fenced and (match := FENCE.match(text)):
        text = match.group(1)
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return MISSING


def field_text(text: str, field: str) -> str:
    """Return the text, or the named field of the JSON object in it. Returns "" if there is no such field."""
    if not field:
        return text
    value = read_json(text)
    field_value = value.get(field) if isinstance(value, dict) else None
    if field_value is None:
        return ""
    return field_value if isinstance(field_value, str) else json.dumps(field_value, ensure_ascii=False, sort_keys=True)


def normalise(text: str, *, ignore_case: bool, ignore_punctuation: bool, ignore_space: bool) -> str:
    """Return the text in Unicode's composed form (NFC) without the ignored parts."""
    text = unicodedata.normalize("NFC", text)
    if ignore_case:
        text = text.casefold()
    if ignore_punctuation:
        text = "".join(character for character in text if not unicodedata.category(character).startswith("P"))
    return " ".join(text.split()) if ignore_space else text


def equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; true and 1 differ."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def storable(text: str) -> str:
    """Replace NUL and lone surrogates, which PostgreSQL rejects, with U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
