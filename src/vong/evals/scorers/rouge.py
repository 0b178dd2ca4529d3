"""ROUGE, computed by rouge-score."""

from importlib.metadata import version

from vong.evals.scorers.base import MetricValue, Scorer, mean_metric
from vong.evals.scorers.texts import extract_field

ROUGE_TYPES = ["rouge1", "rouge2", "rougeL", "rougeLsum"]


def rouge(stemmer: bool = False, field: str = "") -> Scorer:
    """Compute ROUGE-1, -2, -L and -Lsum (Lin 2004): the F-measure of `rouge_score.RougeScorer`, and its mean as total.

    `stemmer`: use Porter's stemmer, for English. `field`: score this field of JSON outputs instead of the whole text.
    The library's tokenizer accepts only a-z and 0-9: letters with diacritics (Vietnamese) split words, so prefer chrF
    for such languages.
    """
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(ROUGE_TYPES, use_stemmer=stemmer)

    def measure(answer: str, reference: str) -> dict[str, MetricValue]:
        scores = scorer.score(extract_field(reference, field), extract_field(answer, field))
        return {name: mean_metric(scores[name].fmeasure) for name in ROUGE_TYPES}

    suffix = f"|field:{field}" if field else ""
    signature = f"rouge-score|stemmer:{'yes' if stemmer else 'no'}|tokenizer:default|split_summaries:no"
    return Scorer(f"{signature}|aggregate:mean of F|version:{version('rouge-score')}{suffix}", measure)
