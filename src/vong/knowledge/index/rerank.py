"""Reranking of passages by a model that reads question and passage together."""

from collections.abc import Callable, Sequence

from vong.errors import InvalidInput
from vong.records import RetrievedPassage

ScorePassages = Callable[[str, Sequence[str]], Sequence[float]]
"""Function that returns the relevance of each text to a question, as a cross-encoder does."""


def rerank_passages(
    question: str, passages: Sequence[RetrievedPassage], score: ScorePassages
) -> list[RetrievedPassage]:
    """Return passages ordered by the scores of a reranking model, best first.

    Raises: InvalidInput if the model returns another number of scores.
    """
    if not passages:
        return []
    texts = ["\n".join(part for part in (p.chunk.heading or p.title, p.chunk.text) if part) for p in passages]
    scores = list(score(question, texts))
    if len(scores) != len(passages):
        raise InvalidInput(
            f"the reranking model returned {len(scores)} scores for {len(passages)} passages", "use another model"
        )
    scored = [
        passage.model_copy(update={"rerank_score": value, "score": value})
        for passage, value in zip(passages, scores, strict=True)
    ]
    return sorted(scored, key=lambda passage: -passage.score)
