"""Index versions: build beside the live index, complete, switch through the gate, switch back and delete."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from tests.knowledge.measured_bases import BASE, WordEmbedder, add_document, job_context
from vong import jobs, knowledge
from vong.access import Principal
from vong.app import gated_changes, gates, knowledge_index_versions
from vong.app.gate_retrieval import has_evaluations
from vong.app.gated_changes import IndexChange
from vong.app.gates import GateCaller, GateRequest
from vong.app.knowledge_index_versions import IndexCreate, build, complete_indexes, maintain_once, start_build
from vong.app.platform import Platform
from vong.config import Settings
from vong.errors import Conflict, JobCancelled, NotFound, PreconditionFailed, UpstreamFailed
from vong.evals import gate_store
from vong.evals.gates import GateRequirements
from vong.knowledge import index_versions
from vong.knowledge.documents import delete_document
from vong.knowledge.evaluation import EvaluationSettings, QuestionResult, create_evaluation, store_result
from vong.knowledge.evaluation import update_evaluation as update_evaluation_row
from vong.knowledge.index.chunkers import ChunkerSettings
from vong.knowledge.index.indexes import get_index
from vong.knowledge.index.tables import chunks, indexes
from vong.knowledge.question import ExpectedPassage, QuestionContent
from vong.knowledge.questions import QuestionOrigin, add_questions, freeze_questions
from vong.records import new_id, now

OLD, NEW = WordEmbedder("words"), WordEmbedder("other-words", shift=7)
SMALL = ChunkerSettings(kind="structure", tokens=16, overlap=0)
TEXTS = {
    f"{number}.md": f"Refunds of kind {number} need form {number}. They take {number} days." for number in range(6)
}
LAN = GateCaller("lan", "owner")


@pytest.fixture
def platform(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    def find(_: Any, __: Any, name: str) -> WordEmbedder:
        return OLD if name.startswith("words") else NEW

    monkeypatch.setattr(knowledge_index_versions, "find_embedder", find)
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    yield platform
    platform.close()


@pytest.fixture
def principal(platform: Platform, project_id: UUID) -> Principal:
    with platform.scope(project_id) as connection:
        for path, text in TEXTS.items():
            add_document(platform, connection, path, text, OLD)
        knowledge.update_index_version(connection, BASE)
    return Principal(project_id, "lan", "owner")


def start(platform: Platform, principal: Principal, key: str | None = None, **request: Any) -> Any:
    with platform.scope(principal.project_id) as connection:
        body = IndexCreate.model_validate({"chunker": SMALL, **request})
        return start_build(platform, connection, BASE, body, principal=principal, key=key)


def switch(platform: Platform, principal: Principal, number: int, **change: Any) -> Any:
    with platform.scope(principal.project_id) as connection:
        return gated_changes.switch_index(connection, platform.blobs, LAN, BASE, IndexChange(number, **change))


def versions(platform: Platform, principal: Principal) -> dict[int, tuple[str, int, int]]:
    with platform.scope(principal.project_id) as connection:
        found = index_versions.list_versions(connection, BASE)
        return {one.number: (one.state, one.documents, one.missing) for one in found}


def test_an_index_is_built_beside_the_live_one_and_can_be_searched_before_the_switch(
    platform: Platform, principal: Principal
) -> None:
    started = start(platform, principal, key="k")
    assert start(platform, principal, key="k").index.number == started.index.number == 2
    assert versions(platform, principal) == {1: ("live", 6, 0), 2: ("building", 0, 6)}
    with pytest.raises(Conflict, match="index 2 of 'handbook' is building"):
        switch(platform, principal, 2, reason="too early")
    result = build(job_context(platform, principal.project_id, started.job), platform)
    assert (result["state"], result["documents"], result["failed"]) == ("ready", 6, [])
    assert versions(platform, principal)[2] == ("ready", 6, 0)
    with platform.scope(principal.project_id) as connection:
        new, live = (knowledge.retrieve(connection, BASE, "form 3", OLD, index=number) for number in (2, None))
        assert {one.path for one in new} & {"3.md"} and {one.path for one in live} & {"3.md"}
        assert not {one.chunk.id for one in new} & {one.chunk.id for one in live}
        assert get_index(connection, BASE, 2).hash != get_index(connection, BASE, 1).hash
    with pytest.raises(Conflict, match="index 2 of 'handbook' has this chunker"):
        start(platform, principal)


def test_an_interrupted_build_continues_and_embeds_no_document_twice(platform: Platform, principal: Principal) -> None:
    started = start(platform, principal, embedder="other")
    NEW.embedded.clear()
    with pytest.raises(JobCancelled):
        build(job_context(platform, principal.project_id, started.job, stop_after=3), platform)
    assert versions(platform, principal)[2] == ("building", 3, 3)
    build(job_context(platform, principal.project_id, started.job), platform)
    assert versions(platform, principal)[2] == ("ready", 6, 0)
    assert len(NEW.embedded) == len(set(NEW.embedded)) == 6


def test_a_cancelled_build_fails_with_a_reason_and_a_retry_completes_it(
    platform: Platform, principal: Principal
) -> None:
    started = start(platform, principal)
    context: Any = job_context(platform, principal.project_id, started.job, stop_after=1)
    context.is_cancelled = True
    with pytest.raises(JobCancelled):
        build(context, platform)
    with platform.scope(principal.project_id) as connection:
        failed = get_index(connection, BASE, 2)
    assert failed.state == "failed" and str(failed.reason).startswith("the build was cancelled; continue it with")
    build(job_context(platform, principal.project_id, started.job), platform)
    assert versions(platform, principal)[2] == ("ready", 6, 0)


def test_documents_added_during_a_build_are_in_both_indexes_and_deleted_ones_in_none(
    platform: Platform, principal: Principal
) -> None:
    started = start(platform, principal)
    added = iter(["late.md", "3.md"])

    def change() -> None:
        path = next(added, None)
        if path is not None:
            with platform.scope(principal.project_id) as connection:
                add_document(platform, connection, path, f"A late text about {path}.", OLD)
                if path == "3.md":
                    delete_document(connection, BASE, "5.md")

    build(job_context(platform, principal.project_id, started.job, on_progress=change), platform)
    assert versions(platform, principal) == {1: ("live", 6, 0), 2: ("ready", 6, 0)}
    with platform.scope(principal.project_id) as connection:
        for number in (1, 2):
            found = knowledge.retrieve(connection, BASE, "late text about 3.md", OLD, index=number, limit=50)
            assert "A late text about 3.md." in {one.chunk.text for one in found}
            assert "5.md" not in {one.path for one in found}


def test_a_switch_needs_a_reason_or_evidence_and_switching_back_needs_no_build(
    platform: Platform, principal: Principal
) -> None:
    started = start(platform, principal, embedder="other")
    build(job_context(platform, principal.project_id, started.job), platform)
    with pytest.raises(PreconditionFailed, match="the index was not compared with the live one") as error:
        switch(platform, principal, 2)
    assert "vong knowledge evaluate handbook" in error.value.hint
    done = switch(platform, principal, 2, reason="smaller chunks")
    assert (done.number, done.previous, done.reason, done.switched_by) == (2, 1, "smaller chunks", "lan")
    assert "gate" in done.evidence
    assert {number: state[0] for number, state in versions(platform, principal).items()} == {1: "retired", 2: "live"}
    with platform.scope(principal.project_id) as connection:
        (base,) = knowledge.list_bases(connection)
        assert (base.embedder, base.index_version) == (NEW.version, get_index(connection, BASE, 2).hash)
        assert knowledge.retrieve(connection, BASE, "form 3", NEW)
    with pytest.raises(Conflict, match="it is live already"):
        switch(platform, principal, 2, reason="again")
    OLD.embedded.clear()
    switch(platform, principal, 1, evidence={"incident": 7})
    assert OLD.embedded == []
    with platform.scope(principal.project_id) as connection:
        assert knowledge.retrieve(connection, BASE, "form 3", OLD)
        history = index_versions.list_switches(connection, BASE)
    assert [(one.previous, one.number) for one in history] == [(2, 1), (1, 2)]
    assert history[0].evidence["incident"] == 7


def test_a_retired_index_receives_new_documents_before_it_is_used_again(
    platform: Platform, principal: Principal
) -> None:
    started = start(platform, principal)
    build(job_context(platform, principal.project_id, started.job), platform)
    switch(platform, principal, 2, reason="test")
    with platform.scope(principal.project_id) as connection:
        add_document(platform, connection, "new.md", "Parcels to Hue take two days.", OLD)
        (job,) = complete_indexes(connection, BASE)
        assert complete_indexes(connection, BASE) == []
    with pytest.raises(Conflict, match="index 1 of 'handbook' lacks 1 documents"):
        switch(platform, principal, 1, reason="back")
    build(job_context(platform, principal.project_id, job), platform)
    switch(platform, principal, 1, reason="back")
    with platform.scope(principal.project_id) as connection:
        assert knowledge.retrieve(connection, BASE, "parcels to hue", OLD)[0].path == "new.md"


def test_switching_at_once_is_possible_and_the_missing_documents_follow(
    platform: Platform, principal: Principal
) -> None:
    started = start(platform, principal)
    build(job_context(platform, principal.project_id, started.job), platform)
    with platform.scope(principal.project_id) as connection:
        add_document(platform, connection, "new.md", "Parcels to Hue take two days.", OLD)
    switch(platform, principal, 2, reason="emergency", allow_missing=True)
    maintain_once(platform)
    with platform.scope(principal.project_id) as connection:
        (job,) = jobs.list_jobs(connection, kind="knowledge.build_index", status="queued")[:1]
    build(job_context(platform, principal.project_id, job), platform)
    assert versions(platform, principal)[2] == ("live", 7, 0)


def test_a_search_that_began_before_a_switch_keeps_its_index(platform: Platform, principal: Principal) -> None:
    started = start(platform, principal, embedder="other")
    build(job_context(platform, principal.project_id, started.job), platform)
    with platform.scope(principal.project_id) as connection:
        index = get_index(connection, BASE)
        switch(platform, principal, 2, reason="meanwhile")
        assert get_index(connection, BASE).number == 2
        assert knowledge.retrieve(connection, BASE, "form 3", OLD, index=index.number)


def test_the_live_index_cannot_be_deleted_and_others_leave_nothing(platform: Platform, principal: Principal) -> None:
    started = start(platform, principal)
    build(job_context(platform, principal.project_id, started.job), platform)
    with platform.scope(principal.project_id) as connection:
        with pytest.raises(Conflict, match="index 1 of 'handbook' is live"):
            index_versions.delete_index(connection, BASE, 1)
        index_versions.delete_index(connection, BASE, 2)
        count = select(func.count()).select_from(chunks).join(indexes, indexes.c.id == chunks.c.index_id)
        assert connection.scalar(count.where(indexes.c.number == 2)) == 0
        with pytest.raises(NotFound, match="has no index 2"):
            get_index(connection, BASE, 2)
    with pytest.raises(NotFound, match="has no index 2"):
        build(job_context(platform, principal.project_id, started.job), platform)


def test_retired_indexes_are_deleted_after_the_setting(platform: Platform, principal: Principal) -> None:
    started = start(platform, principal)
    build(job_context(platform, principal.project_id, started.job), platform)
    switch(platform, principal, 2, reason="test")
    maintain_once(platform)
    assert 1 in versions(platform, principal)
    with platform.scope(principal.project_id) as connection:
        connection.execute(update(indexes).where(indexes.c.number == 1).values(ended_at=now() - timedelta(days=8)))
    platform.settings = platform.settings.model_copy(update={"retired_index_days": 7.0})
    maintain_once(platform)
    assert list(versions(platform, principal)) == [2]


def test_documents_that_cannot_be_embedded_are_named_and_do_not_stop_the_others(
    platform: Platform, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(WordEmbedder):
        def embed_passages(self, texts: Any) -> Any:
            if any("kind 3" in text for text in texts):
                raise UpstreamFailed("the model is down")
            return super().embed_passages(texts)

    failing = Failing("failing")
    monkeypatch.setattr(knowledge_index_versions, "find_embedder", lambda *_: failing)
    started = start(platform, principal, embedder="failing")
    result = build(job_context(platform, principal.project_id, started.job), platform)
    assert (result["documents"], result["failed"]) == (5, ["3.md"])
    with platform.scope(principal.project_id) as connection:
        index = get_index(connection, BASE, 2)
    assert index.state == "ready" and str(index.reason).startswith("1 documents could not be indexed")
    with pytest.raises(Conflict, match="lacks 1 documents"):
        switch(platform, principal, 2, reason="test")


def evaluate(connection: Any, number: int, recalls: list[float]) -> None:
    """Store a finished evaluation of an index."""
    contents = [
        QuestionContent(question=f"Question {at}?", passages=(ExpectedPassage(path=f"{at}.md"),))
        for at in range(len(recalls))
    ]
    add_questions(connection, BASE, contents, QuestionOrigin("own", "lan"))
    frozen = freeze_questions(connection, BASE)
    index = get_index(connection, BASE, number)
    evaluation = create_evaluation(
        connection, frozen, EvaluationSettings(), id=new_id(), index=(number, index.hash), by="lan"
    )
    for at, (item, recall) in enumerate(zip(frozen.questions, recalls, strict=True)):
        scores = {"recall@5": recall, "retrieval_ms": 5.0}
        result = QuestionResult(position=at, question_id=item.id, question=item.question, scores=scores)
        store_result(connection, evaluation.id, result)
    update_evaluation_row(connection, evaluation.id, {"status": "finished", "finished_at": now()})


@pytest.mark.parametrize(
    ("requirements", "before", "after", "reason"),
    [
        ({}, None, [1.0] * 12, "no finished evaluations on the same questions"),
        ({}, [1.0] * 12, [0.0] * 12, r"recall@5 1 -> 0, difference -1 to -1 \(p 0.00049"),
        ({}, [1.0] * 12, [0.0] + [1.0] * 11, None),  # not significantly worse
        ({"retrieval_margin": 0.02}, [1.0] * 12, [0.0] + [1.0] * 11, "at most 0.02 worse is allowed"),
        ({"retrieval_margin": 0.02}, [0.0] * 6 + [1.0] * 6, [1.0] * 12, None),
        ({"min_questions": 20}, [1.0] * 12, [1.0] * 12, "has 12 questions, at least 20 are required"),
        ({"retrieval": ("ndcg@7",)}, [1.0] * 12, [1.0] * 12, "have no metric ndcg@7"),
    ],
)
def test_a_policy_can_require_that_an_index_is_not_worse_than_the_live_one(
    platform: Platform,
    principal: Principal,
    requirements: dict[str, Any],
    before: list[float] | None,
    after: list[float],
    reason: str | None,
) -> None:
    started = start(platform, principal)
    build(job_context(platform, principal.project_id, started.job), platform)
    needed = GateRequirements.model_validate({"retrieval": ("recall@5",), **requirements})
    with platform.scope(principal.project_id) as connection:
        gate_store.set_policy(connection, "kb", kind="index", pattern="*", requirements=needed, by="lan")
        if before is not None:
            evaluate(connection, 1, before)
        evaluate(connection, 2, after)
        assert has_evaluations(connection, BASE, "2") is (before is not None)
        request = GateRequest(gates.index_subject(BASE), "handbook@2")
        assert gates.check(connection, platform.blobs, request, LAN).passed is (reason is None)
    if reason is not None:
        with pytest.raises(PreconditionFailed, match=reason):
            switch(platform, principal, 2, reason="please")
        assert versions(platform, principal)[1][0] == "live"
    else:
        done = switch(platform, principal, 2)
        assert len(done.evidence["evaluations"]) == 2
