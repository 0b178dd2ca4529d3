"""Evaluations of retrieval and answers on a question set: records and storage."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import InvalidInput, NotFound
from vong.knowledge.evaluation_tables import evaluations, results
from vong.knowledge.question import QuestionSet
from vong.records import Record, now

MAX_CUTOFF = 100
"""Largest cutoff, and so the largest number of retrieved passages of a question."""
DEFAULT_CUTOFFS = (1, 5, 10)
EvaluationStatus = Literal["queued", "running", "finished", "failed", "cancelled"]
EVALUATION_COLUMNS = [column for column in evaluations.c if column.name != "project_id"]
RESULT_COLUMNS = [column for column in results.c if column.name != "project_id"]


class EvaluationSettings(Record):
    """Settings of an evaluation.

    `cutoffs` are the k of recall@k and nDCG@k; as many passages as the largest are retrieved. With `model` every
    question is answered too, through a route or any model of the gateway. `judge` is a model that judges with built-in
    definitions; `faithfulness_judge` and `relevance_judge` name judges of the project instead, which may be calibrated.
    Judges score the answers, and the context of questions without expected passages. `limit` evaluates the first
    questions only. `concurrency` is the number of questions that are answered and judged at once.
    """

    cutoffs: tuple[int, ...] = Field(default=DEFAULT_CUTOFFS, min_length=1, max_length=10)
    model: str | None = Field(default=None, min_length=1, max_length=300)
    passages: int = Field(default=4, ge=1, le=20)
    judge: str | None = Field(default=None, min_length=1, max_length=300)
    faithfulness_judge: str | None = Field(default=None, min_length=1, max_length=200)
    relevance_judge: str | None = Field(default=None, min_length=1, max_length=200)
    limit: int | None = Field(default=None, ge=1, le=100_000)
    concurrency: int = Field(default=2, ge=1, le=32)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if invalid := [k for k in self.cutoffs if not 1 <= k <= MAX_CUTOFF]:
            raise ValueError(f"the cutoff {invalid[0]} is not between 1 and {MAX_CUTOFF}")
        if self.relevance_judge and not self.model:
            raise ValueError("relevance_judge judges answers, but there is no model: set model")
        if list(self.cutoffs) != sorted(set(self.cutoffs)):
            object.__setattr__(self, "cutoffs", tuple(sorted(set(self.cutoffs))))
        return self

    @property
    def depth(self) -> int:
        """Return the number of passages that are retrieved for each question."""
        return max(*self.cutoffs, self.passages if self.has_judges else 1)

    @property
    def has_judges(self) -> bool:
        """Return True if a judge scores answers or contexts."""
        return bool(self.judge or self.faithfulness_judge or self.relevance_judge)


class RetrievalMetric(Record):
    """Metric over `n` questions with its 95 % interval by the bootstrap over questions."""

    value: float
    low: float
    high: float
    n: int


class KnowledgeEvaluation(Record):
    """Evaluation of one index on one question set. Its id is that of its job.

    `index_hash` is the content of the index at the start. `metrics` are means over the questions to which they apply;
    `retrieval_ms` and `answer_ms` are medians, with `_p95` the 95th percentiles. `cost` is in millionths of a US
    dollar, null if a price is unknown. `warnings` list expected passages that the documents do not contain.
    """

    id: UUID
    base: str
    index_number: int
    index_hash: str
    question_set: int
    question_set_hash: str
    settings: EvaluationSettings
    status: EvaluationStatus
    questions: int
    done: int = 0
    failed: int = 0
    metrics: dict[str, RetrievalMetric] = {}
    cost: int | None = None
    warnings: tuple[str, ...] = ()
    created_by: str
    created_at: datetime
    finished_at: datetime | None = None


class RetrievedEvidence(Record):
    """Retrieved passage of a question: its place, its score, and if it contains an expected passage."""

    path: str
    heading: str = ""
    start: int
    end: int
    score: float
    text: str
    relevant: bool | None = None


class QuestionResult(Record):
    """Result of one question.

    `missing` lists the expected passages that were not retrieved. `scores` has the metrics of this question, `details`
    the reasons of judges. `cost` is that of the answer and of its judges. `error` states why the question failed; such
    a question has no scores.
    """

    position: int
    question_id: UUID
    question: str
    passages: tuple[RetrievedEvidence, ...] = ()
    missing: tuple[dict[str, Any], ...] = ()
    scores: dict[str, float] = {}
    details: dict[str, Any] = {}
    answer: str | None = None
    span_id: UUID | None = None
    cost: int | None = None
    error: str | None = None


def create_evaluation(
    connection: Connection,
    question_set: QuestionSet,
    settings: EvaluationSettings,
    *,
    id: UUID,
    index: tuple[int, str],
    by: str,
) -> KnowledgeEvaluation:
    """Store a queued evaluation of an index, given by its number and hash. A repeated id returns the stored one."""
    values = {
        "id": id,
        "base": question_set.base,
        "index_number": index[0],
        "index_hash": index[1],
        "question_set": question_set.number,
        "question_set_hash": question_set.hash,
        "settings": settings.model_dump(mode="json"),
        "status": "queued",
        "questions": min(len(question_set.questions), settings.limit or len(question_set.questions)),
        "done": 0,
        "failed": 0,
        "metrics": {},
        "warnings": [],
        "created_by": by,
        "created_at": now(),
    }
    connection.execute(insert(evaluations).values(values).on_conflict_do_nothing())
    return get_evaluation(connection, id)


def get_evaluation(connection: Connection, id: UUID) -> KnowledgeEvaluation:
    """Return an evaluation.

    Raises: NotFound if the project has no such evaluation.
    """
    row = connection.execute(select(*EVALUATION_COLUMNS).where(evaluations.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no knowledge evaluation {str(id)!r}", "list them with: vong knowledge evaluations BASE")
    return KnowledgeEvaluation.model_validate(dict(row))


def list_evaluations(
    connection: Connection,
    base: str,
    *,
    index_number: int | None = None,
    status: EvaluationStatus | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[KnowledgeEvaluation]:
    """Return the evaluations of a base, newest first. `after` is the last id of the previous page."""
    query = select(*EVALUATION_COLUMNS).where(evaluations.c.base == base).order_by(evaluations.c.id.desc()).limit(limit)
    for column, value in ((evaluations.c.index_number, index_number), (evaluations.c.status, status)):
        if value is not None:
            query = query.where(column == value)
    if after is not None:
        query = query.where(evaluations.c.id < after)
    return [KnowledgeEvaluation.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def update_evaluation(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Update columns of an evaluation."""
    connection.execute(update(evaluations).where(evaluations.c.id == id).values(dict(values)))


def delete_evaluation(connection: Connection, id: UUID) -> None:
    """Delete an evaluation with its results.

    Raises: NotFound if the project has no such evaluation.
    """
    get_evaluation(connection, id)
    connection.execute(delete(evaluations).where(evaluations.c.id == id))


def store_result(connection: Connection, evaluation_id: UUID, result: QuestionResult) -> None:
    """Store the result of a question, and count it. A result that is stored already is not replaced."""
    values = {"evaluation_id": evaluation_id, **result.model_dump(mode="json")}
    inserted = connection.execute(insert(results).values(values).on_conflict_do_nothing())
    if inserted.rowcount:
        counts = {"done": evaluations.c.done + 1, "failed": evaluations.c.failed + int(result.error is not None)}
        update_evaluation(connection, evaluation_id, counts)


def list_results(
    connection: Connection, evaluation_id: UUID, *, after: int | None = None, limit: int | None = 50
) -> list[QuestionResult]:
    """Return the results of an evaluation by position. `after` is the last position of the previous page."""
    columns = [column for column in RESULT_COLUMNS if column.name != "evaluation_id"]
    query = select(*columns).where(results.c.evaluation_id == evaluation_id).order_by(results.c.position).limit(limit)
    if after is not None:
        query = query.where(results.c.position > after)
    return [QuestionResult.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def list_positions(connection: Connection, evaluation_id: UUID) -> set[int]:
    """Return the positions of the questions that are evaluated already."""
    return set(connection.scalars(select(results.c.position).where(results.c.evaluation_id == evaluation_id)))


def list_scores(connection: Connection, evaluation_id: UUID) -> list[tuple[UUID, dict[str, float]]]:
    """Return the id of each question that did not fail and its scores, in the order of the question set."""
    query = select(results.c.question_id, results.c.scores).where(
        results.c.evaluation_id == evaluation_id, results.c.error.is_(None)
    )
    return [(row.question_id, row.scores) for row in connection.execute(query.order_by(results.c.position))]


def sum_costs(connection: Connection, evaluation_id: UUID) -> int | None:
    """Return the cost of all results, or None if that of one is unknown."""
    row = connection.execute(
        select(func.count(), func.count(results.c.cost), func.coalesce(func.sum(results.c.cost), 0)).where(
            results.c.evaluation_id == evaluation_id
        )
    ).one()
    return int(row[2]) if row[0] == row[1] else None


def check_same_questions(before: KnowledgeEvaluation, after: KnowledgeEvaluation) -> None:
    """Check that two evaluations can be compared.

    Raises: InvalidInput if they are of different bases or question sets.
    """
    if before.base != after.base:
        raise InvalidInput(
            f"cannot compare evaluations of different bases: {before.base!r} and {after.base!r}",
            "evaluate two indexes of one base",
        )
    if before.question_set_hash != after.question_set_hash:
        raise InvalidInput(
            f"cannot compare evaluations on different questions: sets {before.question_set} and {after.question_set}",
            f"evaluate both on one set: vong knowledge evaluate {before.base} --questions {after.question_set}",
        )


def common_metrics(scores: Sequence[Mapping[str, float]]) -> list[str]:
    """Return the names of the metrics of some results, in the order of their first occurrence."""
    return list(dict.fromkeys(name for one in scores for name in one))
