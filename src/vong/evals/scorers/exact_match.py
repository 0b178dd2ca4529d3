"""Exact match."""

import json
from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer, share
from vong.evals.scorers.texts import normalise, read_json


def exact_match(
    fields: tuple[str, ...] = (),
    ignore_case: bool = False,
    ignore_punctuation: bool = False,
    ignore_space: bool = True,
) -> Scorer:
    """1 where the answer equals the reference, else 0; the total is the share of equal answers.

    `fields`: both are JSON objects, and only these fields must be equal (all of them). `ignore_case`,
    `ignore_punctuation` and `ignore_space` (runs of white space are one space, none at the ends) say what does not
    count in texts. Texts are compared in Unicode's composed form (NFC).
    """

    def plain(text: str) -> str:
        return normalise(
            text, ignore_case=ignore_case, ignore_punctuation=ignore_punctuation, ignore_space=ignore_space
        )

    def picked(text: str) -> Any:
        value = read_json(text)
        if not isinstance(value, dict) or any(field not in value for field in fields):
            return None
        chosen = [value[field] for field in fields]
        return json.dumps([plain(part) if isinstance(part, str) else part for part in chosen], sort_keys=True)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        if not fields:
            return {"exact_match": share(plain(answer) == plain(reference))}
        wanted = picked(reference)
        return {"exact_match": share(wanted is not None and picked(answer) == wanted)}

    flags = {"case": ignore_case, "punctuation": ignore_punctuation, "space": ignore_space}
    ignored = "+".join(name for name, on in flags.items() if on) or "none"
    return Scorer(f"exact_match|fields:{'+'.join(fields) or 'all'}|ignored:{ignored}|form:NFC", measure)
