"""Similarity of the meaning of outputs and references, by embeddings."""

from vong.evals.scorers.base import MetricValue, Scorer, ScorerInput, build_input_scorer, mean_metric
from vong.evals.scorers.services import NO_SERVICES, ScorerServices
from vong.evals.scorers.texts import extract_field

GROUP = "meaning"
LOCAL_MODEL = "all-minilm-l6-v2"


def embedding_similarity(model: str = "", field: str = "", services: ScorerServices = NO_SERVICES) -> Scorer:
    """Compute the cosine similarity of the embeddings of output and reference, from 0 to 1; the total is the mean.

    Negative similarities count as 0, an empty output as 0. With several references, the best counts.

    `model`: a route, deployment or model with embeddings. Without it, the local all-MiniLM-L6-v2 is used, which is made
    for English and reads 256 tokens; use a multilingual model for other languages. `field`: score this field of JSON
    outputs.
    """

    def measure_input(scored: ScorerInput) -> dict[str, MetricValue]:
        texts = [extract_field(text, field) for text in (scored.output, *scored.references)]
        if len(texts) == 1:
            return {}
        if not texts[0].strip() or not any(text.strip() for text in texts[1:]):
            return {"embedding_similarity": mean_metric(0.0)}
        output, *references = services.embed(texts, model)
        value = max(sum(a * b for a, b in zip(output, reference, strict=True)) for reference in references)
        return {"embedding_similarity": mean_metric(min(1.0, max(0.0, float(value))))}

    suffix = f"|field:{field}" if field else ""
    return build_input_scorer(f"embedding_similarity|model:{model or LOCAL_MODEL}|cosine{suffix}", measure_input)
