"""Match of numbers within a tolerance."""

import re
from decimal import Decimal, InvalidOperation, Overflow
from typing import Literal

from pydantic import NonNegativeFloat

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.texts import extract_field

GROUP = "text"
MINUS_SIGNS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-", "⁻": "-", "⁺": "+", "’": "'"})
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
SPACES = "\u00a0\u202f\u2009"
"""No-break, narrow no-break and thin space: thousands separators as well as the plain space."""
POWER_OF_TEN = re.compile(
    r"(?<=\d)\s?(?:[x×·*]|\\times|\\cdot)\s?10(?:\^\s?\{?\s?([-+]?\d{1,4})\s?\}?|([-+]?[⁰¹²³⁴-⁹]{1,4}))"
)
LATEX_FRACTION = re.compile(r"\\[dt]?frac\s?\{\s?(-?[\d.,]{1,30})\s?\}\s?\{\s?([\d.,]{1,30})\s?\}")
SIGNED_CURRENCY = re.compile(r"([-+])\s?[$€£¥₩₫](?=[\d.,])")
DATE = re.compile(r"(?<![\d/])(\d{1,4})/(\d{1,2})/(\d{1,4})(?![\d/])")
CURRENCIES = "$€£¥₩₫ "
BOX = "\\boxed{"
MAX_DIGITS = 10_000
"""Longest number that is read. A longer one is no number."""


def _compile(thousands: str, point: str) -> re.Pattern[str]:
    """Return the pattern of a number, or of a fraction of two whole numbers."""
    groups = (
        rf"\d{{1,3}}(?:[{thousands}' {SPACES}]\d{{3}})+(?!\d)|\d{{1,2}}(?:{thousands}\d{{2}})+{thousands}\d{{3}}(?!\d)"
    )
    decimal = rf"(?:(?:{groups}|\d+)(?:{point}\d+)?|{point}\d+)(?:[eE][-+]?\d{{1,4}})?"
    fraction = rf"(?:\s?/\s?(?P<divisor>\d+)(?![\w/]|{point}\d))?"
    return re.compile(rf"(?<![\w{point}])(?P<number>[-+]?{decimal}){fraction}")


POINT_NUMBER, COMMA_NUMBER = _compile(",", r"\."), _compile(r"\.", ",")


def numeric(
    tolerance: NonNegativeFloat = 0.0,
    relative: NonNegativeFloat = 0.0,
    pick: Literal["last", "first", "only"] = "last",
    decimal: Literal["point", "comma"] = "point",
    field: str = "",
) -> Scorer:
    """Score 1 if a number of the output equals that of the reference within a tolerance, else 0.

    Numbers are read exactly, with thousands separators, signs and exponents (`1,234.50`, `−3`, `6.02e23`), and are
    compared as decimals. Fractions (`3/4`, `\\frac{3}{4}`) and powers of ten (`6.02 × 10^23`) are numbers too.
    `tolerance` is the largest allowed difference, `relative` the same as a share of the reference; the larger of both
    counts. `pick` selects the `last` number of the output (as in GSM8K; that of the last `\\boxed{}`, if there is one),
    the `first`, or requires that it is the `only` text. `decimal`: `comma` reads `1.234,5` as in Vietnamese or German.
    `field`: read this field of JSON outputs. Outputs whose reference has no number are not scored.
    """

    def read(text: str, which: str) -> Decimal | None:
        return read_number(extract_field(text, field) if field else text, which, comma=decimal == "comma")

    def is_close(value: Decimal, expected: Decimal) -> bool:
        allowed = max(Decimal(str(tolerance)), Decimal(str(relative)) * abs(expected))
        return abs(value - expected) <= allowed

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        wanted = [read(reference, "last") for reference in scored.references]
        expected = [number for number in wanted if number is not None]
        if not expected:
            return {}
        value = read(scored.output, pick)
        correct = value is not None and any(is_close(value, number) for number in expected)
        detail = "the output has no number" if value is None else f"{value:f}"[:100]
        return {"numeric": mean_metric(correct, detail)}

    signature = f"numeric|fractions:yes|tolerance:{tolerance:g}|relative:{relative:g}|pick:{pick}|decimal:{decimal}"
    return build_input_scorer(signature + (f"|field:{field}" if field else ""), measure_input)


def read_number(text: str, pick: str, *, comma: bool = False) -> Decimal | None:
    """Return a number of a text. Returns None if there is none, or if `pick` is `only` and there is other text."""
    text = _write_plainly(text)
    pattern = COMMA_NUMBER if comma else POINT_NUMBER
    if pick == "only":
        whole = pattern.fullmatch(text.strip().lstrip(CURRENCIES).removesuffix("."))
        return _to_decimal(whole, comma=comma) if whole else None
    if pick == "last" and (boxed := _read_box(text)):
        text = boxed
    found = [number for match in pattern.finditer(text) if (number := _to_decimal(match, comma=comma)) is not None]
    return None if not found else found[0 if pick == "first" else -1]


def _write_plainly(text: str) -> str:
    """Return a text with fractions as `3/4`, powers of ten as `6.02e23`, and dates as three numbers."""
    text = POWER_OF_TEN.sub(
        lambda match: "e" + (match[1] or match[2].translate(SUPERSCRIPTS)), text.translate(MINUS_SIGNS)
    )
    text = LATEX_FRACTION.sub(r"\1/\2", DATE.sub(r"\1; \2; \3", text.replace("{,}", ",")))
    return SIGNED_CURRENCY.sub(r"\1", text)


def _read_box(text: str) -> str:
    """Return the content of the last `\\boxed{}` that has a digit. Returns an empty text if there is none."""
    for part in reversed(text.split(BOX)[1:]):
        content = part.partition("}")[0]
        if any(map(str.isdigit, content)):
            return content
    return ""


def _to_decimal(match: re.Match[str], *, comma: bool) -> Decimal | None:
    text = match["number"]
    if len(match[0]) > MAX_DIGITS:
        return None
    thousands, point = (".", ",") if comma else (",", ".")
    for separator in (thousands, "'", " ", *SPACES):
        text = text.replace(separator, "")
    try:
        number = Decimal(text.replace(point, ".")) / (Decimal(match["divisor"]) if match["divisor"] else 1)
    except (InvalidOperation, ZeroDivisionError, Overflow):
        return None
    return number if number.is_finite() else None
