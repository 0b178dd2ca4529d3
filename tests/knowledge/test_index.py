"""Tests of indexes: full-text search, filters, fusion and vector search, with an embedder that needs no model."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, text

from vong.errors import InvalidInput, NotFound
from vong.knowledge import tables
from vong.knowledge.documents import ensure_base
from vong.knowledge.index import bm25, vectors
from vong.knowledge.index.analysis import analyze_query, analyze_texts, fold, tokenize
from vong.knowledge.index.attributes import find_selective
from vong.knowledge.index.filters import compile_filter
from vong.knowledge.index.fusion import add_reciprocal_ranks, add_standardized, select_diverse
from vong.knowledge.index.indexes import create_index, get_index
from vong.knowledge.index.indexing import index_document
from vong.knowledge.index.rerank import rerank_passages
from vong.knowledge.index.tables import KnowledgeIndex
from vong.knowledge.loading.document import ParsedDocument, Section
from vong.knowledge.retrieve import RetrievalSettings, retrieve
from vong.records import Document, new_id, now
from vong.store.database import Database

BASE = "shop"


class WordEmbedder:
    """Embedder of which each word is a random direction, so that texts with the same words are similar."""

    version = "words"
    dimension = 64
    max_tokens = 256

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector for each text."""
        found = np.array([sum((self._word(word) for word in text.lower().split()), np.zeros(64)) for text in texts])
        return (found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)).astype(np.float32)

    embed_passages = embed_queries

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Count words."""
        return [len(text.split()) for text in texts]

    @staticmethod
    def _word(word: str) -> NDArray[np.float64]:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
        return np.random.default_rng(seed).normal(size=64)


EMBEDDER = WordEmbedder()


@pytest.fixture
def index(connection: Connection) -> KnowledgeIndex:
    ensure_base(connection, BASE)
    return create_index(connection, BASE, EMBEDDER, {"kind": "structure", "tokens": 64, "overlap": 0}, state="live")


def add(
    connection: Connection, index: KnowledgeIndex, path: str, body: str, language: str = "en", **metadata: Any
) -> UUID:
    document = Document(
        id=new_id(),
        base=index.base,
        path=path,
        hash=path,
        blob=path,
        title=path,
        language=language,
        metadata=metadata,
        state="ready",
        created_at=now(),
        updated_at=now(),
    )
    connection.execute(insert(tables.documents).values(document.model_dump(exclude={"chunker"})))
    index_document(connection, index, document, ParsedDocument("", (Section("", body),), language), EMBEDDER)
    return document.id


def search(connection: Connection, question: str, **options: Any) -> list[str]:
    settings = RetrievalSettings.model_validate({"mode": "text", **options.pop("settings", {})})
    return [p.path for p in retrieve(connection, BASE, question, EMBEDDER, settings=settings, **options)]


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        ("DS-K3AJ303/Dm140", ["ds", "k3aj303", "dm140", "ds-k3aj303/dm140"]),
        ("C++ & C#.", ["c", "c++", "c", "c#"]),
        ("version 2.10.3", ["version", "2", "10", "3", "2.10.3"]),
        ("O\u2019Brien\u2019s", ["o", "brien", "o'brien"]),
        ("o\ufb03ce", ["office"]),
        ("退款期", ["退", "款", "期", "退款", "款期"]),
        ("' \" \\ ( <-> % | :* !", []),
    ],
)
def test_punctuation_is_text(value: str, tokens: list[str]) -> None:
    assert [token.text for token in tokenize(value)] == tokens


def test_diacritics_are_folded_also_of_letters_without_decomposition() -> None:
    assert fold("đường") == "duong"


def test_scores_equal_the_formula(connection: Connection, index: KnowledgeIndex) -> None:
    bodies = ["red lamp", "red red door handle", "green door"]
    for number, body in enumerate(bodies):
        add(connection, index, f"{number}", body)
    statistics = bm25.read_statistics(connection, index.id)
    assert statistics is not None
    numbers, scores = bm25.score_query(connection, index.id, statistics, analyze_query(connection, "red", ["en"]))
    idf = np.log1p((3 - 2 + 0.5) / (2 + 0.5))
    average = (2 + 4 + 2) / 3
    expected = [
        idf * tf * (bm25.K1 + 1) / (tf + bm25.K1 * (1 - bm25.B + bm25.B * length / average))
        for tf, length in ((1, 2), (2, 4))
    ]
    assert numbers.tolist() == [0, 1]
    assert scores.tolist() == pytest.approx(expected)


def test_statistics_follow_added_and_deleted_documents(connection: Connection, index: KnowledgeIndex) -> None:
    ids = [add(connection, index, f"{n:02}", f"common word{n} lamp") for n in range(40)]
    for document_id in ids[5:35]:
        connection.execute(text("DELETE FROM knowledge_documents WHERE id = :id"), {"id": document_id})
    before = search(connection, "common lamp", limit=50)
    assert before == [f"{n:02}" for n in [*range(5), *range(35, 40)]]
    assert search(connection, "word7") == []
    counts = get_index(connection, BASE)
    assert (counts.chunks, counts.tokens) == (10, 30)
    # The next document rewrites the postings without the deleted chunks.
    add(connection, index, "99", "common lamp")
    statistics = bm25.read_statistics(connection, index.id)
    assert statistics is not None
    assert (statistics.chunks, len(statistics.deleted), len(statistics.segments)) == (11, 0, 11)
    assert len(bm25.read_postings(connection, index.id, {"common"})["common"]) == 11
    assert search(connection, "common lamp", limit=50)[1:] == before


def test_words_are_found_with_and_without_diacritics_and_by_their_stem(
    connection: Connection, index: KnowledgeIndex
) -> None:
    add(connection, index, "vi", "Khoản hoàn tiền được trả trong năm ngày", "vi")
    add(connection, index, "bare", "Khoan hoan tien duoc tra trong nam ngay", "vi")
    add(connection, index, "en", "Refunds of universities", "en")
    add(connection, index, "fr", "Les écoles remboursent", "fr")
    add(connection, index, "ja", "返金は五日以内に支払われます", "ja")
    assert set(search(connection, "hoan tien")) == {"vi", "bare"}
    assert search(connection, "hoàn tiền") == ["vi", "bare"]
    assert search(connection, "refund university")[0] == "en"
    assert search(connection, "école")[0] == "fr"
    assert search(connection, "返金")[0] == "ja"
    assert search(connection, "五") == ["ja"]


def test_an_identifier_is_found_first_also_among_similar_texts(connection: Connection, index: KnowledgeIndex) -> None:
    for version in ("2.10.3", "2.10.4", "3.10.2"):
        add(connection, index, version, f"The driver of version {version} needs C++ from O'Brien")
    assert search(connection, "2.10.3", settings={"mode": "hybrid"})[0] == "2.10.3"
    assert search(connection, "version 3.10.2?", settings={"mode": "hybrid"})[0] == "3.10.2"
    for sign in ("C++", "O'Brien", "o’brien"):
        assert len(search(connection, sign)) == 3
    for nothing in ("?!", "'", "<->", "\\"):
        assert search(connection, nothing) == []


FILTERS = [
    ({"type": "eq", "key": "year", "value": 2024}, {"b"}),
    ({"type": "ne", "key": "year", "value": 2024}, {"a", "c", "none"}),
    ({"type": "gte", "key": "year", "value": 2024}, {"b", "c"}),
    ({"type": "lt", "key": "year", "value": 2023.5}, {"a"}),
    ({"type": "in", "key": "team", "value": ["x", 'y"; DROP']}, {"a", "c"}),
    ({"type": "nin", "key": "team", "value": ["x"]}, {"b", "c", "none"}),
    ({"type": "eq", "key": "open", "value": True}, {"b"}),
    ({"type": "eq", "key": "year", "value": "2024"}, set[str]()),
    ({"type": "eq", "key": "path", "value": "c"}, {"c"}),
    (
        {
            "type": "and",
            "filters": [
                {"type": "gt", "key": "year", "value": 2023},
                {"type": "not", "filter": {"type": "eq", "key": "team", "value": 'y"; DROP'}},
            ],
        },
        {"b"},
    ),
    (
        {
            "type": "or",
            "filters": [{"type": "eq", "key": "team", "value": "x"}, {"type": "eq", "key": "year", "value": 2025}],
        },
        {"a", "c"},
    ),
]


@pytest.fixture
def described(connection: Connection, index: KnowledgeIndex) -> KnowledgeIndex:
    add(connection, index, "a", "a red lamp", year=2023, team="x")
    add(connection, index, "b", "a green lamp", year=2024, team="z", open=True)
    add(connection, index, "c", "a blue lamp", year=2025, team='y"; DROP')
    add(connection, index, "none", "a lamp")
    return index


def test_filters_apply_to_both_searches(connection: Connection, described: KnowledgeIndex) -> None:
    for mode in ("text", "vector", "hybrid"):
        for filters, expected in FILTERS:
            found = search(connection, "lamp", filters=filters, settings={"mode": mode})
            assert set(found) == expected, (mode, filters)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"key": "a"}, "has no type"),
        ({"type": "like", "key": "a", "value": "b"}, "unknown"),
        ({"type": "eq", "key": "a"}, "needs key and value"),
        ({"type": "and", "filters": []}, "has no filters"),
        ({"type": "in", "key": "a", "value": "b"}, "needs a list"),
        ({"type": "gt", "key": "a", "value": True}, "a number or text"),
        ({"type": "eq", "key": "a", "value": float("nan")}, "nan"),
        ({"type": "eq", "key": "a", "value": {"b": 1}}, "has the value"),
        ({"type": "eq", "key": "a", "value": "\0"}, "null character"),
    ],
)
def test_malformed_filters_are_refused(filters: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        compile_filter(filters)


def test_the_graph_of_an_index_finds_the_neighbours_of_the_exact_search(
    database: Database, connection: Connection, described: KnowledgeIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        add(connection, described, f"n{number}", f"lamp door{number % 7} handle{number}", year=1900 + number)
    index = get_index(connection, BASE)
    connection.execute(text("COMMIT"))
    monkeypatch.setattr(vectors, "MAX_EXACT_CHUNKS", 10)
    monkeypatch.setattr(vectors, "MAX_EXACT_DOCUMENTS", 5)
    with database.scope(_project(connection)) as scope:
        vector = EMBEDDER.embed_queries(["lamp door3"])[0]
        assert vectors.needs_graph(scope, index)
        exact = vectors.search_vectors(scope, index, vector, 10, vectors.SearchScope())
    with database.engine.connect() as owner:
        vectors.build_graph(owner.execution_options(isolation_level="AUTOCOMMIT"), index)
    with database.scope(_project(connection)) as scope:
        assert not vectors.needs_graph(scope, index)
        assert vectors.search_vectors(scope, index, vector, 10, vectors.SearchScope()) == exact
        filters = {"type": "lt", "key": "year", "value": 1903}
        assert find_selective(scope, BASE, filters) is not None
        assert find_selective(scope, BASE, {"type": "lt", "key": "year", "value": 1920}) is None
        found = vectors.search_vectors(scope, index, vector, 10, vectors.SearchScope(compile_filter(filters)))
        assert len(found) == 3  # fewer than wanted, so that the search became exact
        scope.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(scope.scalars(text(f"EXPLAIN {_graph_query(index, vector)}")))
        assert vectors.graph_name(index.id) in plan
    with database.engine.connect() as owner:
        autocommit = owner.execution_options(isolation_level="AUTOCOMMIT")
        assert vectors.drop_unused_graphs(autocommit) == []
        autocommit.execute(text("DELETE FROM knowledge_indexes WHERE id = :id"), {"id": index.id})
        assert vectors.drop_unused_graphs(autocommit) == [vectors.graph_name(index.id)]


def _project(connection: Connection) -> UUID:
    found = connection.scalar(text("SELECT project_id FROM knowledge_indexes LIMIT 1"))
    assert isinstance(found, UUID)
    return found


def _graph_query(index: KnowledgeIndex, vector: NDArray[np.float32]) -> str:
    return (
        f"SELECT id FROM knowledge_chunks WHERE index_id = '{index.id}' AND embedding IS NOT NULL "
        f"ORDER BY embedding::halfvec(64) <=> '{vectors.vector_text(vector)}'::halfvec(64) LIMIT 10"
    )


def test_context_has_the_neighbours_without_their_overlap(connection: Connection, index: KnowledgeIndex) -> None:
    body = " ".join(f"Sentence {number} is about item{number} only and has a few more words." for number in range(20))
    add(connection, index, "long", body)
    (passage, *_) = retrieve(
        connection, BASE, "item9", EMBEDDER, settings=RetrievalSettings(mode="text", neighbours=1), limit=1
    )
    assert passage.chunk.text in passage.context
    assert len(passage.context) > len(passage.chunk.text)
    assert " ".join(passage.context.split()) in body


def test_children_of_one_parent_are_one_passage(connection: Connection) -> None:
    ensure_base(connection, BASE)
    chunker = {"kind": "parents", "tokens": 16, "overlap": 0, "parent_tokens": 128}
    index = create_index(connection, BASE, EMBEDDER, chunker, state="live")
    add(connection, index, "long", " ".join(f"The lamp number {number} is very red." for number in range(12)))
    found = retrieve(connection, BASE, "lamp number 7", EMBEDDER)
    assert len(found) == 1
    assert "number 0 is" in found[0].context
    assert "number 11 is" in found[0].context


def test_a_reranking_model_orders_the_passages(connection: Connection, described: KnowledgeIndex) -> None:
    passages = retrieve(connection, BASE, "lamp", EMBEDDER)
    ordered = rerank_passages("lamp", passages, lambda _, texts: [float("blue" in text) for text in texts])
    assert (ordered[0].path, ordered[0].score, ordered[0].rerank_score) == ("c", 1.0, 1.0)
    with pytest.raises(InvalidInput, match="0 scores for 4 passages"):
        rerank_passages("lamp", passages, lambda _, texts: [])


def test_diversity_prefers_a_passage_unlike_the_first() -> None:
    a, b, c = new_id(), new_id(), new_id()
    same, other = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
    found = select_diverse({a: 1.0, b: 0.9, c: 0.5}, {a: same, b: same, c: other}, 2, 0.5)
    assert found == [a, c]


def test_one_search_without_results_leaves_the_order_of_the_other() -> None:
    a, b = new_id(), new_id()
    fused = add_standardized({a: 0.9, b: 0.2}, {})
    assert fused[a] > fused[b]


def test_the_weight_decides_between_both_searches() -> None:
    a, b = new_id(), new_id()
    for weight, best in ((0.9, a), (0.1, b)):
        by_scores = add_standardized({a: 0.9, b: 0.2}, {a: 1.0, b: 5.0}, weight)
        by_ranks = add_reciprocal_ranks([a, b], [b, a], weight)
        assert max(by_scores, key=by_scores.__getitem__) == max(by_ranks, key=by_ranks.__getitem__) == best


def test_an_index_is_queried_by_its_number_and_with_its_model(connection: Connection, index: KnowledgeIndex) -> None:
    add(connection, index, "a", "a red lamp")
    second = create_index(connection, BASE, EMBEDDER)
    assert second.number == 2
    assert search(connection, "lamp", index=2) == []
    with pytest.raises(NotFound, match="no index 7"):
        search(connection, "lamp", index=7)

    class OtherEmbedder(WordEmbedder):
        version = "other"

    with pytest.raises(InvalidInput, match="embedded by 'words'"):
        retrieve(connection, BASE, "lamp", OtherEmbedder())


def test_chunks_from_before_index_versions_become_searchable(connection: Connection, index: KnowledgeIndex) -> None:
    add(connection, index, "a", "a red lamp")
    for table in ("knowledge_terms", "knowledge_text_statistics"):
        connection.execute(text(f"DELETE FROM {table}"))
    connection.execute(text("UPDATE knowledge_chunks SET number = NULL"))
    assert search(connection, "lamp") == ["a"]


def test_terms_of_a_text_count_its_words_once(connection: Connection) -> None:
    (entry,) = analyze_texts(connection, ["The DS-K3 lamp"], "en")
    assert entry.words == 4
    assert entry.counts["ds-k3"] == 1
