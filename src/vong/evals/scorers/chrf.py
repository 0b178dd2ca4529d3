"""chrF and chrF++, by sacrebleu."""

from collections.abc import Sequence
from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer
from vong.evals.scorers.texts import field_text


def chrf(word_order: int = 0, lowercase: bool = False, field: str = "") -> Scorer:
    """Corpus chrF in 0..100 (Popović 2015), exactly `sacrebleu.corpus_chrf` over all answers, not a mean of sentences.
    A single answer is shown with its sentence chrF.

    `word_order`: 2 gives chrF++. `lowercase`: sacrebleu's. `field`: score this field of JSON answers.
    """
    from sacrebleu.metrics.chrf import CHRF

    # sacrebleu keeps the sufficient statistics of a sentence behind methods marked as its own; the contract tests
    # hold what is made of them equal to its public `corpus_score`.
    metric: Any = CHRF(word_order=word_order, lowercase=lowercase)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        given, wanted = field_text(answer, field), field_text(reference, field)
        counts = metric._extract_corpus_statistics([given], [[wanted]])[0]
        return {"chrf": MetricValue(total(counts), tuple(float(count) for count in counts))}

    def total(sums: Sequence[float]) -> float:
        return metric._compute_score_from_stats([int(count) for count in sums]).score

    metric.corpus_score(["a"], [["a"]])  # the signature knows the number of references only after a first score
    suffix = f"|field:{field}" if field else ""
    return Scorer(f"chrF2{'+' * word_order}|{metric.get_signature()}{suffix}", measure, total, best=100.0)
