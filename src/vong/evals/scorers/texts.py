"""What scorers read out of an answer: its JSON, one of its fields, a normalised form."""

import json
import re
import unicodedata
from typing import Any

FENCE = re.compile(r"\A\s*```[\w-]*\s*\n(.*?)\n?```\s*\Z", re.DOTALL)
MISSING = object()
"""What `read_json` gives for a text that is not JSON (which no JSON value equals)."""


def read_json(text: str, *, fenced: bool = False) -> Any:
    """The value of a text that is exactly one JSON value (RFC 8259: no NaN), else `MISSING`.

    With `fenced`, a Markdown code fence around it is taken off first.
    """
    if fenced and (found := FENCE.match(text)):
        text = found.group(1)
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return MISSING


def field_text(text: str, field: str) -> str:
    """The text itself, or, where a field is named, that field of the JSON object that it is ("" where it has none)."""
    if not field:
        return text
    value = read_json(text)
    inner = value.get(field) if isinstance(value, dict) else None
    if inner is None:
        return ""
    return inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False, sort_keys=True)


def normalise(text: str, *, ignore_case: bool, ignore_punctuation: bool, ignore_space: bool) -> str:
    """The text in Unicode's composed form (NFC), with what is to be ignored taken out."""
    text = unicodedata.normalize("NFC", text)
    if ignore_case:
        text = text.casefold()
    if ignore_punctuation:
        text = "".join(character for character in text if not unicodedata.category(character).startswith("P"))
    return " ".join(text.split()) if ignore_space else text


def equal(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same, true and 1 being different."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def storable(text: str) -> str:
    """The text as PostgreSQL can hold it: NUL and lone surrogates, which it refuses, become U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
