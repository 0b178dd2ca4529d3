"""Routes of conversations with published pipelines, for applications with a key."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, UploadFile
from pydantic import Field

from vong.api.http.chat_events import stream_answer
from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.api.http.sse import EventStreamResponse
from vong.app.pipelines import conversation_repair
from vong.app.pipelines import publication_conversations as conversations_app
from vong.app.pipelines.conversation_attachments import add_attachment
from vong.app.pipelines.conversation_memory import ConversationScope
from vong.app.pipelines.publication_conversations import MessageFeedback, MessageRequest
from vong.pipelines import publications
from vong.pipelines.conversations import (
    Attachment,
    ConversationMessage,
    FactSettings,
    PersonFacts,
    PipelineConversation,
    facts,
    store,
)
from vong.records import Record, Score

routes = APIRouter(prefix="/api/v1/pipelines", tags=["pipelines"])


class ConversationCreate(Record):
    """New conversation. `person` is any name of the person who talks; by default the caller's."""

    person: str | None = Field(default=None, min_length=1, max_length=200)
    title: str | None = Field(default=None, max_length=100)


class ConversationPage(Record):
    """Filter and page of conversations."""

    person: str | None = None
    before: UUID | None = None
    limit: int = Field(default=50, ge=1, le=200)


def find_scope(context: RequestContext, name: str, person: str | None = None) -> ConversationScope:
    """Return the scope of the caller's requests. Raises NotFound if the pipeline is not published."""
    with context.project_transaction() as connection:
        publication = publications.get_publication(connection, name)
    return ConversationScope(context.platform, context.principal, publication, person or context.principal.actor)


def find_conversation(context: RequestContext, name: str, id: UUID) -> ConversationScope:
    """Return the scope of a conversation. Raises NotFound if there is none."""
    with context.project_transaction() as connection:
        person = store.get_conversation(connection, name, id).person
    return find_scope(context, name, person)


@routes.get("/{name}/conversations")
def list_conversations(
    name: str, context: CurrentUser, query: Annotated[ConversationPage, Query()]
) -> list[PipelineConversation]:
    """List the conversations with a pipeline, the latest first."""
    with context.project_transaction() as connection:
        return store.list_conversations(connection, name, person=query.person, before=query.before, limit=query.limit)


@routes.post("/{name}/conversations", status_code=201)
def create_conversation(name: str, body: ConversationCreate, context: CurrentUser) -> PipelineConversation:
    """Create a conversation of a person with a published pipeline."""
    return conversations_app.create_conversation(find_scope(context, name, body.person), body.title)


@routes.get("/{name}/conversations/{id}")
def get_conversation(name: str, id: UUID, context: CurrentUser) -> PipelineConversation:
    """Return a conversation with its summary."""
    with context.project_transaction() as connection:
        return store.get_conversation(connection, name, id)


@routes.delete("/{name}/conversations/{id}", status_code=204)
def delete_conversation(name: str, id: UUID, context: CurrentUser) -> None:
    """Delete a conversation with its messages and attachments."""
    with context.project_transaction() as connection:
        store.get_conversation(connection, name, id)
        store.delete_conversation(connection, id)


@routes.get("/{name}/conversations/{id}/messages")
def list_messages(name: str, id: UUID, context: CurrentUser) -> list[ConversationMessage]:
    """List the messages of a conversation, oldest first."""
    with context.project_transaction() as connection:
        conversation = store.get_conversation(connection, name, id)
        publication = publications.find_publication(connection, name)
        if publication is None:
            return store.list_messages(connection, id)
    scope = ConversationScope(context.platform, context.principal, publication, conversation.person)
    return conversation_repair.list_messages(scope, id)


@routes.post(
    "/{name}/conversations/{id}/messages",
    response_model=ConversationMessage,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Answer, or its events with `stream`"}},
)
async def send_message(
    name: str, id: UUID, body: MessageRequest, context: CurrentUser
) -> ConversationMessage | EventStreamResponse:
    """Send a message, and return the answer of the pipeline, or the events of the answer if `stream` is set."""
    from anyio.to_thread import run_sync

    scope = await run_sync(find_conversation, context, name, id)
    if body.stream:
        return await stream_answer(conversations_app.send_message(scope, id, body))
    return await conversations_app.send_message_and_wait(scope, id, body)


@routes.get("/{name}/conversations/{id}/attachments")
def list_attachments(name: str, id: UUID, context: CurrentUser) -> list[Attachment]:
    """List the files of a conversation, oldest first."""
    with context.project_transaction() as connection:
        store.get_conversation(connection, name, id)
        return store.list_attachments(connection, id)


@routes.post("/{name}/conversations/{id}/attachments", status_code=201)
def upload_attachment(name: str, id: UUID, file: UploadFile, context: CurrentUser) -> Attachment:
    """Attach a file to the next message. Only its text is kept, until the conversation is deleted."""
    return add_attachment(find_conversation(context, name, id), id, file.filename or "file", file.file)


@routes.delete("/{name}/conversations/{id}/attachments/{attachment_id}", status_code=204)
def delete_attachment(name: str, id: UUID, attachment_id: UUID, context: CurrentUser) -> None:
    """Delete a file of a conversation."""
    with context.project_transaction() as connection:
        store.get_conversation(connection, name, id)
        store.delete_attachment(connection, id, attachment_id)


@routes.post("/{name}/conversations/{id}/messages/{message_id}/feedback", status_code=201)
def add_feedback(name: str, id: UUID, message_id: UUID, body: MessageFeedback, context: CurrentUser) -> Score:
    """Store feedback on an answer as a score of the span of its run."""
    return conversations_app.add_feedback(find_conversation(context, name, id), id, message_id, body)


@routes.get("/{name}/persons/{person}/facts")
def get_facts(name: str, person: str, context: CurrentUser) -> PersonFacts:
    """Return the facts that are kept about a person, and the consent."""
    return conversations_app.load_person_facts(find_scope(context, name, person))


@routes.put("/{name}/persons/{person}/facts")
def set_fact_consent(name: str, person: str, body: FactSettings, context: CurrentUser) -> PersonFacts:
    """Store the consent of a person. Withdrawing it deletes all facts about the person."""
    scope = find_scope(context, name, person)
    with context.project_transaction() as connection:
        facts.set_consent(connection, name, person, body.consent)
    return conversations_app.load_person_facts(scope)


@routes.delete("/{name}/persons/{person}/facts/{fact_id}", status_code=204)
def delete_fact(name: str, person: str, fact_id: UUID, context: CurrentUser) -> None:
    """Delete one fact about a person."""
    with context.project_transaction() as connection:
        facts.delete_fact(connection, name, person, fact_id)
