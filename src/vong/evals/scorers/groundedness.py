"""Groundedness of outputs: the share of their sentences that the passages of the example support."""

from collections.abc import Mapping, Sequence
from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.sentence_support import MIN_COVERAGE, find_support, has_checkable_words, prepare_passage, split_sentences

GROUP = "meaning"
MAX_DETAIL_CHARACTERS = 500


def groundedness(field: str = "passages", coverage: float = MIN_COVERAGE) -> Scorer:
    """Compute the share of the sentences of an output that the passages in its metadata support; the total is the mean.

    A passage supports a sentence that has at least `coverage` of its words in common with it, the same numbers and
    names, and no other negation. No model is called. English and Vietnamese; other languages are compared by words,
    numbers and names. Outputs without passages or without such sentences are not scored.

    `field`: the metadata field with the passages: a text, or a list of texts or of objects with `text`. `coverage`:
    from 0 to 1.
    """

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        passages = [prepare_passage(number, text) for number, text in enumerate(_read(scored.metadata.get(field)), 1)]
        sentences = [one for one in split_sentences(scored.text) if has_checkable_words(one.plain)]
        if not passages or not sentences:
            return {}
        unsupported: list[str] = []
        for sentence in sentences:
            found = [find_support(sentence.plain, passage, scored.prompt) for passage in passages]
            if not any(support.coverage >= coverage and not support.reasons for support in found):
                best = max(found, key=lambda support: support.coverage)
                reasons = "; ".join(best.reasons) or f"{best.coverage:.0%} of its words"
                unsupported.append(f"{sentence.plain} ({reasons})")
        value = 1 - len(unsupported) / len(sentences)
        return {"groundedness": mean_metric(value, "\n".join(unsupported)[:MAX_DETAIL_CHARACTERS])}

    return build_input_scorer(
        f"groundedness|field:{field}|coverage:{coverage:g}|words, numbers, names, negation",
        measure_input,
        uses_reference=False,
    )


def _read(value: Any) -> list[str]:
    """Return the texts of passages in any of the accepted forms."""
    items: Sequence[Any] = [value] if isinstance(value, str | Mapping) else value if isinstance(value, list) else []
    texts = [item.get("text") if isinstance(item, Mapping) else item for item in items]
    return [text for text in texts if isinstance(text, str) and text.strip()]
