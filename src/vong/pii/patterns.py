"""Search for PII: patterns find candidates, and checks of the value and of the text around it confirm them.

Found by default: e-mail addresses, phone numbers, payment cards (issuer and Luhn), IBANs (mod-97: ISO 13616), IP
addresses, and dates of birth that the text calls so. Found on request: US social security numbers and the identity
numbers of ten other states, by their checksums.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, get_args

from vong.pii.accounts import CARD, IBAN, card_length, iban_length
from vong.pii.addresses import EMAIL, IP, email_length, ip_length
from vong.pii.birth_dates import BIRTH_DATE, birth_date_length, mentions_birth
from vong.pii.characters import to_plain_characters
from vong.pii.checksums import NATIONAL_ID_FORMATS, NATIONAL_ID_NAMES, is_ssn
from vong.pii.phone_numbers import PHONE, phone_length

PiiKind = Literal["email", "iban", "card", "ip", "ssn", "national_id", "birth_date", "phone"]
ALL_KINDS: tuple[PiiKind, ...] = get_args(PiiKind)
DEFAULT_KINDS: tuple[PiiKind, ...] = ("email", "iban", "card", "ip", "birth_date", "phone")
"""Kinds of PII that dataset cleaning removes by default."""
CONTEXT_CHARS = 48
"""Characters before a candidate that are read as its context."""
FOLLOWING_CHARS = 100
"""Characters after a candidate that are read."""


class PiiMatch(NamedTuple):
    """One piece of PII: text[start:end]."""

    kind: PiiKind
    start: int
    end: int


def find_pii(text: str, kinds: tuple[PiiKind, ...] = DEFAULT_KINDS, context: str = "") -> list[PiiMatch]:
    """Return all PII in a text by position. Of two overlapping matches the kind listed first wins.

    `context` is text that precedes the text and says what it is, for example the name of a column.
    """
    if not QUICK_PATTERN.search(text):
        return []
    seen = context + to_plain_characters(text)
    matches: list[PiiMatch] = []
    for kind in kinds:
        if QUICK_CHECKS[kind](seen):
            others = list(matches)
            for found in _find_matches(kind, seen, len(context)):
                if all(found.end <= other.start or found.start >= other.end for other in others):
                    matches.append(found)
    return sorted(matches, key=lambda found: found.start)


def mask_pii(text: str, kinds: tuple[PiiKind, ...] = DEFAULT_KINDS, context: str = "") -> tuple[str, list[PiiKind]]:
    """Replace PII with typed placeholders ([EMAIL], [PHONE], …) and return the text and the replaced kinds.

    A placeholder for a number that is a value of JSON within the text is quoted, so that the JSON stays valid.
    """
    found = find_pii(text, kinds, context)
    return replace_values(text, found), [item.kind for item in found]


def replace_values(text: str, found: Sequence[tuple[str, int, int]]) -> str:
    """Replace values, each with its kind, start and end in ascending order, with typed placeholders such as [EMAIL].

    JSON in the text stays valid.
    """
    for kind, start, end in reversed(found):
        text = f"{text[:start]}{_replacement(text, kind, start, end)}{text[end:]}"
    return text


def placeholder(kind: str) -> str:
    """Return the text that replaces a value of a kind: [EMAIL]."""
    return f"[{kind.upper()}]"


def _replacement(text: str, kind: str, start: int, end: int) -> str:
    """Return the text that replaces text[start:end]: [EMAIL], or "[CARD]" for a number that is a value of JSON."""
    mark = placeholder(kind)
    return f'"{mark}"' if text[start:end].isdigit() and JSON_KEY.search(text, max(0, start - 10), start) else mark


def _ssn_length(text: str, before: str, after: str) -> int:
    del before, after
    return len(text) if is_ssn(text) else 0


def _national_id_length(text: str, before: str, after: str) -> int:
    """Return the length of a number that matches the format and check of a state. Some must be named before."""
    if text[-1].isdigit() and (re.search(r"\d[ -]$", before) or re.match(r"[ -]\d", after)):
        return 0  # a part of a longer number
    found = any(
        form.fullmatch(text)
        and check(text)
        and (name not in NATIONAL_ID_NAMES or re.search(NATIONAL_ID_NAMES[name], before, re.IGNORECASE))
        for name, (form, check) in NATIONAL_ID_PATTERNS.items()
    )
    return len(text) if found else 0


QUICK_PATTERN = re.compile(r"[@＠]|\d\D{0,3}\d\D{0,3}\d\D{0,3}\d|::")
"""Text that all PII contains. Most texts contain none of it, so this test skips the slower patterns."""
JSON_KEY = re.compile(r'"\s{0,3}:\s{0,3}\Z')
NATIONAL_ID_PATTERNS = {name: (re.compile(pattern), check) for name, (pattern, check) in NATIONAL_ID_FORMATS.items()}
FOUR_DIGITS = re.compile(r"\d\D{0,3}\d\D{0,3}\d\D{0,3}\d")
QUICK_CHECKS: dict[PiiKind, Callable[[str], object]] = {
    "email": re.compile("@").search,
    "iban": re.compile(r"[A-Za-z]{2}\d\d").search,
    "card": re.compile(r"\d[ .-]?\d[ .-]?\d[ .-]?\d[ .-]?\d[ .-]?\d").search,
    "ip": re.compile(r"\d\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:").search,
    "ssn": re.compile(r"\d[ -]\d\d[ -]\d").search,
    "national_id": FOUR_DIGITS.search,
    "birth_date": mentions_birth,
    "phone": FOUR_DIGITS.search,
}
"""Checks that tell at little cost that a text has no PII of a kind."""
PATTERNS: dict[PiiKind, tuple[re.Pattern[str], Callable[[str, str, str], int]]] = {
    "email": (EMAIL, email_length),
    "iban": (IBAN, iban_length),
    "card": (CARD, card_length),
    "ip": (IP, ip_length),
    "ssn": (re.compile(r"(?<![\w-])\d{3}(?P<sign>[- ])\d{2}(?P=sign)\d{4}(?![\w-])"), _ssn_length),
    "national_id": (
        re.compile(rf"(?<![\w.-])(?:{'|'.join(pattern for pattern, _ in NATIONAL_ID_FORMATS.values())})(?![\w-])"),
        _national_id_length,
    ),
    "birth_date": (BIRTH_DATE, birth_date_length),
    "phone": (PHONE, phone_length),
}
"""Pattern of the candidates of each kind, and the function of (candidate, text before it, text after it) that returns
the length of the PII or 0."""
WORD = re.compile(r"\w+|\W")


def _find_matches(kind: PiiKind, text: str, offset: int) -> Iterator[PiiMatch]:
    """Yield the matches of one kind behind the offset. If a candidate fails, the search continues at its next word."""
    pattern, measure = PATTERNS[kind]
    match = pattern.search(text, offset)
    while match is not None:
        start, end = match.span()
        size = measure(match[0], text[max(0, start - CONTEXT_CHARS) : start], text[end : end + FOLLOWING_CHARS])
        if size > 0:
            yield PiiMatch(kind, start - offset, start - offset + size)
        first = WORD.match(match[0])
        match = pattern.search(text, start + (size or (first.end() if first else 1)))
