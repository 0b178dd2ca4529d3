"""F1 of the items of lists in outputs and references."""

from typing import Any

import regex

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.fences import remove_fence
from vong.evals.scorers.texts import dump_json, normalize_text, parse_json
from vong.evals.scorers.tool_calls import canonical

GROUP = "text"
BULLET = regex.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")


def set_f1(field: str = "", separators: str = ",;\n，；、", ignore_case: bool = True) -> Scorer:
    """Compute the F1 of the items that output and reference have in common, in any order.

    An output is a JSON list, or a text whose items are divided by one of the `separators`; list marks (`-`, `1.`) are
    removed. `field`: read the list from this field of JSON objects. `ignore_case`: capital and small letters are the
    same. `set_f1.precision` and `set_f1.recall` are its parts, `set_f1.exact` is 1 if the sets are equal. Two empty
    lists are equal.
    """

    def read(text: str) -> set[str]:
        value = parse_json(text, fenced=True)
        if field:
            value = value.get(field) if isinstance(value, dict) else []
        if isinstance(value, list):
            return {item for one in value if (item := to_item(one))}
        text = value if isinstance(value, str) else remove_fence(text)
        parts = regex.split(f"[{regex.escape(separators)}]", text) if separators else [text]
        return {item for part in parts if (item := to_item(BULLET.sub("", part)))}

    def to_item(value: Any) -> str:
        text = value if isinstance(value, str) else dump_json(canonical(value))
        return normalize_text(text, ignore_case=ignore_case, ignore_punctuation=False, ignore_space=True)

    def compare(actual: set[str], expected: set[str]) -> dict[str, float]:
        common = len(actual & expected)
        precision = common / len(actual) if actual else float(not expected)
        recall = common / len(expected) if expected else float(not actual)
        value = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return {"set_f1": value, ".precision": precision, ".recall": recall, ".exact": float(actual == expected)}

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        actual = read(scored.output)
        results = [compare(actual, read(reference)) for reference in scored.references]
        if not results:
            return {}
        best = max(results, key=lambda result: result["set_f1"])
        return {f"set_f1{name}" if name.startswith(".") else name: mean_metric(value) for name, value in best.items()}

    case = "yes" if ignore_case else "no"
    suffix = f"|field:{field}" if field else ""
    return build_input_scorer(f"set_f1|separators:{separators!r}|case ignored:{case}|form:NFC{suffix}", measure_input)
