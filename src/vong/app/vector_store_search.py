"""Search in vector stores and knowledge bases on behalf of a key, recorded as spans."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from vong import access
from vong.app.answer_spans import AnswerSpan
from vong.app.knowledge_embedders import find_index_embedder
from vong.app.platform import Platform
from vong.errors import VongError
from vong.gateway.auth.scopes import check_base
from vong.knowledge.base_settings import check_reader
from vong.knowledge.index.filters import compile_filter
from vong.knowledge.index.indexes import find_live_index
from vong.knowledge.retrieve import RetrievalSettings, retrieve
from vong.knowledge.tables import documents
from vong.knowledge.vector_store_tables import files
from vong.knowledge.vector_stores import stores
from vong.knowledge.vector_stores.files import sync_files
from vong.records import RetrievedPassage, SpanVersions
from vong.records.vector_store import AttributeValue, VectorStore

MAX_RESULTS = 50
SPAN_NAME = "knowledge.search"
RANK_OFFSET = 60
"""Constant of reciprocal rank fusion, by which the results of several queries and stores are merged."""

POLITE_PATTERN = re.compile(
    r"^(?:(?:please|hi|hello|hey|dear \w+|can you|could you|would you|will you|i would like to know|i want to know|"
    r"i(?:'d| would) like you to|tell me|explain to me|let me know|do you know|xin hỏi|cho (?:tôi|mình|em) hỏi|"
    r"làm ơn|vui lòng|bạn có thể|hãy)\b[\s,!.:]*)+",
    re.IGNORECASE,
)
"""Beginnings of questions that say nothing of their subject."""


class StoreSearch(NamedTuple):
    """Search in vector stores.

    `filters` has the form of OpenAI's filters on attributes, `weights` are those of the embedding and of the text. A
    result with a lower score than `score_threshold` is left out. `rewrite` removes words that only make a question
    polite.
    """

    queries: tuple[str, ...]
    filters: Mapping[str, Any] | None = None
    limit: int = 10
    score_threshold: float = 0.0
    rerank: bool = True
    weights: tuple[float, float] | None = None
    rewrite: bool = False


class StoreSearchResult(NamedTuple):
    """Passage that a search found, and the file that contains it.

    `score` is between 0 and 1: the similarity of query and passage, or that of the next result if it is higher, so that
    the scores have the order of the results.
    """

    base: str
    file_id: UUID
    filename: str
    score: float
    attributes: dict[str, AttributeValue]
    passage: RetrievedPassage

    @property
    def file_tag(self) -> str:
        """Return the public id of the file."""
        return f"file-{self.file_id.hex}"

    @property
    def text(self) -> str:
        """Return the text of the passage, with its headings and its context if the index has one."""
        chunk = self.passage.chunk
        text = self.passage.context or chunk.text
        return f"{chunk.heading}\n\n{text}" if chunk.heading and not text.startswith(chunk.heading) else text


class SearchOutcome(NamedTuple):
    """Results of a search, best first, and the queries that were used."""

    queries: tuple[str, ...]
    results: list[StoreSearchResult]


class SearchTrace(NamedTuple):
    """Trace of the call that searches: the id of the trace and the span of the call."""

    trace_id: str
    parent_span_id: str


def search_stores(
    platform: Platform,
    principal: access.Principal,
    store_ids: Sequence[UUID],
    request: StoreSearch,
    trace: SearchTrace | None = None,
) -> SearchOutcome:
    """Search vector stores and return the best passages of all of them.

    Raises: VectorStoreNotFound, VectorStoreExpired, OutOfScope, or InvalidInput if the filter is malformed.
    """
    with platform.scope(principal.project_id) as connection:
        found = [stores.get_store(connection, id, counts=False) for id in dict.fromkeys(store_ids)]
        for store in found:
            check_base(principal, store.base)
            check_reader(connection, store.base, principal.role)
            stores.check_not_expired(store)
            stores.record_activity(connection, store.id)
        sync_files(connection, [store.id for store in found])
    return _search(platform, principal, found, request, trace)


def search_bases(
    platform: Platform,
    principal: access.Principal,
    bases: Iterable[str],
    request: StoreSearch,
    trace: SearchTrace | None = None,
) -> SearchOutcome:
    """Search knowledge bases as vector stores."""
    with platform.scope(principal.project_id) as connection:
        ids = [stores.find_store(connection, base).id for base in bases]
    return search_stores(platform, principal, ids, request, trace)


def _search(
    platform: Platform,
    principal: access.Principal,
    found: Sequence[VectorStore],
    request: StoreSearch,
    trace: SearchTrace | None,
) -> SearchOutcome:
    if request.filters is not None:
        compile_filter(request.filters)  # reports a malformed filter even if no store has documents
    queries = tuple(rewrite_query(query) for query in request.queries) if request.rewrite else request.queries
    ranked: dict[UUID, tuple[float, str, RetrievedPassage]] = {}
    for store in found:
        for query in queries:
            with _SearchSpan(platform, principal, store, query, request, trace) as span:
                passages = _retrieve(platform, principal.project_id, store.base, query, request)
                span.set(output=[_describe(passage) for passage in passages], base=store.base)
            for rank, passage in enumerate(passages, 1):
                earlier = ranked.get(passage.chunk.id, (0.0, "", passage))
                ranked[passage.chunk.id] = (earlier[0] + 1 / (RANK_OFFSET + rank), store.base, passage)
    best = sorted(ranked.values(), key=lambda item: (-item[0], -item[2].similarity))[: request.limit]
    results = _with_files(platform, principal.project_id, [(base, passage) for _, base, passage in best])
    return SearchOutcome(queries, [result for result in results if result.score >= request.score_threshold])


def _retrieve(
    platform: Platform, project_id: UUID, base: str, query: str, request: StoreSearch
) -> list[RetrievedPassage]:
    """Return the passages of one base; none if nothing was indexed in it yet."""
    settings: dict[str, Any] = {}
    if request.weights is not None:
        embedding, text = request.weights
        settings["mode"] = "text" if embedding == 0 else "vector" if text == 0 else "hybrid"
        settings["vector_weight"] = embedding / (embedding + text)
    retrieval = RetrievalSettings.model_validate(settings)
    with platform.scope(project_id) as connection:
        if find_live_index(connection, base) is None:
            return []
        embedder = find_index_embedder(platform, connection, project_id, base)
        limit, filters = request.limit, request.filters
        return retrieve(connection, base, query, embedder, limit=limit, filters=filters, settings=retrieval)


def _with_files(
    platform: Platform, project_id: UUID, passages: Sequence[tuple[str, RetrievedPassage]]
) -> list[StoreSearchResult]:
    """Return results with the files of the passages, and with scores that do not rise."""
    ids = {passage.chunk.document_id for _, passage in passages}
    query = (
        select(files.c.document_id, files.c.file_id, files.c.filename, documents.c.metadata)
        .join(documents, documents.c.id == files.c.document_id)
        .where(files.c.document_id.in_(ids))
    )
    with platform.scope(project_id) as connection:
        found = {row.document_id: row for row in connection.execute(query)}
    results: list[StoreSearchResult] = []
    score = 0.0
    for base, passage in reversed(passages):
        row = found.get(passage.chunk.document_id)
        if row is None:
            continue  # deleted since the search
        score = max(score, min(1.0, max(0.0, passage.similarity)))
        results.append(StoreSearchResult(base, row.file_id, row.filename, round(score, 6), row.metadata, passage))
    return results[::-1]


def _describe(passage: RetrievedPassage) -> dict[str, Any]:
    return {
        "path": passage.path,
        "chunk": str(passage.chunk.id),
        "score": passage.score,
        "similarity": passage.similarity,
    }


class _SearchSpan:
    """Span of one search, written when it ends."""

    def __init__(
        self,
        platform: Platform,
        principal: access.Principal,
        store: VectorStore,
        query: str,
        request: StoreSearch,
        trace: SearchTrace | None,
    ) -> None:
        self._platform, self._principal, self._trace = platform, principal, trace
        self._span = AnswerSpan(SPAN_NAME, "retrieval")
        self._span.set(input=query, base=store.base, limit=request.limit, vector_store=store.tag)
        if request.filters is not None:
            self._span.set(filters=dict(request.filters))

    def __enter__(self) -> AnswerSpan:
        return self._span

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None:
            self._span.error = error.message if isinstance(error, VongError) else repr(error)
        span = self._span.finish(SpanVersions(), None, self._principal.actor)
        if self._trace is not None:
            parent = {"trace_id": self._trace.trace_id, "parent_span_id": self._trace.parent_span_id}
            span = span.model_copy(update=parent)
        self._platform.span_writer.append_durable(self._principal.project_id, span)


def rewrite_query(query: str) -> str:
    """Return a question without the words that only make it polite. Other texts are returned as they are."""
    shortened = POLITE_PATTERN.sub("", query.strip())
    return shortened.strip() or query
