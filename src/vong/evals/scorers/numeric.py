"""Match of numbers within a tolerance."""

import re
from decimal import Decimal, InvalidOperation
from typing import Literal

from pydantic import NonNegativeFloat

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.texts import extract_field

GROUP = "text"
MINUS_SIGNS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-"})
NUMBER = re.compile(r"(?<![\w.,])[-+]?(?:\d+(?:[.,'  ]\d{3})+(?!\d)(?:[.,]\d+)?|\d*[.,]?\d+)(?:[eE][-+]?\d{1,4})?")
MAX_DIGITS = 10_000
"""Longest number that is read. A longer one is no number."""


def numeric(
    tolerance: NonNegativeFloat = 0.0,
    relative: NonNegativeFloat = 0.0,
    pick: Literal["last", "first", "only"] = "last",
    decimal: Literal["point", "comma"] = "point",
    field: str = "",
) -> Scorer:
    """Score 1 if a number of the output equals that of the reference within a tolerance, else 0.

    Numbers are read exactly, with thousands separators, signs and exponents (`1,234.50`, `−3`, `6.02e23`), and are
    compared as decimals. `tolerance` is the largest allowed difference, `relative` the same as a share of the
    reference; the larger of both counts. `pick` selects the `last` number of the output (as in GSM8K), the `first`, or
    requires that it is the `only` text. `decimal`: `comma` reads `1.234,5` as in Vietnamese or German. `field`: read
    this field of JSON outputs. Outputs whose reference has no number are not scored.
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

    signature = f"numeric|tolerance:{tolerance:g}|relative:{relative:g}|pick:{pick}|decimal:{decimal}"
    return build_input_scorer(signature + (f"|field:{field}" if field else ""), measure_input)


def read_number(text: str, pick: str, *, comma: bool = False) -> Decimal | None:
    """Return a number of a text. Returns None if there is none, or if `pick` is `only` and there is other text."""
    text = text.translate(MINUS_SIGNS)
    if pick == "only":
        return _to_decimal(text.strip(), comma=comma)
    found = [number for match in NUMBER.finditer(text) if (number := _to_decimal(match[0], comma=comma)) is not None]
    return None if not found else found[0 if pick == "first" else -1]


def _to_decimal(text: str, *, comma: bool) -> Decimal | None:
    if len(text) > MAX_DIGITS or not text:
        return None
    thousands, point = (".", ",") if comma else (",", ".")
    for separator in (thousands, "'", " ", " "):
        text = text.replace(separator, "")
    try:
        number = Decimal(text.replace(point, "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
