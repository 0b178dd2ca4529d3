"""chrF and chrF++, computed by sacrebleu."""

from collections.abc import Sequence
from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer
from vong.evals.scorers.texts import extract_field

GROUP = "overlap"


def chrf(word_order: int = 0, lowercase: bool = False, field: str = "") -> Scorer:
    """Compute corpus chrF in 0..100 (Popović 2015), equal to `sacrebleu.corpus_chrf` over all outputs.

    The total is not a mean of sentences. A single output has its sentence chrF. With several references, the one with
    the best sentence chrF counts.

    `word_order`: 2 selects chrF++. `lowercase`: option of sacrebleu. `field`: score this field of JSON outputs.
    """
    from sacrebleu.metrics.chrf import CHRF

    # sacrebleu computes the sufficient statistics of a sentence in private methods; contract tests check that the
    # results equal its public `corpus_score`.
    metric: Any = CHRF(word_order=word_order, lowercase=lowercase)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        return measure_several(answer, [reference])

    def measure_several(answer: str, references: Sequence[str]) -> dict[str, MetricValue]:
        output_text, texts = extract_field(answer, field), [extract_field(one, field) for one in references]
        counts = metric._extract_corpus_statistics([output_text], [[text] for text in texts])[0]
        return {"chrf": MetricValue(total(counts), tuple(float(count) for count in counts))}

    def total(sums: Sequence[float]) -> float:
        return metric._compute_score_from_stats([int(count) for count in sums]).score

    metric.corpus_score(["a"], [["a"]])  # the signature contains the number of references only after a first score
    suffix = f"|field:{field}" if field else ""
    signature = f"chrF2{'+' * word_order}|{metric.get_signature()}{suffix}"
    return Scorer(signature, measure, total, best=100.0, measure_several=measure_several)
