"""Knowledge bases connected to the gateway, the span writer and jobs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import Field

from vong import knowledge
from vong.app.knowledge_embedders import find_embedder, get_minilm
from vong.app.platform import Platform
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.indexes import get_index
from vong.knowledge.index.rerank import ScorePassages, rerank_passages
from vong.knowledge.retrieve import RetrievalSettings
from vong.records import Record, RetrievedPassage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def get_embedder(threads: int) -> knowledge.MiniLmEmbedder:
    """Return the English embedding model of this process, as used outside of knowledge bases."""
    return get_minilm(threads)


class SearchRequest(Record):
    """Question to a base. `index` is the number of an index, and `filters` has the form of OpenAI's filters."""

    question: str = Field(min_length=1, max_length=8000)
    limit: int = Field(default=5, ge=1, le=200)
    index: int | None = None
    filters: dict[str, Any] | None = None
    settings: RetrievalSettings = RetrievalSettings()


def search(
    platform: Platform, project_id: UUID, base: str, question: str, limit: int, *, index: int | None = None
) -> list[RetrievedPassage]:
    """Return the passages of a base that match a question, from the live index or the one with a number."""
    return search_passages(platform, project_id, base, SearchRequest(question=question, limit=limit, index=index))


def search_passages(platform: Platform, project_id: UUID, base: str, request: SearchRequest) -> list[RetrievedPassage]:
    """Return the passages of a base that match a question, reranked if the settings name a model.

    Raises: NotFound if there is no such base or index. InvalidInput if the filter is malformed.
    """
    settings = request.settings
    limit = max(request.limit, settings.rerank_candidates) if settings.rerank else request.limit
    with platform.scope(project_id) as connection:
        found = get_index(connection, base, request.index)
    embedder = _EmbeddedQuestion(find_embedder(platform, project_id, found.embedder), request.question)
    with platform.scope(project_id) as connection:
        passages = knowledge.retrieve(
            connection,
            base,
            request.question,
            embedder,
            limit=limit,
            index=found.number,
            filters=request.filters,
            settings=settings,
        )
    if settings.rerank is None:
        return passages
    return rerank_passages(request.question, passages, _reranker(platform, project_id, settings.rerank))[
        : request.limit
    ]


class _EmbeddedQuestion:
    """Embedder with the vector of one question, so that no connection is held while a model behind HTTP is called."""

    def __init__(self, embedder: Embedder, question: str) -> None:
        self.version = embedder.version
        self.dimension = embedder.dimension
        self.max_tokens = embedder.max_tokens
        self.token_counts = embedder.token_counts
        self.embed_passages = embedder.embed_passages
        self._vectors = embedder.embed_queries([question])

    def embed_queries(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return the vector of the question."""
        return self._vectors[: len(texts)]


def _reranker(platform: Platform, project_id: UUID, model: str) -> ScorePassages:
    """Return a function that scores passages by a model at `/v1/rerank`."""

    def score(question: str, texts: Sequence[str]) -> list[float]:
        with platform.client(project_id) as client:
            ranked = client.gateway.rerank(question, texts, model)
        scores = dict.fromkeys(range(len(texts)), 0.0) | {entry.index: entry.score for entry in ranked}
        return [scores[place] for place in range(len(texts))]

    return score
