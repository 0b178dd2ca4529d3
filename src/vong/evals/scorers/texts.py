"""Text helpers of the scorers: JSON parsing, field extraction and normalization."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import regex

from vong.evals.scorers.fences import remove_fence
from vong.evals.scorers.words import SCRIPT_CHARACTERS

MAX_INT_DIGITS = 100_000
"""Digits up to which an integer is read exactly. Longer ones are read as decimals, whose conversion is fast."""
WITHOUT_WIDTH: dict[int, None] = dict.fromkeys((0x200B, 0x2060, 0xFEFF, 0x00AD))
"""Zero-width space, word joiner, byte order mark and soft hyphen, which nobody sees."""
DASHES = "\u2010\u2011\u2012\u2013\u2212-"
"""Characters that stand for a minus sign or for the hyphen between two numbers."""
SIGN = regex.compile(rf"(?:(?<![\w{DASHES}])|(?<=[{SCRIPT_CHARACTERS}]))[{DASHES}](?=[$€£¥₩₫]?\.?\d)")
THOUSANDS = r",(?=(?:\d{2},)*\d{3}(?!\d))"
NUMBER_MARK = regex.compile(rf"(?<=\d)(?!{THOUSANDS})[.,:/{DASHES}](?=\d)|(?<![\w.])\.(?=\d)")
NOT_JSON = object()
"""Result of `parse_json` for a text that is not JSON. No JSON value equals it."""


def parse_json(text: str, *, fenced: bool = False) -> Any:
    """Return the value of a text that is exactly one JSON value (RFC 8259: no NaN), else `NOT_JSON`.

    `fenced` first removes a Markdown code fence around the text.
    """
    if fenced:
        text = remove_fence(text)
    try:
        return json.loads(text, parse_constant=_reject_constant, parse_int=_parse_int)
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
    return field_value if isinstance(field_value, str) else dump_json(field_value)


def dump_json(value: Any) -> str:
    """Return a JSON value as text with sorted keys, also if it has integers of more digits than Python prints."""
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    except (ValueError, TypeError):
        return json.dumps(_printable(value), ensure_ascii=False, sort_keys=True)


def normalize_text(text: str, *, ignore_case: bool, ignore_punctuation: bool, ignore_space: bool) -> str:
    """Return the text in Unicode's composed form (NFC) without the ignored parts.

    For punctuation see `remove_punctuation`. Characters without width, such as a byte order mark, are white space.
    """
    text = unicodedata.normalize("NFC", text)
    if ignore_case:
        text = unicodedata.normalize("NFC", text.casefold())
    if ignore_punctuation:
        text = remove_punctuation(text)
    return " ".join(text.translate(WITHOUT_WIDTH).split()) if ignore_space else text


def remove_punctuation(text: str, punctuation: str = "") -> str:
    """Return a text without its punctuation: Unicode's category P, and the characters of `punctuation`.

    What belongs to a number stays: its sign, and the marks between digits. So -5 never equals 5, nor 1.5 15, nor 12:30
    1230. All kinds of minus signs and hyphens at numbers become `-`. A comma before a group of three digits is removed.
    """
    marks = {match.start() for pattern in (SIGN, NUMBER_MARK) for match in pattern.finditer(text)}
    if not marks:
        return "".join(character for character in text if not _is_punctuation(character, punctuation))
    kept = (
        ("-" if character in DASHES else character) if place in marks else character
        for place, character in enumerate(text)
        if place in marks or not _is_punctuation(character, punctuation)
    )
    return "".join(kept)


def json_equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal.

    Texts and names are compared in Unicode's composed form, numbers by value (1 equals 1.0). true and 1 differ.
    """
    if isinstance(left, str) and isinstance(right, str):
        return left == right or compose(left) == compose(right)
    if isinstance(left, dict) and isinstance(right, dict):
        mine, other = _composed_keys(left), _composed_keys(right)
        return mine.keys() == other.keys() and all(json_equal(value, other[key]) for key, value in mine.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return type(left) is not str and type(right) is not str and left == right


def to_storable_text(text: str) -> str:
    """Replace NUL and lone surrogates, which PostgreSQL rejects, with U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def to_storable_json(value: Any) -> Any:
    """Return a JSON value whose texts PostgreSQL accepts: see `to_storable_text`."""
    if isinstance(value, str):
        return to_storable_text(value)
    if isinstance(value, dict):
        return {to_storable_text(str(key)): to_storable_json(item) for key, item in value.items()}
    return [to_storable_json(item) for item in value] if isinstance(value, list) else value


def compose(text: str) -> str:
    """Return a text in Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", text)


def _is_punctuation(character: str, others: str) -> bool:
    return character in others or unicodedata.category(character).startswith("P")


def _composed_keys(value: Mapping[str, Any]) -> dict[str, Any]:
    return {compose(key): item for key, item in value.items()}


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        items: Sequence[Any] = value
        return [_printable(item) for item in items]
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(Decimal(value))
    return value


def _parse_int(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts by default
        return int(Decimal(digits)) if len(digits) <= MAX_INT_DIGITS else Decimal(digits)


def _reject_constant(constant: str) -> Any:
    raise ValueError(constant)
