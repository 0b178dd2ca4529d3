"""Exact match of outputs and references."""

import json
from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.texts import normalize_text, parse_json


def exact_match(
    fields: tuple[str, ...] = (),
    ignore_case: bool = False,
    ignore_punctuation: bool = False,
    ignore_space: bool = True,
) -> Scorer:
    """Score 1 if the output equals the reference, else 0; the total is the share of equal outputs.

    `fields`: both are JSON objects, and all of these fields must be equal, others are ignored. `ignore_case`,
    `ignore_punctuation` and `ignore_space` (runs of white space count as one space, none at the ends) select what is
    ignored in texts. Texts are compared in Unicode's composed form (NFC).
    """

    def normalized(text: str) -> str:
        return normalize_text(
            text, ignore_case=ignore_case, ignore_punctuation=ignore_punctuation, ignore_space=ignore_space
        )

    def selected_fields(text: str) -> Any:
        value = parse_json(text)
        if not isinstance(value, dict) or any(field not in value for field in fields):
            return None
        values = [value[field] for field in fields]
        return json.dumps([normalized(part) if isinstance(part, str) else part for part in values], sort_keys=True)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        if not fields:
            return {"exact_match": mean_metric(normalized(answer) == normalized(reference))}
        expected = selected_fields(reference)
        return {"exact_match": mean_metric(expected is not None and selected_fields(answer) == expected)}

    flags = {"case": ignore_case, "punctuation": ignore_punctuation, "space": ignore_space}
    ignored = "+".join(name for name, on in flags.items() if on) or "none"
    return Scorer(f"exact_match|fields:{'+'.join(fields) or 'all'}|ignored:{ignored}|form:NFC", measure)
