"""Match of outputs with a regular expression."""

from typing import Literal

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.texts import extract_field, normalize_text
from vong.json_schemas import SEARCH_TIMEOUT_SECONDS, compile_pattern

GROUP = "text"


def regex_match(
    pattern: str,
    mode: Literal["search", "full"] = "search",
    ignore_case: bool = False,
    compare: bool = False,
    field: str = "",
) -> Scorer:
    """Score 1 if the output matches a regular expression, else 0.

    `pattern` is written as for Python's re module. `mode`: `search` finds it anywhere, `full` requires the whole
    output. `ignore_case`: capital and small letters match. `compare`: the first group (or the whole match) of the last
    match must equal the reference, to read an answer out of a text (`answer is (\\w+)`). `field`: read this field of
    JSON outputs. A search that takes longer than 0.1 s counts as no match, and the run has a warning.
    """
    compiled = compile_pattern(pattern, ignore_case=ignore_case)

    def find(text: str) -> str | None:
        if mode == "full":
            whole = compiled.fullmatch(text, timeout=SEARCH_TIMEOUT_SECONDS, concurrent=True)
            matches = [whole] if whole else []
        else:
            found = compiled.finditer(text, timeout=SEARCH_TIMEOUT_SECONDS, concurrent=True)
            matches = list(found) if compare else [match for match, _ in zip(found, [0], strict=False)]
        if not matches:
            return None
        return (matches[-1][1] if compiled.groups else matches[-1][0]) or ""

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        try:
            found = find(extract_field(scored.output, field))
        except TimeoutError:
            return {"regex": mean_metric(0, f"the search takes longer than {SEARCH_TIMEOUT_SECONDS} s")}
        if not compare:
            return {"regex": mean_metric(found is not None, found or "")}
        if not scored.references:
            return {}
        correct = found is not None and any(_same(found, reference) for reference in scored.references)
        return {"regex": mean_metric(correct, found or "no match")}

    def warn(scored: ScorerInput) -> str:
        try:
            find(extract_field(scored.output, field))
        except TimeoutError:
            return f"the search takes longer than {SEARCH_TIMEOUT_SECONDS} s; rewrite it without nested repetition"
        return ""

    parts = f"pattern:{pattern}|mode:{mode}|case:{'ignored' if ignore_case else 'mixed'}|compare:{compare}"
    suffix = f"|field:{field}" if field else ""
    return build_input_scorer(
        f"regex|{parts}{suffix}", measure_input, uses_reference=compare, metrics=("regex",), warn=warn
    )


def _same(left: str, right: str) -> bool:
    options = {"ignore_case": False, "ignore_punctuation": False, "ignore_space": True}
    return normalize_text(left, **options) == normalize_text(right, **options)
