"""BERTScore, with the local encoder."""

from typing import Any

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.services import NO_SERVICES, ScorerServices, TokenVectors
from vong.evals.scorers.texts import extract_field

GROUP = "meaning"
LOCAL_MODEL = "all-minilm-l6-v2"


def bert_score(field: str = "", services: ScorerServices = NO_SERVICES) -> Scorer:
    """Compute BERTScore (Zhang et al. 2020): the F1 of the best matches between the tokens of output and reference.

    Each token of the output is matched with the most similar token of the reference by the cosine of their vectors,
    which gives the precision, and conversely the recall (`bert_score.precision`, `bert_score.recall`). The formula is
    that of the package bert-score without idf weights and without rescaling. With several references, the best F1
    counts.

    The vectors are the last layer of the local all-MiniLM-L6-v2, which reads 256 tokens and is made for English, so
    that values are comparable only with those of the same signature. `field`: score this field of JSON outputs.
    """

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        texts = [extract_field(text, field) for text in (scored.output, *scored.references)]
        if len(texts) == 1:
            return {}
        output, *references = services.embed_tokens(texts)
        best = max((greedy_match(output, reference) for reference in references), key=lambda match: match[2])
        names = ("bert_score.precision", "bert_score.recall", "bert_score")
        values = dict(zip(names, map(mean_metric, best), strict=True))
        return {"bert_score": values.pop("bert_score"), **values}

    suffix = f"|field:{field}" if field else ""
    return build_input_scorer(f"BERTScore|model:{LOCAL_MODEL}|layer:last|idf:no|rescaled:no{suffix}", measure_input)


def greedy_match(output: TokenVectors, reference: TokenVectors) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the best matches of tokens. They are 0 if a text has no tokens.

    As in the package, the marks of the ends of a text have no weight, but other tokens may match them.
    """
    if not output.weights.sum() or not reference.weights.sum():
        return 0.0, 0.0, 0.0
    similarity: Any = output.vectors @ reference.vectors.T
    precision = float((similarity.max(axis=1) * output.weights).sum() / output.weights.sum())
    recall = float((similarity.max(axis=0) * reference.weights).sum() / reference.weights.sum())
    precision, recall = (min(1.0, max(0.0, value)) for value in (precision, recall))
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0
