"""Routes, client and commands of questions, evaluations and index versions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.knowledge.measured_bases import BASE, WordEmbedder, add_document
from vong import access
from vong.api.http import problems
from vong.api.routes import knowledge_documents, knowledge_index_versions, knowledge_indexes, knowledge_questions
from vong.app import knowledge_index_versions as versions_app
from vong.app import knowledge_preview
from vong.app.platform import Platform
from vong.cli import knowledge_evaluation as evaluation_commands
from vong.cli import knowledge_index_versions as index_commands
from vong.cli import knowledge_questions as question_commands
from vong.client.knowledge import KnowledgeClient
from vong.client.transport import Transport
from vong.config import Settings
from vong.errors import Conflict, InvalidInput, NotFound
from vong.feedback import ScoreCreate, add_score
from vong.records import Span, new_id, now
from vong.store.database import Database


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    yield platform
    platform.close()


@pytest.fixture
def client(
    platform: Platform, database: Database, project_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KnowledgeClient]:
    embedder = WordEmbedder()
    monkeypatch.setattr(versions_app, "find_embedder", lambda *_: embedder)
    with database.scope(project_id) as connection:
        secret = access.create_key(connection, "test").secret
        add_document(platform, connection, "a.md", "Refunds above 500 euros need an approval.", embedder)
    app = FastAPI()
    for module in (knowledge_documents, knowledge_indexes, knowledge_questions, knowledge_index_versions):
        app.include_router(module.routes)
    problems.install_handlers(app)
    app.state.platform = platform
    transport = Transport("http://testserver", secret)
    transport.http.close()
    vars(transport)["http"] = TestClient(app, headers={"Authorization": f"Bearer {secret}"})
    client = KnowledgeClient(transport)

    class Connected:
        knowledge = client

    for module in (evaluation_commands, index_commands, question_commands):
        monkeypatch.setattr(module, "Client", Connected)
    yield client
    transport.http.close()


def run(command: Any, *arguments: str) -> str:
    result = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_questions_are_imported_reviewed_and_evaluated(client: KnowledgeClient, tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    file.write_text("question,path,quote\nWho approves?,a.md,need an approval\nHow long?,a.md,\n")
    added = json.loads(run(question_commands.questions, "import", BASE, str(file), "--json"))
    assert added["added"] == 2
    run(question_commands.questions, "add", BASE, "Who founded it?", "--not-answerable")
    first, second, _ = client.questions.list(BASE)
    run(question_commands.questions, "reject", BASE, second["id"])
    run(question_commands.questions, "edit", BASE, first["id"], "--question", "Who approves refunds?")
    assert client.questions.counts(BASE) == {"proposed": 0, "accepted": 2, "rejected": 1}
    assert "Who approves refunds?" in run(question_commands.questions, "list", BASE, "--state", "accepted")
    assert client.questions.freeze(BASE)["number"] == 1
    started = json.loads(run(evaluation_commands.evaluate, BASE, "--cutoff", "3", "--detach", "--json"))
    (listed,) = client.evaluations(BASE)
    assert (listed["id"], listed["settings"]["cutoffs"], listed["questions"]) == (started["id"], [3], 2)
    assert client.evaluation_results(listed["id"]) == []
    assert "queued" in run(evaluation_commands.list_evaluations, BASE)
    with pytest.raises(Conflict, match="is queued"):
        client.compare_evaluations(listed["id"], listed["id"])
    with pytest.raises(Conflict, match="is queued"):
        client.delete_evaluation(listed["id"])
    client.questions.delete(BASE, first["id"])
    assert len(client.questions.question_set(BASE, 1)["questions"]) == 2
    with pytest.raises(InvalidInput, match="the cutoff 1000 is not between 1 and 100"):
        client.evaluate(BASE, cutoffs=[1000])
    with pytest.raises(NotFound, match="no knowledge base named 'handbok'"):
        client.questions.list("handbok")


def test_indexes_are_created_listed_and_switched(client: KnowledgeClient) -> None:
    started = client.indexes.create(BASE, chunker={"kind": "structure", "tokens": 16, "overlap": 0}, key="k")
    assert (started.created["number"], started.created["state"], started.created["missing"]) == (2, "building", 1)
    assert started.job.kind == "knowledge.build_index"
    assert "building" in run(index_commands.indexes, "list", BASE)
    with pytest.raises(Conflict, match="index 2 of 'handbook' is building"):
        client.indexes.switch(BASE, 2, reason="now")
    with pytest.raises(NotFound, match="no finished evaluations"):
        client.indexes.compare(BASE, 1, 2)
    with pytest.raises(Conflict, match="is live"):
        client.indexes.delete(BASE, 1)
    run(index_commands.indexes, "delete", BASE, "2")
    assert [one["number"] for one in client.indexes.list(BASE)] == [1]
    assert client.indexes.switches(BASE) == []


def test_well_rated_answers_become_questions(client: KnowledgeClient, platform: Platform, project_id: UUID) -> None:
    def record(question: str, base: str, value: float, correction: str | None = None) -> None:
        span = Span(
            id=new_id(),
            trace_id=new_id().hex,
            span_id=new_id().hex[16:],
            name="knowledge.ask",
            kind="pipeline",
            started_at=now(),
            duration_ms=5.0,
            attributes={"vong.knowledge.base": base},
            input=question,
            output={"answered": True, "text": "A supervisor.", "citations": [{"path": "a.md", "quote": "an approval"}]},
        )
        platform.span_writer.append_durable(project_id, span).result(timeout=20)
        with platform.scope(project_id) as connection:
            add_score(connection, span, ScoreCreate(span_id=span.id, value=value, correction=correction))

    record("Who approves?", BASE, 1.0)
    record("How much?", BASE, 0.2, "More than 500 euros.")
    record("Bad answer?", BASE, 0.1)
    record("Other base?", "other", 1.0)
    added = json.loads(run(question_commands.questions, "from-traces", BASE, "--json"))
    assert added["added"] == 2
    found = {one["question"]: one for one in client.questions.list(BASE, state="proposed")}
    assert found.keys() == {"Who approves?", "How much?"}
    assert found["Who approves?"]["passages"] == [{"path": "a.md", "quote": "an approval", "relevance": 1}]
    assert found["How much?"]["answer"] == "More than 500 euros."
    assert client.questions.from_traces(BASE)["unchanged"] == 2


def test_a_stored_document_is_previewed_with_another_chunker(
    client: KnowledgeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knowledge_preview, "find_embedder", lambda *_: WordEmbedder())
    (document,) = client.documents(BASE)
    preview = client.preview_stored(document.id, chunker={"kind": "tokens", "tokens": 16, "overlap": 0})
    assert (preview["path"], preview["chunker"]["kind"]) == ("a.md", "tokens")
    assert [chunk["text"] for chunk in preview["chunks"]] == ["Refunds above 500 euros need an approval."]
    assert preview["tokens"] == sum(chunk["tokens"] for chunk in preview["chunks"]) > 0
    with pytest.raises(NotFound):
        client.preview_stored(new_id())
