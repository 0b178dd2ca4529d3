"""Fusion of the passages of several search queries."""

from collections.abc import Sequence
from uuid import UUID

from vong.records import RetrievedPassage

RRF_CONSTANT = 60
"""Constant of reciprocal rank fusion, score = sum of 1 / (60 + rank): Cormack et al. 2009, section 2."""


def fuse_passages(results: Sequence[Sequence[RetrievedPassage]], limit: int) -> list[RetrievedPassage]:
    """Return the best passages of several queries by reciprocal rank fusion, each once.

    A passage has the highest similarity of all queries. The passages of a single query are returned unchanged.
    """
    if len(results) == 1:
        return list(results[0][:limit])
    best: dict[UUID, RetrievedPassage] = {}
    scores: dict[UUID, float] = {}
    for passages in results:
        for rank, passage in enumerate(passages, 1):
            id = passage.chunk.id
            scores[id] = scores.get(id, 0.0) + 1 / (RRF_CONSTANT + rank)
            if id not in best or passage.similarity > best[id].similarity:
                best[id] = passage
    ordered = sorted(best.values(), key=lambda passage: -scores[passage.chunk.id])
    return [passage.model_copy(update={"score": scores[passage.chunk.id]}) for passage in ordered[:limit]]


def widen_passage(passage: RetrievedPassage) -> RetrievedPassage:
    """Return a passage with its context (its parent or neighbours) as text, if it has one.

    The offsets follow. A context that does not contain the text of the chunk is not used.
    """
    chunk = passage.chunk
    before = passage.context.find(chunk.text) if passage.context else -1
    if before < 0 or before > chunk.start:
        return passage
    start = chunk.start - before
    wide = {"text": passage.context, "start": start, "end": start + len(passage.context)}
    return passage.model_copy(update={"chunk": chunk.model_copy(update=wide)})
