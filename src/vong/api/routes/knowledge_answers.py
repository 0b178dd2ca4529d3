"""Routes of answers from knowledge bases. Part of the knowledge API."""

from collections.abc import AsyncIterator, Iterator
from uuid import UUID

from anyio import CancelScope
from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import BaseModel

from vong import knowledge
from vong.api.http.dependencies import CurrentUser
from vong.api.http.knowledge_access import BaseReader
from vong.api.http.sse import EventStreamResponse
from vong.app import answer_feedback, knowledge_answers
from vong.app.answer_feedback import PassageFeedback
from vong.app.document_texts import DisplayedDocument, read_document
from vong.app.knowledge_answers import AskRequest
from vong.knowledge.answer import AnswerEvent, AnswerSettings, ErrorEvent
from vong.knowledge.answer.store import load_answer_settings, save_answer_settings

routes = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"], dependencies=[BaseReader])


@routes.post("/bases/{base}/ask")
def ask_question(base: str, question: AskRequest, context: CurrentUser) -> knowledge.RagAnswer:
    """Answer a question with verified citations, or state that the documents do not answer it."""
    return knowledge_answers.ask(context.platform, context.principal, base, question)


@routes.post(
    "/bases/{base}/ask/stream",
    response_class=EventStreamResponse,
    responses={200: {"model": AnswerEvent | ErrorEvent, "description": "Server-sent events"}},
)
async def stream_answer(base: str, question: AskRequest, context: CurrentUser) -> EventStreamResponse:
    """Stream an answer as server-sent events: queries, passages, delta, citation, verification, done or error."""
    events = await run_sync(knowledge_answers.stream, context.platform, context.principal, base, question)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return EventStreamResponse(_iter_frames(events), headers=headers)


@routes.get("/bases/{base}/answer-settings")
def get_answer_settings(base: str, context: CurrentUser) -> AnswerSettings:
    """Return the answer settings of a base, with the defaults of those that are not set."""
    with context.project_transaction() as connection:
        knowledge_answers.find_base(connection, base)
        return AnswerSettings.model_validate(load_answer_settings(connection, base))


@routes.put("/bases/{base}/answer-settings")
def set_answer_settings(base: str, settings: AnswerSettings, context: CurrentUser) -> AnswerSettings:
    """Replace the answer settings of a base. Omitted ones have their defaults."""
    with context.project_transaction() as connection:
        knowledge_answers.find_base(connection, base)
        save_answer_settings(connection, base, settings)
    return settings


@routes.get("/bases/{base}/passage-feedback")
def list_passage_feedback(base: str, context: CurrentUser) -> list[PassageFeedback]:
    """List the passages of answers that have feedback, worst first."""
    with context.project_transaction() as connection:
        knowledge_answers.find_base(connection, base)
        return answer_feedback.list_passage_feedback(connection, base)


@routes.get("/documents/{document_id}/text")
def get_document_text(document_id: UUID, context: CurrentUser) -> DisplayedDocument:
    """Return the text of a document with its sections and pages. Citations refer to offsets in this text."""
    with context.project_transaction() as connection:
        return read_document(context.platform, connection, document_id)


async def _iter_frames(events: Iterator[AnswerEvent | ErrorEvent]) -> AsyncIterator[str]:
    """Yield the events as frames. A disconnected client closes the iterator, which stops the model call."""
    try:
        while (event := await run_sync(next, events, None)) is not None:
            yield _encode(event)
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            with CancelScope(shield=True):
                await run_sync(close)


def _encode(event: BaseModel) -> str:
    name = getattr(event, "event", "message")
    return f"event: {name}\ndata: {event.model_dump_json()}\n\n"
