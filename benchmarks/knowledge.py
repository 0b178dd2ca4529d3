"""Knowledge: retrieval on XQuAD and Vaswani, latency of vector search with filters, and rate of ingestion.

`--data` names a folder with `xquad/xquad.LANGUAGE.json` and `vaswani/{doc-text.trec.gz,query-text.trec,qrels}`.
"""

import argparse
import gzip
import json
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, text

from benchmarks.scratch_database import database
from vong.knowledge import tables
from vong.knowledge.documents import ensure_base
from vong.knowledge.index import vectors
from vong.knowledge.index.attributes import find_selective
from vong.knowledge.index.embedders.e5 import E5Embedder
from vong.knowledge.index.filters import compile_filter
from vong.knowledge.index.indexes import create_index, ensure_live_index, get_index
from vong.knowledge.index.indexing import PreparedDocument, prepare_document, store_prepared
from vong.knowledge.index.vectors import SearchScope
from vong.knowledge.loading.document import ParsedDocument, Section
from vong.knowledge.retrieve import RetrievalSettings, retrieve
from vong.records import Document, new_id, now
from vong.store.database import Database

MODES = {
    "full text": RetrievalSettings(mode="text", candidates=200),
    "vector": RetrievalSettings(mode="vector", candidates=200),
    "hybrid, reciprocal ranks": RetrievalSettings(fusion="ranks", candidates=200),
    "hybrid": RetrievalSettings(candidates=200),
}
BATCH_DOCUMENTS = 200
FILTER_SHARES = (None, 0.5, 0.1, 0.01, 0.001)
LATENCY_QUERIES = 100


class Collection(NamedTuple):
    """Documents by name, and questions with the names of their relevant documents."""

    language: str
    documents: dict[str, str]
    questions: list[tuple[str, set[str]]]


def run(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Measure the named tables."""
    embedder = E5Embedder()
    with database() as (db, project):
        for table in options.tables:
            if table == "xquad":
                for file in sorted(Path(options.data, "xquad").glob("xquad.*.json")):
                    yield from _measure_xquad(db, project, embedder, file)
            elif table == "vaswani":
                yield from _measure_vaswani(db, project, embedder, Path(options.data, "vaswani"))
            elif table == "latency":
                yield from _measure_latency(db, project, options.chunks)
            elif table == "ingestion":
                yield from _measure_ingestion(db, project, embedder, Path(options.data, "xquad/xquad.en.json"))


def read_xquad(file: Path) -> Collection:
    """Return the paragraphs of XQuAD as documents, and its questions."""
    documents: dict[str, str] = {}
    questions: list[tuple[str, set[str]]] = []
    for article in json.loads(file.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            name = f"{len(documents):04}"
            documents[name] = paragraph["context"]
            questions += [(entry["question"], {name}) for entry in paragraph["qas"]]
    return Collection(file.suffixes[0].lstrip("."), documents, questions)


def read_vaswani(folder: Path) -> Collection:
    """Return the abstracts of the Vaswani collection and its queries."""
    content = gzip.decompress((folder / "doc-text.trec.gz").read_bytes()).decode("latin-1")
    found = re.findall(r"<DOCNO>\s*(\d+)\s*</DOCNO>(.*?)</DOC>", content, re.DOTALL | re.IGNORECASE)
    documents = {name: " ".join(re.sub("<[^>]+>", " ", body).split()) for name, body in found}
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels").read_text().splitlines():
        query, _, name, grade = line.split()
        if grade != "0":
            relevant.setdefault(query, set()).add(name)
    queries = re.findall(
        r"<num>(\d+)</num>\s*<title>(.*?)</title>", (folder / "query-text.trec").read_text(), re.DOTALL
    )
    return Collection("en", documents, [(" ".join(body.split()).lower(), relevant[number]) for number, body in queries])


def _measure_xquad(db: Database, project: UUID, embedder: E5Embedder, file: Path) -> Iterator[tuple[str, str]]:
    collection = read_xquad(file)
    base = f"xquad-{collection.language}"
    _index(db, project, embedder, base, collection)
    for label, settings in MODES.items():
        ranks = []
        for question, expected in collection.questions:
            paths = _search(db, project, embedder, base, question, settings, 20)
            ranks.append(next((rank for rank, path in enumerate(paths) if path in expected), 99))
        # The fusion was chosen on the questions with an even position.
        for half, chosen in (("development half", ranks[0::2]), ("other half", ranks[1::2])):
            recall = [sum(rank < depth for rank in chosen) / len(chosen) for depth in (1, 5)]
            yield f"xquad {collection.language}, {label}, {half}", f"recall@1 {recall[0]:.3f}, @5 {recall[1]:.3f}"


def _measure_vaswani(db: Database, project: UUID, embedder: E5Embedder, folder: Path) -> Iterator[tuple[str, str]]:
    collection = read_vaswani(folder)
    _index(db, project, embedder, "vaswani", collection)
    for label, settings in MODES.items():
        gains, recalls = [], []
        for question, expected in collection.questions:
            paths = _search(db, project, embedder, "vaswani", question, settings, 100)
            gains.append(ndcg(paths, expected, 10))
            recalls.append(len(set(paths) & expected) / len(expected))
        yield f"vaswani, {label}", f"nDCG@10 {statistics.mean(gains):.3f}, recall@100 {statistics.mean(recalls):.3f}"


def ndcg(ranked: Sequence[str], relevant: set[str], depth: int) -> float:
    """Return the normalized discounted cumulative gain of a ranking with binary relevance."""
    gain = sum(1 / np.log2(rank + 2) for rank, item in enumerate(ranked[:depth]) if item in relevant)
    return float(gain / sum(1 / np.log2(rank + 2) for rank in range(min(depth, len(relevant)))))


def _index(db: Database, project: UUID, embedder: E5Embedder, base: str, collection: Collection) -> None:
    items = list(collection.documents.items())
    for start in range(0, len(items), BATCH_DOCUMENTS):
        with db.scope(project) as connection:
            ensure_base(connection, base)
            index = ensure_live_index(connection, base, embedder)
            for name, body in items[start : start + BATCH_DOCUMENTS]:
                document = _add_document(connection, base, name, collection.language)
                parsed = ParsedDocument("", (Section("", body),), collection.language)
                store_prepared(connection, index, document, parsed, prepare_document(index, parsed, embedder))


def _add_document(connection: Connection, base: str, name: str, language: str) -> Document:
    document = Document(
        id=new_id(),
        base=base,
        path=name,
        hash=name,
        blob=name,
        title=name,
        language=language,
        state="ready",
        created_at=now(),
        updated_at=now(),
    )
    columns = {column.name for column in tables.documents.c}
    values = {key: value for key, value in document.model_dump().items() if key in columns}
    connection.execute(insert(tables.documents).values(values))
    return document


def _search(
    db: Database,
    project: UUID,
    embedder: E5Embedder,
    base: str,
    question: str,
    settings: RetrievalSettings,
    limit: int,
) -> list[str]:
    with db.scope(project) as connection:
        found = retrieve(connection, base, question, embedder, limit=limit, settings=settings)
    return list(dict.fromkeys(passage.path for passage in found))


class _NamedModel:
    """Model of vectors that are made here."""

    version, dimension, max_tokens = "random", 384, 512


def make_vectors(count: int, seed: int, factors: int = 48) -> NDArray[np.float32]:
    """Return vectors of length 1 with the intrinsic dimension of embeddings: a few factors and some noise."""
    directions = np.random.default_rng(0).normal(size=(factors, 384)) / np.arange(1, factors + 1)[:, None] ** 0.5
    random = np.random.default_rng(seed)
    found = random.normal(size=(count, factors)) @ directions + random.normal(size=(count, 384)) * 0.3
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def _measure_latency(db: Database, project: UUID, count: int) -> Iterator[tuple[str, str]]:
    found = make_vectors(count, 1)
    shares = np.random.default_rng(2).random(count)
    start = time.perf_counter()
    _copy_chunks(db, project, found, shares)
    yield f"{count} chunks, load", f"{time.perf_counter() - start:.0f} s"
    with db.scope(project) as connection:
        index = get_index(connection, "latency")
    start = time.perf_counter()
    with db.engine.connect() as connection:
        owner = connection.execution_options(isolation_level="AUTOCOMMIT")
        vectors.build_graph(owner, index)
        built = time.perf_counter() - start
        owner.execute(text("ANALYZE"))
        size = owner.scalar(text(f"SELECT pg_relation_size('{vectors.graph_name(index.id)}')"))
    yield f"{count} chunks, build of the graph", f"{built:.0f} s, {(size or 0) >> 20} MB"
    random = np.random.default_rng(3)
    queries = found[random.integers(0, count, LATENCY_QUERIES)] + random.normal(size=(LATENCY_QUERIES, 384)) * 0.03
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    for share in FILTER_SHARES:
        yield _measure_filter(db, project, index, (found, shares, queries), share)


def _measure_filter(
    db: Database, project: UUID, index: Any, data: tuple[NDArray[Any], ...], share: float | None
) -> tuple[str, str]:
    found, shares, queries = data
    allowed = np.ones(len(found), dtype=bool) if share is None else shares < share
    filters = {"type": "lt", "key": "share", "value": share}
    times, recalls = [], []
    nearest = [set(np.argsort(-np.where(allowed, found @ query, -9))[:10].tolist()) for query in queries]
    with db.scope(project) as connection:
        for query, exact in zip(queries, nearest, strict=True):
            start = time.perf_counter()
            scope = SearchScope()
            if share is not None:
                scope = SearchScope(compile_filter(filters), None, find_selective(connection, index.base, filters))
            hits = vectors.search_vectors(connection, index, query, 10, scope)
            times.append((time.perf_counter() - start) * 1000)
            recalls.append(len({hit.number for hit in hits} & exact) / 10)
    label = "no filter" if share is None else f"filter keeps {share:.1%}"
    p95 = sorted(times)[int(len(times) * 0.95)]
    value = f"median {statistics.median(times):.1f} ms, p95 {p95:.1f} ms, recall@10 {statistics.mean(recalls):.3f}"
    return f"{len(found)} chunks, {label}", value


def _copy_chunks(db: Database, project: UUID, found: NDArray[np.float32], shares: NDArray[np.float64]) -> None:
    """Store chunks without text, each with a document and one attribute."""
    with db.owner() as connection:
        connection.execute(text("SELECT set_config('vong.project_id', :id, true)"), {"id": str(project)})
        ensure_base(connection, "latency")
        index = create_index(connection, "latency", _NamedModel(), state="live")  # pyright: ignore[reportArgumentType]
        ids = [new_id() for _ in found]
        moment = now()
        cursor: Any = connection.connection.cursor()
        with cursor.copy(
            "COPY knowledge_documents (id, base, path, hash, blob, media_type, title, state, chunks, characters, "
            "created_at, updated_at) FROM STDIN"
        ) as copy:
            for position, document in enumerate(ids):
                row = (document, "latency", f"{position}", "", "", "", "", "ready", 1, 0, moment, moment)
                copy.write_row(row)
        with cursor.copy("COPY knowledge_attributes (document_id, base, key, number) FROM STDIN") as copy:
            for document, share in zip(ids, shares.tolist(), strict=True):
                copy.write_row((document, "latency", "share", share))
        with cursor.copy(
            'COPY knowledge_chunks (id, document_id, base, position, heading, text, start, "end", embedding, index_id, '
            "number, metadata) FROM STDIN"
        ) as copy:
            for position, (document, share) in enumerate(zip(ids, shares.tolist(), strict=True)):
                vector, metadata = vectors.vector_text(found[position]), json.dumps({"share": share})
                row = (new_id(), document, "latency", 0, "", "x", 0, 1, vector, index.id, position, metadata)
                copy.write_row(row)
        connection.execute(
            text("UPDATE knowledge_indexes SET chunks = :n WHERE id = :id"), {"n": len(ids), "id": index.id}
        )


def _measure_ingestion(db: Database, project: UUID, embedder: E5Embedder, file: Path) -> Iterator[tuple[str, str]]:
    """Compare the time to chunk, embed and store documents with that of embedding alone."""
    bodies = list(read_xquad(file).documents.values())[:100]
    embedder.embed_passages(bodies[:4])
    embedding = total = 0.0
    with db.scope(project) as connection:
        ensure_base(connection, "ingestion")
        index = ensure_live_index(connection, "ingestion", embedder)
        for number, body in enumerate(bodies):
            parsed = ParsedDocument("", (Section("", body),), "en")
            document = _add_document(connection, "ingestion", f"{number}", "en")
            start = time.perf_counter()
            prepared: PreparedDocument = prepare_document(index, parsed, embedder)
            store_prepared(connection, index, document, parsed, prepared)
            total += time.perf_counter() - start
            start = time.perf_counter()
            embedder.embed_passages([draft.text for draft in prepared.drafts])
            embedding += time.perf_counter() - start
    yield "ingestion, share of the rate of embedding", f"{embedding / total:.2f}"
    yield "ingestion, documents per second", f"{len(bodies) / total:.1f}"
