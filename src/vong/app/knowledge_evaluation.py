"""Evaluations of knowledge bases connected to jobs, the gateway, judges and traces."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong import jobs, knowledge
from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.distillation import check_model_names
from vong.app.judge_calls import JudgeCalls
from vong.app.knowledge_embedders import find_embedder
from vong.app.knowledge_judges import KnowledgeJudges
from vong.app.knowledge_question_scores import NOT_RETRIEVED, EvaluationWork, RetrievedQuestion, score_question
from vong.app.knowledge_statistics import summarize_scores
from vong.app.platform import Platform
from vong.errors import Conflict, InvalidInput, JobCancelled, NotFound, UpstreamFailed, VongError
from vong.evals.judges import find_judge
from vong.jobs import JobContext
from vong.knowledge.evaluation import (
    EvaluationSettings,
    KnowledgeEvaluation,
    QuestionResult,
    create_evaluation,
    delete_evaluation,
    get_evaluation,
    list_positions,
    list_results,
    list_scores,
    store_result,
    sum_costs,
    update_evaluation,
)
from vong.knowledge.index.indexes import get_index
from vong.knowledge.question import QuestionSetItem
from vong.knowledge.questions import freeze_questions, get_question_set
from vong.records import Job, Record, RetrievedPassage, new_id, now
from vong.records.job import FINAL_STATUSES

EVALUATE = "knowledge.evaluate"
"""Kind of the job of an evaluation."""
EVALUABLE_STATES = frozenset({"live", "ready", "retired"})
MAX_CONSECUTIVE_FAILURES = 10
"""Failed questions in a row after which an evaluation stops, because a model is unavailable."""
MAX_WARNINGS = 20


class EvaluationStart(Record):
    """Request to evaluate an index of a base: the live one without `index`.

    `question_set` is the number of a question set; without it, the accepted questions are frozen as one.
    """

    index: int | None = None
    question_set: int | None = None
    settings: EvaluationSettings = EvaluationSettings()


class KnowledgeEvaluationStarted(Record):
    """Queued evaluation and its job. Both have the same id."""

    evaluation: KnowledgeEvaluation
    job: Job


def start(
    platform: Platform,
    connection: Connection,
    base: str,
    request: EvaluationStart,
    *,
    principal: Principal,
    key: str | None = None,
) -> KnowledgeEvaluationStarted:
    """Record an evaluation and submit its job. A repeated `key` returns the first one.

    Raises:
        NotFound: The base, the index, the question set, a model or a judge does not exist.
        InvalidInput: No question is accepted, or the index is not built.
        OutOfScope: The key may not call a model.
    """
    index = get_index(connection, base, request.index)
    if index.state not in EVALUABLE_STATES:
        raise InvalidInput(
            f"index {index.number} of {base!r} is {index.state}", "wait until it is ready: vong knowledge indexes list"
        )
    settings = request.settings
    questions = (
        freeze_questions(connection, base)
        if request.question_set is None
        else get_question_set(connection, base, request.question_set)
    )
    check_model_names(platform, connection, [one for one in (settings.model, settings.judge) if one], principal)
    judges = [find_judge(connection, ref) for ref in (settings.faithfulness_judge, settings.relevance_judge) if ref]
    models = [one.definition.model for one in judges if one.definition.model]
    check_model_names(platform, connection, models, principal)
    params = {"by": principal.actor, **caller_params(principal)}
    job = jobs.submit(connection, EVALUATE, params, id=new_id(), key=key)
    content = index.hash or str(index.id)
    evaluation = create_evaluation(
        connection, questions, settings, id=job.id, index=(index.number, content), by=principal.actor
    )
    return KnowledgeEvaluationStarted(evaluation=evaluation, job=job)


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `knowledge.evaluate`: retrieve, answer and judge the questions that have no result yet."""
    calls = JudgeCalls(platform, job)
    try:
        work = _open(job, platform, calls)
        _evaluate(job, platform, work)
    except VongError as error:
        status = "cancelled" if isinstance(error, JobCancelled) else "failed"
        with platform.scope(job.project_id) as connection:
            update_evaluation(connection, job.id, {"status": status, "finished_at": now()})
        raise
    finally:
        calls.close()
    return _finish(job, platform).model_dump(mode="json", include={"id", "metrics", "failed", "cost"})


def sync_evaluations(connection: Connection, found: Sequence[KnowledgeEvaluation]) -> list[KnowledgeEvaluation]:
    """Return evaluations, updated first if their job failed or was cancelled and could not record that itself."""
    current: list[KnowledgeEvaluation] = []
    for evaluation in found:
        if evaluation.status not in FINAL_STATUSES:
            with suppress(NotFound):
                job = jobs.get(connection, evaluation.id)
                if job.status in {"failed", "cancelled"}:
                    values = {"status": job.status, "finished_at": job.finished_at}
                    update_evaluation(connection, evaluation.id, values)
                    evaluation = get_evaluation(connection, evaluation.id)
        current.append(evaluation)
    return current


def delete(connection: Connection, id: UUID) -> None:
    """Delete an evaluation with its results.

    Raises: Conflict if its job has not ended.
    """
    (found,) = sync_evaluations(connection, [get_evaluation(connection, id)])
    if found.status not in FINAL_STATUSES:
        raise Conflict(f"knowledge evaluation {str(id)!r} is {found.status}", f"cancel it first: vong jobs cancel {id}")
    delete_evaluation(connection, id)


def _open(job: JobContext, platform: Platform, calls: JudgeCalls) -> EvaluationWork:
    with platform.scope(job.project_id) as connection:
        update_evaluation(connection, job.id, {"status": "running", "finished_at": None})
        evaluation = get_evaluation(connection, job.id)
        index = get_index(connection, evaluation.base, evaluation.index_number)
    key_id, user_id = (UUID(id) if id else None for id in job.params.get("caller") or (None, None))
    principal = Principal(job.project_id, str(job.params["by"]), "member", user_id=user_id, key_id=key_id)
    judges = KnowledgeJudges(calls, evaluation.settings) if evaluation.settings.has_judges else None
    embedder = find_embedder(platform, job.project_id, index.embedder)
    return EvaluationWork(evaluation, index, embedder, principal, judges)


def _evaluate(job: JobContext, platform: Platform, work: EvaluationWork) -> None:
    """Evaluate the remaining questions: retrieval one by one, because it is timed, answers and judges concurrently."""
    evaluation = work.evaluation
    with platform.scope(job.project_id) as connection:
        questions = get_question_set(connection, evaluation.base, evaluation.question_set).questions
        done = list_positions(connection, job.id)
    remaining = [(at, item) for at, item in enumerate(questions[: evaluation.questions]) if at not in done]
    if remaining:
        _retrieve(job, platform, work, remaining[0][1].question)  # loads the embedding model before the first timing
    pool = ThreadPoolExecutor(evaluation.settings.concurrency, thread_name_prefix="evaluate")
    pending: set[Future[QuestionResult]] = set()
    failures = 0
    try:
        for retrieved in _retrieve_all(job, platform, work, remaining):
            job.progress(len(done), evaluation.questions, unit="questions")
            if isinstance(retrieved, QuestionResult):
                finished = [retrieved]
            else:
                pending.add(pool.submit(score_question, platform, work, retrieved))
                finished = _take_finished(pending, evaluation.settings.concurrency)
            failures = _store(job, platform, finished, done, failures)
        while pending:
            failures = _store(job, platform, _take_finished(pending, 1), done, failures)
            job.progress(len(done), evaluation.questions, unit="questions")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _take_finished(pending: set[Future[QuestionResult]], limit: int) -> list[QuestionResult]:
    """Remove and return finished results. Waits for one if at least `limit` are pending."""
    finished = {one for one in pending if one.done()}
    if not finished and len(pending) >= limit:
        finished = wait(pending, return_when=FIRST_COMPLETED).done
    pending -= finished
    return [one.result() for one in finished]


def _store(
    job: JobContext, platform: Platform, finished: Sequence[QuestionResult], done: set[int], failures: int
) -> int:
    """Store results, and return the number of failures in a row.

    Raises: UpstreamFailed if too many questions in a row failed. Those are not stored, so that a retry asks them again.
    """
    for result in finished:
        failures = failures + 1 if result.error is not None else 0
        if failures >= MAX_CONSECUTIVE_FAILURES:
            raise UpstreamFailed(
                f"{failures} questions in a row failed: {result.error}", f"fix it, then: vong jobs retry {job.id}"
            )
        with platform.scope(job.project_id) as connection:
            store_result(connection, job.id, result)
        done.add(result.position)
    return failures


def _retrieve_all(
    job: JobContext, platform: Platform, work: EvaluationWork, remaining: Sequence[tuple[int, QuestionSetItem]]
) -> Iterator[RetrievedQuestion | QuestionResult]:
    for position, item in remaining:
        job.check()
        started = time.perf_counter()
        try:
            passages = _retrieve(job, platform, work, item.question)
        except VongError as error:
            yield QuestionResult(position=position, question_id=item.id, question=item.question, error=error.message)
            continue
        yield RetrievedQuestion(item, position, passages, (time.perf_counter() - started) * 1000)


def _retrieve(job: JobContext, platform: Platform, work: EvaluationWork, question: str) -> list[RetrievedPassage]:
    with platform.scope(job.project_id) as connection:
        return knowledge.retrieve(
            connection,
            work.evaluation.base,
            question,
            work.embedder,
            limit=work.evaluation.settings.depth,
            index=work.searched.number,
        )


def _finish(job: JobContext, platform: Platform) -> KnowledgeEvaluation:
    with platform.scope(job.project_id) as connection:
        scores = [one for _, one in list_scores(connection, job.id)]
        warnings = _list_warnings(list_results(connection, job.id, limit=None))
        values = {
            "status": "finished",
            "metrics": {name: one.model_dump() for name, one in summarize_scores(scores).items()},
            "cost": sum_costs(connection, job.id),
            "warnings": warnings,
            "finished_at": now(),
        }
        update_evaluation(connection, job.id, values)
        return get_evaluation(connection, job.id)


def _list_warnings(results: Sequence[QuestionResult]) -> list[str]:
    """Return the expected passages that the index does not contain, so that no retrieval could find them."""
    found = [
        f"question {one.position + 1}: {missing['path']}: {missing['reason']}"
        for one in results
        for missing in one.missing
        if missing["reason"] != NOT_RETRIEVED
    ]
    if len(found) > MAX_WARNINGS:
        found = [*found[:MAX_WARNINGS], f"and {len(found) - MAX_WARNINGS} more expected passages"]
    judged = ("faithfulness", "answer_relevance", "context_recall")
    unjudged = sum(any(name in one.details and name not in one.scores for name in judged) for one in results)
    if unjudged:
        found.append(f"{unjudged} questions have no verdict of a judge: see their details")
    failed = sum(one.error is not None for one in results)
    return found + ([f"{failed} questions failed and are in no metric"] if failed else [])
