"""Presence of texts in outputs."""

from typing import Literal

import regex

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.texts import normalize_text
from vong.evals.scorers.words import SCRIPT_CHARACTERS

GROUP = "text"


def contains(
    texts: tuple[str, ...] = (),
    mode: Literal["all", "any", "none"] = "all",
    ignore_case: bool = True,
    words: bool = False,
) -> Scorer:
    """Score 1 if the output contains the texts, else 0.

    `texts`: what it must contain; without any, one of the references. `mode`: `all`, `any` or `none` of the texts.
    `ignore_case`: capital and small letters are the same. `words`: only whole words and numbers count; characters of
    scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are words of their own. Runs of spaces count
    as one space, and texts are compared in composed form (NFC). `contains.share` is the share of the texts that were
    found.
    """

    def normalized(text: str) -> str:
        return normalize_text(text, ignore_case=ignore_case, ignore_punctuation=False, ignore_space=True)

    def is_in(part: str, output: str) -> bool:
        part = normalized(part)
        if not words:
            return part in output
        return (
            regex.search(f"{_boundary(part[:1], '<')}{regex.escape(part)}{_boundary(part[-1:], '')}", output)
            is not None
        )

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        wanted = texts or tuple(filter(str.strip, scored.references))
        output = normalized(scored.output)
        if not wanted:
            return {}
        found = [text for text in wanted if is_in(text, output)]
        correct = len(found) == len(wanted) if mode == "all" and texts else bool(found) == (mode != "none")
        missing = ", ".join(text for text in wanted if text not in found)
        share = mean_metric(len(found) / len(wanted))
        detail = f"missing: {missing}"[:300] if missing else ""
        return {"contains": mean_metric(correct, detail), **({"contains.share": share} if texts else {})}

    shown = "+".join(texts) or "reference"
    case, whole = ("yes" if on else "no" for on in (ignore_case, words))
    signature = f"contains|texts:{shown}|mode:{mode}|case ignored:{case}|words:{whole}|form:NFC"
    return build_input_scorer(signature, measure_input, uses_reference=not texts)


def _boundary(edge: str, direction: str) -> str:
    """Return the pattern of a word's end at a character; the `direction` is `<` for its start."""
    within_number = ("\\d[.,]" if direction else "[.,]\\d") if edge.isdigit() else ""
    letter = rf"[^\W{SCRIPT_CHARACTERS}]"
    return f"(?{direction}!{letter})" + (f"(?{direction}!{within_number})" if within_number else "")
