"""Routes of questions, question sets and evaluations of knowledge bases. Part of the knowledge API."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, UploadFile
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.api.http.knowledge_access import BaseReader
from vong.app import knowledge_evaluation as evaluation_app
from vong.app import knowledge_questions as questions_app
from vong.app.knowledge_evaluation import EvaluationStart, KnowledgeEvaluationStarted
from vong.app.knowledge_questions import TraceQuestionsRequest
from vong.app.knowledge_statistics import KnowledgeComparison, compare_evaluations
from vong.knowledge import evaluation, questions
from vong.knowledge.documents import check_base_exists
from vong.knowledge.evaluation import KnowledgeEvaluation, QuestionResult
from vong.knowledge.question import (
    KnowledgeQuestion,
    QuestionContent,
    QuestionSet,
    QuestionSetSummary,
    QuestionSource,
    QuestionState,
)
from vong.knowledge.question_generation import GenerationSettings
from vong.knowledge.question_import import MAX_FILE_BYTES, parse_questions
from vong.knowledge.questions import AddedQuestions, QuestionOrigin, QuestionReview
from vong.records import Job, Record

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])
Limit = Annotated[int, Query(ge=1, le=500)]
SetNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
Position = Annotated[int, Query(ge=-1, le=2**31 - 1)]


class QuestionsCreate(Record):
    """Questions to add to a base. A question that the base has already gets the new passages and answer."""

    questions: tuple[QuestionContent, ...] = Field(min_length=1, max_length=questions.MAX_QUESTIONS)


@routes.get("/bases/{base}/questions")
def list_questions(
    base: str,
    context: CurrentUser,
    state: QuestionState | None = None,
    source: QuestionSource | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> list[KnowledgeQuestion]:
    """List the questions of a base, oldest first."""
    with context.project_transaction() as connection:
        return questions.list_questions(connection, base, state=state, source=source, after=after, limit=limit)


@routes.post("/bases/{base}/questions", status_code=201)
def add_questions(base: str, body: QuestionsCreate, context: CurrentUser) -> AddedQuestions:
    """Add questions with their expected passages or answers to a base. They are accepted at once."""
    with context.project_transaction() as connection:
        origin = QuestionOrigin("own", context.principal.actor)
        return questions.add_questions(connection, base, body.questions, origin)


@routes.post("/bases/{base}/questions/import", status_code=201)
def import_questions(base: str, file: UploadFile, context: CurrentUser) -> AddedQuestions:
    """Import questions from a CSV or JSON Lines file. A faulty line rejects the whole file."""
    parsed = parse_questions(file.file.read(MAX_FILE_BYTES + 1), file.filename or "questions.jsonl")
    with context.project_transaction() as connection:
        origin = QuestionOrigin("own", context.principal.actor, details={"file": file.filename})
        return questions.add_questions(connection, base, parsed, origin)


@routes.post("/bases/{base}/questions/generate", status_code=202)
def start_question_generation(base: str, body: GenerationSettings, context: CurrentUser) -> Job:
    """Start the generation of questions from the documents of a base by a model. A person reviews the questions."""
    with context.project_transaction() as connection:
        return questions_app.start_generation(
            context.platform, connection, base, body, principal=context.principal, key=context.idempotency_key
        )


@routes.post("/bases/{base}/questions/from-traces", status_code=201)
def add_questions_from_traces(base: str, body: TraceQuestionsRequest, context: CurrentUser) -> AddedQuestions:
    """Add questions from answers of the base that got good scores or a correction."""
    with context.project_transaction() as connection:
        return questions_app.add_from_traces(connection, base, body, context.principal.actor)


@routes.get("/bases/{base}/questions/counts")
def count_questions(base: str, context: CurrentUser) -> dict[QuestionState, int]:
    """Return the number of questions of a base by state."""
    with context.project_transaction() as connection:
        check_base_exists(connection, base)
        return questions.count_questions(connection, base)


@routes.get("/bases/{base}/questions/{id}")
def get_question(base: str, id: UUID, context: CurrentUser) -> KnowledgeQuestion:
    """Return a question."""
    with context.project_transaction() as connection:
        return questions.get_question(connection, base, id)


@routes.patch("/bases/{base}/questions/{id}")
def update_question(base: str, id: UUID, body: QuestionReview, context: CurrentUser) -> KnowledgeQuestion:
    """Accept, reject or edit a question. Existing question sets keep their content."""
    with context.project_transaction() as connection:
        return questions.review_question(connection, base, id, body, context.principal.actor)


@routes.delete("/bases/{base}/questions/{id}", status_code=204)
def delete_question(base: str, id: UUID, context: CurrentUser) -> None:
    """Delete a question. Existing question sets keep it."""
    with context.project_transaction() as connection:
        questions.delete_question(connection, base, id)


@routes.get("/bases/{base}/question-sets")
def list_question_sets(base: str, context: CurrentUser, limit: Limit = 50) -> list[QuestionSetSummary]:
    """List the question sets of a base, newest first."""
    with context.project_transaction() as connection:
        return questions.list_question_sets(connection, base, limit=limit)


@routes.post("/bases/{base}/question-sets", status_code=201)
def create_question_set(base: str, context: CurrentUser) -> QuestionSet:
    """Store the accepted questions of a base as a question set. Equal content is stored once."""
    with context.project_transaction() as connection:
        return questions.freeze_questions(connection, base)


@routes.get("/bases/{base}/question-sets/{number}")
def get_question_set(base: str, number: SetNumber, context: CurrentUser) -> QuestionSet:
    """Return a question set with its questions."""
    with context.project_transaction() as connection:
        return questions.get_question_set(connection, base, number)


@routes.post("/bases/{base}/evaluations", status_code=202)
def start_evaluation(base: str, body: EvaluationStart, context: CurrentUser) -> KnowledgeEvaluationStarted:
    """Start an evaluation of an index on a question set. It runs as a job."""
    with context.project_transaction() as connection:
        return evaluation_app.start(
            context.platform, connection, base, body, principal=context.principal, key=context.idempotency_key
        )


@routes.get("/bases/{base}/evaluations")
def list_evaluations(
    base: str, context: CurrentUser, index: int | None = None, after: UUID | None = None, limit: Limit = 50
) -> list[KnowledgeEvaluation]:
    """List the evaluations of a base, newest first, of all indexes or of one."""
    with context.project_transaction() as connection:
        check_base_exists(connection, base)
        found = evaluation.list_evaluations(connection, base, index_number=index, after=after, limit=limit)
        return evaluation_app.sync_evaluations(connection, found)


@routes.get("/evaluations/compare")
def compare_two_evaluations(
    a: UUID,
    b: UUID,
    context: CurrentUser,
    metric: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
    changes: Annotated[int, Query(ge=0, le=500)] = 20,
) -> KnowledgeComparison:
    """Compare evaluation b with evaluation a: differences with paired intervals, and the questions that changed."""
    with context.project_transaction() as connection:
        before, after = evaluation_app.sync_evaluations(
            connection, [evaluation.get_evaluation(connection, id) for id in (a, b)]
        )
        return compare_evaluations(connection, before, after, metric=metric, changes=changes)


@routes.get("/evaluations/{id}")
def get_evaluation(id: UUID, context: CurrentUser) -> KnowledgeEvaluation:
    """Return an evaluation with its metrics and their intervals."""
    with context.project_transaction() as connection:
        return evaluation_app.sync_evaluations(connection, [evaluation.get_evaluation(connection, id)])[0]


@routes.get("/evaluations/{id}/results")
def list_evaluation_results(
    id: UUID, context: CurrentUser, after: Position | None = None, limit: Limit = 50
) -> list[QuestionResult]:
    """List the results of an evaluation by question: passages, scores, and expected passages that are missing."""
    with context.project_transaction() as connection:
        evaluation.get_evaluation(connection, id)
        return evaluation.list_results(connection, id, after=after, limit=limit)


@routes.delete("/evaluations/{id}", status_code=204)
def delete_evaluation(id: UUID, context: CurrentUser) -> None:
    """Delete an evaluation with its results. A running one must be cancelled first."""
    with context.project_transaction() as connection:
        evaluation_app.delete(connection, id)
