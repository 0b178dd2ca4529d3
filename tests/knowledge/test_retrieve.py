import json
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, text

from vong import access, knowledge
from vong.errors import NotFound
from vong.knowledge.answer import NO_ANSWER_TEXT, GeneratedAnswer, ask, find_citations
from vong.knowledge.embedder import DIMENSIONS
from vong.records import Message, new_id
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
        knowledge.index_file(connection, "handbook", path, content, EMBEDDER.embed)
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
    found = knowledge.retrieve(connection, base, "who must approve paying back 600 euros?", EMBEDDER.embed)
    assert found[0].chunk.heading == "Refunds > Limits"
    assert found[0].path == "refunds.md"
    by_word = knowledge.retrieve(connection, base, "blinks", EMBEDDER.embed)
    assert by_word[0].text_rank == 1
    assert "blinks blue" in by_word[0].chunk.text


def test_an_unknown_knowledge_base_suggests_the_nearest_name(connection: Connection, base: str) -> None:
    with pytest.raises(NotFound, match="did you mean 'handbook'"):
        knowledge.retrieve(connection, "handbok", "x", EMBEDDER.embed)


def test_a_question_of_only_punctuation_is_searched_by_meaning(connection: Connection, base: str) -> None:
    assert all(passage.text_rank is None for passage in knowledge.retrieve(connection, base, "?!", EMBEDDER.embed))


def test_reindexing_changes_nothing_and_a_new_text_replaces_the_old(connection: Connection, base: str) -> None:
    version = knowledge.update_index_version(connection, base, EMBEDDER.version)
    again = knowledge.index_file(connection, base, "router.md", ROUTER, EMBEDDER.embed)
    assert (
        again.id == {document.path: document.id for document in knowledge.list_documents(connection, base)}["router.md"]
    )
    assert knowledge.update_index_version(connection, base, EMBEDDER.version) == version
    knowledge.index_file(connection, base, "router.md", b"# Router\n\nPress nothing.", EMBEDDER.embed)
    assert knowledge.update_index_version(connection, base, EMBEDDER.version) != version
    texts = [
        passage.chunk.text for passage in knowledge.retrieve(connection, base, "reset button", EMBEDDER.embed, limit=50)
    ]
    assert not any("ten seconds" in text for text in texts)


def test_a_broken_file_is_listed_with_its_reason_and_the_indexed_version_remains(
    connection: Connection, base: str
) -> None:
    failed = knowledge.index_file(connection, base, "scan.pdf", b"%PDF-1.4", EMBEDDER.embed)
    assert failed.state == "failed"
    assert "scan.pdf" in {document.path for document in knowledge.list_documents(connection, base)}
    knowledge.index_file(connection, base, "router.md", b"\xff", EMBEDDER.embed)
    assert {d.path: d.state for d in knowledge.list_documents(connection, base)}["router.md"] == "ready"


def test_another_project_finds_nothing(database: Database, connection: Connection, base: str) -> None:
    connection.commit()
    with database.scope(new_id()) as foreign, pytest.raises(NotFound):
        knowledge.retrieve(foreign, base, "refund", EMBEDDER.embed)


def test_an_answer_cites_document_and_passage(connection: Connection, base: str) -> None:
    question = "How long is the warranty of the router?"
    passages = knowledge.retrieve(connection, base, question, EMBEDDER.embed)
    messages_sent: list[Message] = []

    def generate(messages: object) -> GeneratedAnswer:
        messages_sent.extend(messages)  # type: ignore[arg-type]
        return GeneratedAnswer(
            text="The router carries a warranty of 24 months. Elephants can swim well.", model="test"
        )

    answer = ask(
        question,
        passages,
        generate,
        EMBEDDER.embed,
        index_version="v",
        coverage=knowledge.compute_coverage(connection, base, question, passages),
    )
    assert answer.answered
    assert [(citation.path, citation.heading) for citation in answer.citations] == [("router.md", "Router > Warranty")]
    assert answer.unsupported == ("Elephants can swim well.",)
    assert "[1]" in messages_sent[1].text and question in messages_sent[1].text


def test_without_a_passage_the_answer_needs_no_model_call(connection: Connection, base: str) -> None:
    question = "What is the capital of Mongolia?"
    passages = knowledge.retrieve(connection, base, question, EMBEDDER.embed)

    def never(_: object) -> GeneratedAnswer:
        raise AssertionError("the model was asked")

    answer = ask(
        question,
        passages,
        never,
        EMBEDDER.embed,
        index_version="v",
        coverage=knowledge.compute_coverage(connection, base, question, passages),
    )
    assert not answer.answered
    assert answer.text == NO_ANSWER_TEXT


SAMPLES = Path(__file__).parents[2] / "samples"


def test_the_handbook_answers_its_questions_and_reports_unanswerable_ones(connection: Connection) -> None:
    for file in sorted((SAMPLES / "handbook").iterdir()):
        knowledge.index_file(connection, "real", file.name, file.read_bytes(), EMBEDDER.embed)
    knowledge.update_index_version(connection, "real", EMBEDDER.version)
    for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        expected = json.loads(line)
        passages = knowledge.retrieve(connection, "real", expected["question"], EMBEDDER.embed, limit=4)
        covered = knowledge.compute_coverage(connection, "real", expected["question"], passages)
        answer = ask(
            expected["question"],
            passages,
            lambda _: GeneratedAnswer(text="Yes.", model="test"),
            EMBEDDER.embed,
            index_version="v",
            coverage=covered,
        )
        assert answer.answered == (expected["document"] is not None), expected["question"]
        if expected["document"]:
            assert passages[0].path == expected["document"]
            assert any(expected["answer_holds"] in passage.chunk.text for passage in passages), expected["question"]


def test_a_short_sentence_copied_from_a_long_passage_is_supported(connection: Connection) -> None:
    filler = " ".join(f"Rule {number} is about another matter altogether." for number in range(12))
    text = f"# Refunds\n\n{filler} The second one goes back in full.".encode()
    knowledge.index_file(connection, "long", "refunds.md", text, EMBEDDER.embed)
    knowledge.update_index_version(connection, "long", EMBEDDER.version)
    passages = knowledge.retrieve(connection, "long", "Does the second one go back?", EMBEDDER.embed)
    citations, unsupported = find_citations("The second one goes back in full.", passages, EMBEDDER.embed)
    assert [citation.path for citation in citations] == ["refunds.md"]
    assert unsupported == []


def test_words_are_found_only_in_the_same_project(database: Database, connection: Connection, base: str) -> None:
    connection.commit()
    matching = text("SELECT count(*) FROM knowledge_matching('handbook', to_tsquery('simple', 'refund'), 50)")
    with database.owner() as owner:
        other = access.create_project(owner, "other").id
        assert owner.scalar(matching) == 0  # no project, no passages
    with database.scope(other) as scoped:
        assert scoped.scalar(matching) == 0
