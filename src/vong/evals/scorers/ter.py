"""Translation edit rate, computed by sacrebleu."""

from collections.abc import Sequence
from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput
from vong.evals.scorers.texts import extract_field
from vong.evals.scorers.words import lacks_spaces

GROUP = "overlap"
MAX_WORD_PAIRS = 250_000
"""Words of an output times those of a reference. The library's time grows with a higher power of the length."""
TOO_LONG = f"texts with more than {MAX_WORD_PAIRS:,} pairs of words (500 words each) are not scored"

WITHOUT_SPACES = "texts without spaces are one word; use ter:normalized=true;asian_support=true, or chrf"


def ter(
    normalized: bool = False,
    no_punctuation: bool = False,
    asian_support: bool = False,
    case_sensitive: bool = False,
    field: str = "",
) -> Scorer:
    """Compute the translation edit rate (Snover et al. 2006), equal to `sacrebleu.corpus_ter` over all outputs.

    This is 100 times the number of edits (insertions, deletions, substitutions and shifts of words) per word of the
    reference. 0 is perfect, and the rate can exceed 100. The total is not a mean of sentences. With several references,
    the edits are those to the closest one, and the length is their mean. Texts of more than about 500 words are not
    scored.

    `normalized`, `no_punctuation`, `asian_support`, `case_sensitive`: options of sacrebleu; `normalized` with
    `asian_support` splits Chinese and Japanese into characters. `field`: score this field of JSON outputs.
    """
    from sacrebleu.metrics.ter import TER

    metric: Any = TER(
        normalized=normalized, no_punct=no_punctuation, asian_support=asian_support, case_sensitive=case_sensitive
    )

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        return measure_several(answer, [reference])

    def measure_several(answer: str, references: Sequence[str]) -> dict[str, MetricValue]:
        output_text, texts = extract_field(answer, field), [extract_field(one, field) for one in references]
        if is_too_long(output_text, texts):
            return {}
        counts = metric._extract_corpus_statistics([output_text], [[text] for text in texts])[0]
        return {"ter": MetricValue(total(counts), tuple(float(count) for count in counts))}

    def total(sums: Sequence[float]) -> float:
        return metric._compute_score_from_stats(list(sums)).score

    def warn(scored: ScorerInput) -> str:
        texts = [extract_field(one, field) for one in scored.references]
        if is_too_long(extract_field(scored.output, field), texts):
            return TOO_LONG
        return "" if (asian_support and normalized) or not any(map(lacks_spaces, texts)) else WITHOUT_SPACES

    metric.corpus_score(["a"], [["a"]])  # the signature contains the number of references only after a first score
    suffix = f"|field:{field}" if field else ""
    signature = f"TER|{metric.get_signature()}{suffix}"
    return Scorer(
        signature, measure, total, best=100.0, measure_several=measure_several, higher_is_better=False, warn=warn
    )


def is_too_long(output: str, references: Sequence[str]) -> bool:
    """Return whether the search for shifts would take many seconds."""
    words = len(output.split())
    return any(words * len(reference.split()) > MAX_WORD_PAIRS for reference in references)
