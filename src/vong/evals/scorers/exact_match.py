"""Exact match of outputs and references."""

from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.texts import json_equal, normalize_text, parse_json

GROUP = "text"


def exact_match(
    fields: tuple[str, ...] = (),
    ignore_case: bool = False,
    ignore_punctuation: bool = False,
    ignore_space: bool = True,
) -> Scorer:
    """Score 1 if the output equals the reference, else 0; the total is the share of equal outputs.

    `fields`: both are JSON objects, and all of these fields must be equal, others are ignored. `ignore_case`,
    `ignore_punctuation` (not the minus sign of numbers and the marks between their digits) and `ignore_space` (runs of
    white space count as one space, none at the ends, and characters without width as nothing) select what is ignored in
    texts. Texts are compared in Unicode's composed form (NFC). Tool calls belong to the output: they are equal if names
    and argument objects are equal, in any order.
    """

    def normalized(text: str) -> str:
        return normalize_text(
            text, ignore_case=ignore_case, ignore_punctuation=ignore_punctuation, ignore_space=ignore_space
        )

    def normalize_value(value: Any) -> Any:
        return normalized(value) if isinstance(value, str) else value

    def selected_fields(text: str) -> list[Any] | None:
        value = parse_json(text)
        if not isinstance(value, dict) or any(field not in value for field in fields):
            return None
        return [normalize_value(value[field]) for field in fields]

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        if not fields:
            return {"exact_match": mean_metric(normalized(answer) == normalized(reference))}
        expected, actual = selected_fields(reference), selected_fields(answer)
        return {"exact_match": mean_metric(None not in (expected, actual) and json_equal(actual, expected))}

    flags = {"case": ignore_case, "punctuation outside of numbers": ignore_punctuation, "space": ignore_space}
    ignored = "+".join(name for name, on in flags.items() if on) or "none"
    return Scorer(f"exact_match|fields:{'+'.join(fields) or 'all'}|ignored:{ignored}|form:NFC", measure)
