from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from vong import access, knowledge
from vong.errors import NotFound
from vong.knowledge.index import bm25
from vong.knowledge.index.embedders.minilm import DIMENSIONS
from vong.knowledge.index.indexes import get_index
from vong.records import new_id
from vong.store.database import Database

EMBEDDER = knowledge.MiniLmEmbedder(threads=1)
REFUNDS = b"""# Refunds

A refund for a duplicate charge is paid back within five working days.

## Limits

Refunds above 500 euros need a supervisor's approval."""
ROUTER = b"""# Router

Hold the reset button for ten seconds until the light blinks blue.

## Warranty

The router carries a warranty of 24 months."""


@pytest.fixture
def base(connection: Connection) -> str:
    for path, content in (("refunds.md", REFUNDS), ("router.md", ROUTER)):
        knowledge.index_file(connection, "handbook", path, content, EMBEDDER)
    knowledge.update_index_version(connection, "handbook", EMBEDDER.version)
    return "handbook"


def test_vectors_are_normalized_and_similar_texts_have_similar_vectors() -> None:
    vectors = EMBEDDER.embed(["how do I get my money back", "a refund of the payment", "the weather in Hue"])
    assert vectors.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_batched_vectors_equal_single_vectors() -> None:
    texts = ["short", "a rather longer sentence about a refund that was promised last week", "mid length text"]
    together = EMBEDDER.embed(texts)
    alone = np.vstack([EMBEDDER.embed([text]) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.98  # int8 weights: activations are quantised per batch


def test_a_passage_is_found_by_meaning_and_by_words(connection: Connection, base: str) -> None:
    found = knowledge.retrieve(connection, base, "who must approve paying back 600 euros?", EMBEDDER)
    assert found[0].chunk.heading == "Refunds > Limits"
    assert found[0].path == "refunds.md"
    by_word = knowledge.retrieve(connection, base, "blinks", EMBEDDER)
    assert by_word[0].text_rank == 1
    assert "blinks blue" in by_word[0].chunk.text


def test_an_unknown_knowledge_base_suggests_the_nearest_name(connection: Connection, base: str) -> None:
    with pytest.raises(NotFound, match="did you mean 'handbook'"):
        knowledge.retrieve(connection, "handbok", "x", EMBEDDER)


def test_a_question_of_only_punctuation_is_searched_by_meaning(connection: Connection, base: str) -> None:
    assert all(passage.text_rank is None for passage in knowledge.retrieve(connection, base, "?!", EMBEDDER))


def test_reindexing_changes_nothing_and_a_new_text_replaces_the_old(connection: Connection, base: str) -> None:
    version = knowledge.update_index_version(connection, base, EMBEDDER.version)
    again = knowledge.index_file(connection, base, "router.md", ROUTER, EMBEDDER)
    assert (
        again.id == {document.path: document.id for document in knowledge.list_documents(connection, base)}["router.md"]
    )
    assert knowledge.update_index_version(connection, base, EMBEDDER.version) == version
    knowledge.index_file(connection, base, "router.md", b"# Router\n\nPress nothing.", EMBEDDER)
    assert knowledge.update_index_version(connection, base, EMBEDDER.version) != version
    texts = [passage.chunk.text for passage in knowledge.retrieve(connection, base, "reset button", EMBEDDER, limit=50)]
    assert not any("ten seconds" in text for text in texts)


def test_a_broken_file_is_listed_with_its_reason_and_the_indexed_version_remains(
    connection: Connection, base: str
) -> None:
    failed = knowledge.index_file(connection, base, "scan.pdf", b"%PDF-1.4", EMBEDDER)
    assert failed.state == "failed"
    assert "scan.pdf" in {document.path for document in knowledge.list_documents(connection, base)}
    knowledge.index_file(connection, base, "router.md", b"\xff", EMBEDDER)
    assert {d.path: d.state for d in knowledge.list_documents(connection, base)}["router.md"] == "ready"


def test_another_project_finds_nothing(database: Database, connection: Connection, base: str) -> None:
    connection.commit()
    with database.scope(new_id()) as foreign, pytest.raises(NotFound):
        knowledge.retrieve(foreign, base, "refund", EMBEDDER)


SAMPLES = Path(__file__).parents[2] / "samples"


def test_words_are_found_only_in_the_same_project(database: Database, connection: Connection, base: str) -> None:
    index = get_index(connection, base)
    connection.commit()
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
    with database.scope(other) as scoped:
        assert bm25.read_postings(scoped, index.id, {"refund"}) == {}
