"""BLEU, computed by sacrebleu."""

from collections.abc import Sequence
from typing import Any, Literal

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput
from vong.evals.scorers.texts import extract_field
from vong.evals.scorers.words import lacks_spaces

GROUP = "overlap"
MAX_NGRAM_ORDER = 4


def bleu(
    lowercase: bool = False, tokenize: Literal["13a", "intl", "char", "zh", "none"] = "13a", field: str = ""
) -> Scorer:
    """Compute corpus BLEU in 0..100 (Papineni et al. 2002), equal to `sacrebleu.corpus_bleu` over all outputs.

    The total is not a mean of sentences. A single output has its sentence BLEU (effective order). With several
    references, an n-gram counts as often as in the reference that has it most often, and the length is compared with
    the reference of the closest length.

    `lowercase`, `tokenize`: options of sacrebleu; use `zh` for Chinese and `char` for other scripts without spaces.
    `field`: score this field of JSON outputs instead of the whole text.
    """
    from sacrebleu.metrics.bleu import BLEU

    # sacrebleu computes the sufficient statistics of a sentence in private methods; contract tests check that the
    # results equal its public `corpus_score` and `sentence_score`.
    corpus: Any = BLEU(lowercase=lowercase, tokenize=tokenize)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        return measure_several(answer, [reference])

    def measure_several(answer: str, references: Sequence[str]) -> dict[str, MetricValue]:
        output_text, texts = extract_field(answer, field), [extract_field(one, field) for one in references]
        counts = corpus._extract_corpus_statistics([output_text], [[text] for text in texts])[0]
        return {"bleu": MetricValue(compute(counts, effective_order=True), tuple(float(count) for count in counts))}

    def compute(sums: Sequence[float], *, effective_order: bool = False) -> float:
        counts = [int(count) for count in sums]
        correct, totals = counts[2 : 2 + MAX_NGRAM_ORDER], counts[2 + MAX_NGRAM_ORDER :]
        return BLEU.compute_bleu(
            correct, totals, counts[0], counts[1], smooth_method="exp", effective_order=effective_order
        ).score

    corpus.corpus_score(["a"], [["a"]])  # the signature contains the number of references only after a first score
    suffix = f"|field:{field}" if field else ""
    signature = f"BLEU|{corpus.get_signature()}{suffix}"

    def warn(scored: ScorerInput) -> str:
        if tokenize in {"char", "zh"} or not lacks_spaces(extract_field(scored.reference, field)):
            return ""
        return "the tokenizer does not divide texts without spaces into words; use bleu:tokenize=zh or tokenize=char"

    return Scorer(signature, measure, compute, best=100.0, measure_several=measure_several, warn=warn)
