"""Text helpers of the scorers: JSON parsing, field extraction and normalization."""

import json
import re
import unicodedata
from typing import Any

CODE_FENCE = re.compile(r"\A\s*```[\w-]*\s*\n(.*?)\n?```\s*\Z", re.DOTALL)
NOT_JSON = object()
"""Result of `parse_json` for a text that is not JSON. No JSON value equals it."""


def parse_json(text: str, *, fenced: bool = False) -> Any:
    """Return the value of a text that is exactly one JSON value (RFC 8259: no NaN), else `NOT_JSON`.

    `fenced` first removes a Markdown code fence around the text.
    """
    if fenced and (match := CODE_FENCE.match(text)):
        text = match.group(1)
    try:
        return json.loads(text, parse_constant=_reject_constant)
    except (ValueError, RecursionError):
        return NOT_JSON


def extract_field(text: str, field: str) -> str:
    """Return the text, or the named field of the JSON object in it. Returns "" if there is no such field."""
    if not field:
        return text
    value = parse_json(text)
    field_value = value.get(field) if isinstance(value, dict) else None
    if field_value is None:
        return ""
    return field_value if isinstance(field_value, str) else json.dumps(field_value, ensure_ascii=False, sort_keys=True)


def normalize_text(text: str, *, ignore_case: bool, ignore_punctuation: bool, ignore_space: bool) -> str:
    """Return the text in Unicode's composed form (NFC) without the ignored parts."""
    text = unicodedata.normalize("NFC", text)
    if ignore_case:
        text = text.casefold()
    if ignore_punctuation:
        text = "".join(character for character in text if not unicodedata.category(character).startswith("P"))
    return " ".join(text.split()) if ignore_space else text


def json_equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; true and 1 differ."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def to_storable_text(text: str) -> str:
    """Replace NUL and lone surrogates, which PostgreSQL rejects, with U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _reject_constant(constant: str) -> Any:
    raise ValueError(constant)
