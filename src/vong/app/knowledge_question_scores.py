"""Scores of one question of an evaluation: of its ranking, its answer and its context."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from vong import traces
from vong.access.principal import Principal
from vong.app import knowledge_answers
from vong.app.knowledge_judges import KnowledgeJudges
from vong.app.platform import Platform
from vong.errors import NotFound, VongError
from vong.knowledge.evaluation import KnowledgeEvaluation, QuestionResult, RetrievedEvidence
from vong.knowledge.index.embedders import Embedder
from vong.knowledge.index.tables import KnowledgeIndex, chunks
from vong.knowledge.question import ExpectedPassage, QuestionSetItem
from vong.knowledge.retrieval_metrics import RankedText, contains_quote, match_ranking, score_ranking
from vong.knowledge.tables import documents
from vong.records import RetrievedPassage

SPAN_TIMEOUT_SECONDS = 10.0
"""Seconds to wait for the spans of an answer, from which its cost is read."""
Reason = str
NOT_IN_BASE: Reason = "the base has no such document"
NOT_IN_DOCUMENT: Reason = "the document does not contain the quote"
NOT_RETRIEVED: Reason = "not retrieved"


class EvaluationWork(NamedTuple):
    """Evaluation at work: its index, the embedding model and the judges."""

    evaluation: KnowledgeEvaluation
    searched: KnowledgeIndex
    embedder: Embedder
    principal: Principal
    judges: KnowledgeJudges | None


class RetrievedQuestion(NamedTuple):
    """Question with the passages that were retrieved, and the time that it took."""

    item: QuestionSetItem
    position: int
    passages: list[RetrievedPassage]
    milliseconds: float


def score_question(platform: Platform, work: EvaluationWork, retrieved: RetrievedQuestion) -> QuestionResult:
    """Return the result of one question. A failed model call is a result with an error."""
    item, passages = retrieved.item, retrieved.passages
    texts = [RankedText(passage.path, passage.chunk.text) for passage in passages]
    ranking = match_ranking(texts, item.passages)
    scores = score_ranking(ranking, work.evaluation.settings.cutoffs) if item.passages else {}
    scores["retrieval_ms"] = round(retrieved.milliseconds, 3)
    missing = [one for one, rank in zip(item.passages, ranking.found, strict=True) if rank is None]
    result = QuestionResult(
        position=retrieved.position,
        question_id=item.id,
        question=item.question,
        passages=tuple(
            RetrievedEvidence(
                path=passage.path,
                heading=passage.chunk.heading,
                start=passage.chunk.start,
                end=passage.chunk.end,
                score=passage.score,
                text=passage.chunk.text,
                relevant=is_relevant if item.passages else None,
            )
            for passage, is_relevant in zip(passages, ranking.relevant, strict=True)
        ),
        missing=tuple(_explain_missing(platform, work, missing)),
        scores=scores,
        cost=0,
    )
    try:
        result = _answer(platform, work, item, result)
        return _judge(work, item, result, passages)
    except VongError as error:
        return result.model_copy(update={"scores": {}, "error": error.message})


def _explain_missing(
    platform: Platform, work: EvaluationWork, missing: Sequence[ExpectedPassage]
) -> Iterator[dict[str, Any]]:
    """Yield the passages that were not retrieved, with the reason: some are not in the index at all."""
    for one in missing:
        query = (
            select(chunks.c.text)
            .join(documents, documents.c.id == chunks.c.document_id)
            .where(chunks.c.index_id == work.searched.id, documents.c.path == one.path, chunks.c.kind != "parent")
        )
        with platform.scope(work.principal.project_id) as connection:
            texts = list(connection.scalars(query))
        found = any(contains_quote(text, one.quote) for text in texts)
        reason = NOT_RETRIEVED if found else NOT_IN_DOCUMENT if texts else NOT_IN_BASE
        yield {"path": one.path, "quote": one.quote, "reason": reason}


def _answer(platform: Platform, work: EvaluationWork, item: QuestionSetItem, result: QuestionResult) -> QuestionResult:
    """Answer a question from the index if a model is set, and add what the answer shows without a judge."""
    settings = work.evaluation.settings
    if settings.model is None:
        return result
    question = knowledge_answers.AskRequest(
        question=item.question, model=settings.model, limit=settings.passages, index=work.searched.number
    )
    started = time.perf_counter()
    answer = knowledge_answers.ask(platform, work.principal, work.evaluation.base, question)
    scores = {"answer_ms": round((time.perf_counter() - started) * 1000, 3)}
    scores["answered"] = float(answer.answered)
    scores["answered_as_expected"] = float(answer.answered == item.answerable)
    if answer.answered and answer.sentences:
        supported = sum(one.status == "supported" for one in answer.sentences)
        scores["supported_sentences"] = supported / len(answer.sentences)
    cost = _find_cost(platform, work, answer.trace_id, answer.answer_id) if answer.span_id else 0
    return result.model_copy(
        update={
            "scores": result.scores | scores,
            "answer": answer.text,
            "span_id": answer.answer_id,
            "cost": cost,
            "details": result.details | ({"answered": "no"} if not answer.answered else {}),
        }
    )


def _judge(
    work: EvaluationWork, item: QuestionSetItem, result: QuestionResult, passages: Sequence[RetrievedPassage]
) -> QuestionResult:
    """Add the scores of judges: of the answer, and of the context if the question has no expected passages."""
    if work.judges is None:
        return result
    shown = passages[: work.evaluation.settings.passages]
    judged = []
    if result.answer is not None and result.scores.get("answered"):
        judged.append(work.judges.score_answer(item.question, result.answer, shown))
    if not item.passages and item.answer:
        judged.append(work.judges.score_context(item.question, item.answer, shown))
    for one in judged:
        known = result.cost is not None and one.cost is not None
        result = result.model_copy(
            update={
                "scores": result.scores | one.scores,
                "details": result.details | one.details,
                "cost": (result.cost or 0) + (one.cost or 0) if known else None,
            }
        )
    return result


def _find_cost(platform: Platform, work: EvaluationWork, trace_id: str | None, root: UUID | None) -> int | None:
    """Return the cost of all model calls of an answer, once its spans are written. None if a price is unknown."""
    deadline = time.monotonic() + SPAN_TIMEOUT_SECONDS
    while trace_id is not None and time.monotonic() < deadline:
        with suppress(NotFound), platform.scope(work.principal.project_id) as connection:
            trace = traces.get_trace(connection, trace_id)
            if any(node.span.id == root for node in trace.roots) and trace.usage.output_tokens is not None:
                return trace.usage.cost
        time.sleep(0.2)
    return None
