"""Thresholds of answers. Similarities of embedding models have different scales, so each model has its own."""

from vong.records import Record
from vong.sentence_support import MIN_COVERAGE


class EmbedderThresholds(Record):
    """Cosine similarities of one embedding model.

    `match` and `strong_match` compare question and passage: below `match` a passage is not used, from `strong_match` it
    is used regardless of its words. `support` compares a sentence of an answer with the supporting part: from there on,
    `min_coverage` of the words suffices. None: the similarity is not used.
    """

    match: float | None = None
    strong_match: float | None = None
    support: float | None = None
    min_coverage: float = MIN_COVERAGE


THRESHOLDS: dict[str, EmbedderThresholds] = {
    "all-minilm-l6-v2": EmbedderThresholds(match=0.35, strong_match=0.6, support=0.66, min_coverage=0.35),
    "multilingual-e5-small": EmbedderThresholds(match=0.8, strong_match=0.87, support=0.87, min_coverage=0.35),
}
"""Thresholds by embedding model, chosen on the development half of XQuAD; see benchmarks/LOG.md."""


def find_thresholds(embedder: str) -> EmbedderThresholds:
    """Return the thresholds of an embedding model (`NAME` or `NAME@HASH`). Unmeasured models use words only."""
    return THRESHOLDS.get(embedder.partition("@")[0], EmbedderThresholds())
