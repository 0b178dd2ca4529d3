"""Evaluations of a base: the job, its resumption, answers and judges, and the comparison of two evaluations."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.evals.judges.fake_models import RuleModel, section, verdict
from tests.knowledge.measured_bases import BASE, WordEmbedder, add_document, job_context
from vong import knowledge
from vong.access import Principal
from vong.app import knowledge_answers, knowledge_evaluation
from vong.app.judge_calls import JudgeCalls
from vong.app.knowledge_evaluation import EvaluationStart, KnowledgeEvaluationStarted
from vong.app.knowledge_statistics import compare_evaluations, summarize_scores
from vong.app.platform import Platform
from vong.config import Settings
from vong.errors import InvalidInput, JobCancelled, UpstreamFailed
from vong.knowledge.answer import RagAnswer
from vong.knowledge.evaluation import KnowledgeEvaluation, get_evaluation, list_results
from vong.knowledge.question import ExpectedPassage, QuestionContent
from vong.knowledge.questions import QuestionOrigin, QuestionReview, add_questions, list_questions, review_question

EMBEDDER = WordEmbedder()
DOCUMENTS = {f"{n}.md": f"Refunds of kind {n} need form {n}. They take {n} days." for n in range(5)}


@pytest.fixture
def platform(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setattr(knowledge_evaluation, "find_embedder", lambda *_: EMBEDDER)
    platform = Platform(Settings(home=tmp_path, database_url=database_url))
    yield platform
    platform.close()


@pytest.fixture
def principal(platform: Platform, project_id: UUID) -> Principal:
    contents = [
        QuestionContent(
            question=f"which form do refunds of kind {n} need",
            passages=(ExpectedPassage(path=f"{n}.md", quote=f"Refunds of kind {n} need form {n}."),),
        )
        for n in range(4)
    ]
    contents.append(QuestionContent(question="old file", passages=(ExpectedPassage(path="gone.md", quote="x y"),)))
    contents.append(QuestionContent(question="other words", passages=(ExpectedPassage(path="1.md", quote="x y z"),)))
    contents.append(QuestionContent(question="who founded the company", answerable=False))
    contents.append(QuestionContent(question="how long do refunds of kind 2 take", answer="2 days"))
    with platform.scope(project_id) as connection:
        for path, text in DOCUMENTS.items():
            add_document(platform, connection, path, text, EMBEDDER)
        knowledge.update_index_version(connection, BASE)
        add_questions(connection, BASE, contents, QuestionOrigin("own", "lan"))
    return Principal(project_id, "lan", "owner")


def start(platform: Platform, principal: Principal, **settings: Any) -> KnowledgeEvaluationStarted:
    with platform.scope(principal.project_id) as connection:
        request = EvaluationStart.model_validate({"settings": {"cutoffs": [1, 3], **settings}})
        return knowledge_evaluation.start(platform, connection, BASE, request, principal=principal)


def run(
    platform: Platform, principal: Principal, started: KnowledgeEvaluationStarted, **context: Any
) -> KnowledgeEvaluation:
    knowledge_evaluation.run(job_context(platform, principal.project_id, started.job, **context), platform)
    with platform.scope(principal.project_id) as connection:
        return get_evaluation(connection, started.evaluation.id)


def test_retrieval_is_evaluated_and_what_the_documents_lack_is_named(platform: Platform, principal: Principal) -> None:
    done = run(platform, principal, start(platform, principal))
    assert (done.status, done.questions, done.done, done.failed, done.cost) == ("finished", 8, 8, 0, 0)
    recall = done.metrics["recall@3"]
    assert recall.n == 6 and recall.value == pytest.approx(4 / 6)
    assert recall.low < recall.value < recall.high
    assert {"recall@1", "ndcg@1", "ndcg@3", "mrr", "context_precision", "context_recall"} < done.metrics.keys()
    assert done.metrics["retrieval_ms"].n == 8
    assert done.metrics["retrieval_ms"].value <= done.metrics["retrieval_ms_p95"].value
    assert done.warnings == (
        "question 5: gone.md: the base has no such document",
        "question 6: 1.md: the document does not contain the quote",
    )
    with platform.scope(principal.project_id) as connection:
        results = list_results(connection, done.id)
    assert [one.passages[0].relevant for one in results[:4]] == [True] * 4
    assert results[6].scores.keys() == {"retrieval_ms"}


def test_an_interrupted_evaluation_continues_without_repeating_questions(
    platform: Platform, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = start(platform, principal)
    with pytest.raises(JobCancelled):
        run(platform, principal, started, stop_after=4)
    asked: list[str] = []
    retrieve = knowledge.retrieve

    def count(connection: Any, base: str, question: str, *rest: Any, **options: Any) -> Any:
        asked.append(question)
        return retrieve(connection, base, question, *rest, **options)

    with platform.scope(principal.project_id) as connection:
        halted = get_evaluation(connection, started.evaluation.id)
    assert halted.status == "cancelled" and 0 < halted.done < 8
    monkeypatch.setattr(knowledge, "retrieve", count)
    done = run(platform, principal, started)
    assert (done.status, done.done) == ("finished", 8)
    assert len(asked) == 8 - halted.done + 1  # one more loads the model before the first timing


def fake_answers(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    monkeypatch.setattr(knowledge_answers, "ask", lambda platform, principal, base, question: answer(question))
    monkeypatch.setattr(knowledge_evaluation, "check_model_names", lambda *_: None)


def test_answers_and_contexts_are_judged_and_wrong_refusals_counted(
    platform: Platform, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []

    def judge(text: str) -> str:
        judged.append(text)
        if "Context:" in text:
            return verdict(score=5 if "2 days" in section(text, "output") else 1)
        return verdict(score=4) if "Pass if" not in text else verdict(**{"pass": True})

    model = RuleModel(judge)

    def complete(_: Any, name: str, messages: Any, params: Any) -> Any:
        system = messages[0].text
        if "helps to answer the question" in system:
            return RuleModel(lambda text: verdict(**{"pass": "kind 2" in text}))(name, messages, params)
        return model(name, messages, params)

    monkeypatch.setattr(JudgeCalls, "complete", complete)
    monkeypatch.setattr(JudgeCalls, "find_costs", lambda _, found: [30] * len(found))

    def answer(question: knowledge_answers.AskRequest) -> RagAnswer:
        assert question.index == 1 and question.limit == 4
        refuses = "founded" in question.question or "kind 3" in question.question
        text = "The documents do not answer this." if refuses else "It takes 2 days [1]."
        return RagAnswer(question=question.question, answered=not refuses, text=text, index_version="x")

    fake_answers(monkeypatch, answer)
    done = run(platform, principal, start(platform, principal, model="echo/echo", judge="echo/echo"))
    assert done.metrics["answered"].value == pytest.approx(6 / 8)
    assert done.metrics["answered_as_expected"].value == pytest.approx(7 / 8)
    assert done.metrics["faithfulness"].n == done.metrics["answer_relevance"].n == 6
    assert done.metrics["faithfulness"].value == 1.0
    assert done.metrics["answer_relevance"].value == 0.75
    with platform.scope(principal.project_id) as connection:
        last = list_results(connection, done.id)[7]
    assert last.scores["context_recall"] == 1.0 and last.scores["context_precision"] > 0
    assert done.cost is not None and done.cost > 0
    assert any("[1] " in text for text in judged)


def test_a_model_that_is_down_fails_questions_and_then_the_evaluation(
    platform: Platform, principal: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(question: knowledge_answers.AskRequest) -> RagAnswer:
        if re.search("kind [01]", question.question):
            raise UpstreamFailed("the model is down")
        return RagAnswer(question=question.question, answered=True, text="Yes.", index_version="x")

    fake_answers(monkeypatch, fail)
    started = start(platform, principal, model="echo/echo", concurrency=1)
    done = run(platform, principal, started)
    assert (done.failed, done.metrics["recall@1"].n) == (2, 4)
    assert done.warnings[-1] == "2 questions failed and are in no metric"
    monkeypatch.setattr(knowledge_evaluation, "MAX_CONSECUTIVE_FAILURES", 2)
    again = start(platform, principal, model="echo/echo", concurrency=1)
    with pytest.raises(UpstreamFailed, match="2 questions in a row failed: the model is down"):
        run(platform, principal, again)
    with platform.scope(principal.project_id) as connection:
        assert get_evaluation(connection, again.evaluation.id).status == "failed"


def test_two_evaluations_are_compared_question_by_question(platform: Platform, principal: Principal) -> None:
    before = run(platform, principal, start(platform, principal))
    with platform.scope(principal.project_id) as connection:
        # the document that answers the first question is replaced, so that its passage is lost
        add_document(platform, connection, "0.md", "Nothing about it any more.", EMBEDDER)
    after = run(platform, principal, start(platform, principal))
    with platform.scope(principal.project_id) as connection:
        compared = compare_evaluations(connection, before, after)
        assert (compared.n, compared.metric) == (8, "ndcg@3")
        metric = compared.metrics["recall@3"]
        assert (metric.n, metric.a, metric.b, metric.losses) == (6, pytest.approx(4 / 6), pytest.approx(3 / 6), 1)
        assert metric.low <= metric.difference <= metric.high and metric.test == "mcnemar"
        assert compared.metrics["retrieval_ms"].higher_is_better is False
        (change,) = compared.changes
        assert (change.question, change.a, change.b) == ("which form do refunds of kind 0 need", 1.0, 0.0)
        assert change.b_missing[0]["reason"] == "the document does not contain the quote"
        with pytest.raises(InvalidInput, match="no metric 'bleu' in common"):
            compare_evaluations(connection, before, after, metric="bleu")
        first = list_questions(connection, BASE)[0]
        review_question(connection, BASE, first.id, QuestionReview(state="rejected"), "lan")
    other = run(platform, principal, start(platform, principal))
    with platform.scope(principal.project_id) as connection:
        with pytest.raises(InvalidInput, match="different questions: sets 1 and 2"):
            compare_evaluations(connection, before, other)
        assert get_evaluation(connection, before.id).questions == 8


def test_a_summary_has_intervals_of_means_and_of_quantiles() -> None:
    scores = [{"recall@1": float(n % 4 > 0), "retrieval_ms": float(n)} for n in range(100)]
    found = summarize_scores([*scores, {"retrieval_ms": 1000.0}])
    assert (found["recall@1"].value, found["recall@1"].n) == (0.75, 100)
    assert found["recall@1"].low == pytest.approx(0.6570, abs=1e-3)  # Wilson's interval of 75 of 100
    assert found["recall@1"].high == pytest.approx(0.8245, abs=1e-3)
    assert (found["retrieval_ms"].value, found["retrieval_ms_p95"].value) == (50.0, 95.0)
    assert found["retrieval_ms"].low < 50 < found["retrieval_ms"].high
    assert found["retrieval_ms_p95"].low < 95 < found["retrieval_ms_p95"].high


def test_an_evaluation_needs_an_index_that_is_built(platform: Platform, principal: Principal) -> None:
    from vong.knowledge.index.indexes import create_index

    with platform.scope(principal.project_id) as connection:
        create_index(connection, BASE, EMBEDDER)
        with pytest.raises(InvalidInput, match="index 2 of 'handbook' is building"):
            knowledge_evaluation.start(platform, connection, BASE, EvaluationStart(index=2), principal=principal)
