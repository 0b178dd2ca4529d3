"""Compiled patterns of PII, confirmed by checks if possible.

Found by default: e-mail addresses, phone numbers, payment cards (Luhn: ISO/IEC 7812-1, annex B), IBANs (mod-97: ISO
13616), IP addresses, and dates of birth that the text calls so. Found on request: US social security numbers and the
identity numbers of ten other states, by their checksums.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Literal, NamedTuple, get_args

from vong.pii.checksums import NATIONAL_ID_FORMATS, NATIONAL_ID_NAMES, is_luhn_valid, is_mod97_valid, is_ssn

PiiKind = Literal["email", "iban", "card", "ip", "ssn", "national_id", "birth_date", "phone"]
ALL_KINDS: tuple[PiiKind, ...] = get_args(PiiKind)
DEFAULT_KINDS: tuple[PiiKind, ...] = ("email", "iban", "card", "ip", "birth_date", "phone")
"""Kinds of PII that dataset cleaning removes by default."""


class PiiMatch(NamedTuple):
    """One piece of PII: text[start:end]."""

    kind: PiiKind
    start: int
    end: int


def find_pii(text: str, kinds: tuple[PiiKind, ...] = DEFAULT_KINDS) -> list[PiiMatch]:
    """Return all PII in a text by position. Of two overlapping matches the kind listed first wins."""
    if not QUICK_PATTERN.search(text):
        return []
    matches: list[PiiMatch] = []
    for kind in kinds:
        for found in _find_matches(kind, text):
            if all(found.end <= other.start or found.start >= other.end for other in matches):
                matches.append(found)
    return sorted(matches, key=lambda found: found.start)


def mask_pii(text: str, kinds: tuple[PiiKind, ...] = DEFAULT_KINDS) -> tuple[str, list[PiiKind]]:
    """Replace PII with typed placeholders ([EMAIL], [PHONE], …) and return the text and the replaced kinds."""
    found = find_pii(text, kinds)
    for item in reversed(found):
        text = f"{text[: item.start]}[{item.kind.upper()}]{text[item.end :]}"
    return text, [item.kind for item in found]


def _longest_prefix(text: str, fits: Callable[[str], bool]) -> int:
    """Return the length of the longest valid prefix that ends after a group of digits, or 0 if none is valid."""
    ends = [group.end() for group in re.finditer(r"\d+", text)]
    return next((end for end in reversed(ends) if fits(text[:end])), 0)


def _card_length(text: str) -> int:
    return _longest_prefix(text, _is_card)


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    long = 13 <= len(digits) <= 19 or (len(digits) == 12 and digits[:2] in SHORT_CARD_PREFIXES)
    return long and len(set(digits)) > 1 and is_luhn_valid(digits)


def _iban_length(text: str) -> int:
    """Return the length of the longest prefix that is an IBAN. A word after an IBAN may look like a part of it."""
    ends = [place for place in range(len(text), 14, -1) if place == len(text) or not text[place].isalnum()]
    for end in ends:
        plain = re.sub(r"[\s-]", "", text[:end]).upper()
        if 15 <= len(plain) <= 34 and is_mod97_valid(plain):
            return len(text[:end].rstrip())
    return 0


def _ip_length(text: str) -> int:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return 0
    # 10::20 may be an address or a ratio, so an IPv6 address must have letters or all of its eight groups.
    ambiguous = address.version == 6 and text.count(":") < 7 and not re.search("[a-fA-F]", text)
    return 0 if address.is_unspecified or address.is_loopback or ambiguous else len(text)


def _phone_length(text: str) -> int:
    return _longest_prefix(text, _is_phone)


def _named_phone_length(text: str) -> int:
    """Return the length of a phone number that the text calls one. It may look like any other number."""
    return _longest_prefix(text, lambda part: _is_phone_like(part, min_digits=7))


def _is_phone(text: str) -> bool:
    # National numbers begin with 0 or an area code in brackets, or are grouped 3-3-4. A bare run of digits is no match.
    grouped = re.fullmatch(r"(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}", text)
    return _is_phone_like(text, min_digits=9) and (text[0] in "+0" or text.startswith("(0") or grouped is not None)


def _is_phone_like(text: str, min_digits: int) -> bool:
    digits = re.sub(r"\D", "", text)
    return min_digits <= len(digits) <= 15 and len(set(digits)) >= 3 and not DATE.fullmatch(text.strip())


def _birth_date_length(text: str) -> int:
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    years = [number for number in numbers if 1900 <= number <= date.today().year]
    return len(text) if years and all(number <= 31 for number in numbers if number not in years) else 0


def _ssn_length(text: str) -> int:
    return len(text) if is_ssn(text) else 0


def _is_national_id(text: str, context: str) -> bool:
    """Return True if a number matches the format and check of a state, and its name precedes it if required."""
    return any(
        form.fullmatch(text)
        and check(text)
        and (name not in NATIONAL_ID_NAMES or re.search(NATIONAL_ID_NAMES[name], context, re.IGNORECASE))
        for name, (form, check) in NATIONAL_ID_PATTERNS.items()
    )


SHORT_CARD_PREFIXES = {"50", *map(str, range(56, 70))}
"""First digits of card numbers with only 12 digits (Maestro)."""
NATIONAL_ID_PATTERNS = {name: (re.compile(pattern), check) for name, (pattern, check) in NATIONAL_ID_FORMATS.items()}
DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
QUICK_PATTERN = re.compile(r"@|\d\D{0,3}\d\D{0,3}\d\D{0,3}\d|::")
MONTH_NAMES = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
BIRTH_DATE_NAMES = r"(?:date of birth|birth ?date|birthday|d\.?o\.?b\.?|born(?: on)?|ngày sinh|sinh ngày)"
PATTERNS: dict[PiiKind, tuple[re.Pattern[str], Callable[[str], int]]] = {
    "email": (
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}\b"),
        len,
    ),
    "iban": (re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}\b"), _iban_length),
    "card": (re.compile(r"(?<![\w.+])\d(?:[ -]?\d){11,30}(?![\w])"), _card_length),
    "ip": (
        re.compile(r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:]|\.\d)"),
        _ip_length,
    ),
    "ssn": (re.compile(r"(?<![\w-])\d{3}(?P<sign>[- ])\d{2}(?P=sign)\d{4}(?![\w-])"), _ssn_length),
    "national_id": (
        re.compile(rf"(?<![\w.-])(?:{'|'.join(pattern for pattern, _ in NATIONAL_ID_FORMATS.values())})(?![\w-])"),
        len,
    ),
    "birth_date": (
        re.compile(
            rf"{DATE.pattern}|\d{{1,2}}(?:st|nd|rd|th)? {MONTH_NAMES},? \d{{4}}|{MONTH_NAMES} \d{{1,2}},? \d{{4}}",
            re.IGNORECASE,
        ),
        _birth_date_length,
    ),
    "phone": (
        re.compile(
            r"(?<![\w.@#/-])(?<!\d:)(?:\+\d|(?<!,)\(\d|(?<!\d )(?<!,)\d)[\d() ./-]{6,20}\d(?:(?![\w@])|(?=x\d))"
        ),
        _phone_length,
    ),
}
CONTEXT_CHARS = 30
"""Characters before a candidate that are read as its context."""
WORD = re.compile(r"\w+|\W")
VERSION_CONTEXT = re.compile(r"\b(?:version|release|build|v)[ .:]?$", re.IGNORECASE)
PHONE_NAMES = r"phone|mobile|cell|tel|telephone|fax|desk|landline|hotline|whatsapp|zalo|điện thoại|di động|đt|sđt"
PHONE_CONTEXT = re.compile(
    rf"\b(?:(?:{PHONE_NAMES})(?: number| no\.?| số)?(?: is| là)?"
    r"|(?:call|answer|reach|text)\w*(?: \w+)? (?:on|at))\W{0,4}$",
    re.IGNORECASE,
)
BIRTH_DATE_CONTEXT = re.compile(rf"{BIRTH_DATE_NAMES}\W{{0,4}}(?:is |was |là )?$", re.IGNORECASE)


def _find_matches(kind: PiiKind, text: str) -> Iterator[PiiMatch]:
    """Yield the matches of one kind. If a candidate fails, the search continues at its next word."""
    pattern, measure = PATTERNS[kind]
    match = pattern.search(text)
    while match is not None:
        length = measure
        before = text[max(0, match.start() - CONTEXT_CHARS) : match.start()]
        if kind == "phone" and PHONE_CONTEXT.search(before):
            length = _named_phone_length
        size = length(match[0]) if _context_supports(kind, match[0], before) else 0
        if size > 0:
            yield PiiMatch(kind, match.start(), match.start() + size)
        first = WORD.match(match[0])
        match = pattern.search(text, match.start() + (size or (first.end() if first else 1)))


def _context_supports(kind: PiiKind, text: str, context: str) -> bool:
    """Return True if the text before a candidate supports it."""
    if kind == "national_id":
        return _is_national_id(text, context)
    if kind == "birth_date":
        return BIRTH_DATE_CONTEXT.search(context) is not None
    return kind != "ip" or not VERSION_CONTEXT.search(context)


DIGIT_RUN = r"[\d() ./:+-]*(?:x\d*)?"
INCOMPLETE = re.compile(
    rf"""(?:
        (?<!\d)[+(]?\d{DIGIT_RUN}                                      # digits and separators
      | \b[A-Za-z]{{1,2}}(?:\d{{1,2}}(?:[ -]?[A-Za-z0-9]){{0,30}})?[ -]?   # the beginning of an IBAN
      | (?<!\d)\d{{1,2}}(?:st|nd|rd|th)?[ ](?:[a-z]{{0,2}}|{MONTH_NAMES},?(?:[ ]{DIGIT_RUN})?)  # of a date
      | \b{MONTH_NAMES}(?:[ ](?:\d{{0,2}},?(?:[ ]{DIGIT_RUN})?)?)?
      | \S+                                                       # a word
    )\Z""",
    re.VERBOSE | re.IGNORECASE,
)


DIGIT = re.compile(r"\d")
MAX_MONTH_CHARS = 40
"""Maximum characters of a word that begins like a month and of the text that may follow it."""


def stable_length(text: str) -> int:
    """Return the length of the prefix that later text cannot change; the rest is at most 200 characters.

    No PII in the prefix would end differently, and no PII across its end would begin differently.
    """
    start = max(0, len(text) - 200)
    if not DIGIT.search(text, start):  # then only the last word, or a month before it, may become PII
        start = max(start, text.rfind(" ") + 1 - MAX_MONTH_CHARS)
    match = INCOMPLETE.search(text, start)
    return match.start() if match else len(text)
