"""Chat pages of published pipelines: the page, the widget, and the API that the page uses.

Visitors present the token that `POST /api/v1/chat/{slug}/session` returns. It gives access to their own conversations
with one pipeline and to nothing else.
"""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from vong.api.http.chat_events import stream_answer
from vong.api.http.credentials import read_credential
from vong.api.http.dependencies import get_client_address
from vong.api.http.problems import respond_to_missing_path
from vong.api.http.sse import EventStreamResponse
from vong.api.routes import console
from vong.app import Platform
from vong.app.pipelines import conversation_repair, publication_pages
from vong.app.pipelines import publication_conversations as conversations_app
from vong.app.pipelines.conversation_attachments import add_attachment
from vong.app.pipelines.conversation_memory import ConversationScope
from vong.app.pipelines.publication_conversations import ChatEvent, MessageFeedback, MessageRequest
from vong.app.pipelines.publication_pages import OpenedPage, OpenPageRequest
from vong.errors import CrossSite, InvalidInput, NotFound, Unauthenticated
from vong.pipelines.conversations import (
    Attachment,
    ConversationMessage,
    FactSettings,
    PersonFacts,
    PipelineConversation,
    facts,
    store,
)
from vong.pipelines.publications import RESERVED_SLUGS

routes = APIRouter(tags=["chat"])
PAGE_FILE, WIDGET_FILE = "chat.html", "chat/widget.js"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)
WIDGET_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
NO_PAGE = "<!doctype html><title>Chat</title><p>This installation has no chat page: build it with <code>make up</code>."


def get_page_scope(slug: str, request: Request) -> ConversationScope:
    """Return the scope of a visitor by the token of the request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("no token of a visitor was sent", "open the chat page, which sends it")
    return publication_pages.page_scope(request.app.state.platform, slug, token.strip())


PageScope = Annotated[ConversationScope, Depends(get_page_scope)]


@routes.get("/chat/widget.js", include_in_schema=False)
def get_widget() -> Response:
    """Return the script that adds the chat to another page."""
    file = console.STATIC / WIDGET_FILE
    if not file.is_file():
        raise NotFound("this installation has no chat widget", "build the console: make up")
    return Response(file.read_bytes(), media_type="text/javascript", headers=WIDGET_HEADERS)


@routes.get("/chat/{slug}", include_in_schema=False, response_class=HTMLResponse)
def get_page(slug: str, request: Request) -> Response:
    """Return the chat page. Only pages of the allowed origins may show it in a frame."""
    if slug in RESERVED_SLUGS:
        return respond_to_missing_path(request)
    platform: Platform = request.app.state.platform
    try:
        _, publication = publication_pages.find_page(platform, slug)
        ancestors, status = " ".join(("'self'", *publication.settings.page.allowed_origins)), 200
    except NotFound:
        ancestors, status = "'none'", 404
    headers = {
        "Content-Security-Policy": PAGE_POLICY.format(ancestors=ancestors),
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    file = console.STATIC / PAGE_FILE
    content = file.read_text(encoding="utf-8") if file.is_file() else NO_PAGE
    return HTMLResponse(content, status, headers)


@routes.post("/api/v1/chat/{slug}/session")
def open_page(slug: str, body: OpenPageRequest, request: Request) -> OpenedPage:
    """Open a chat page. Returns the token for further requests, and what the page shows."""
    try:
        credential = read_credential("POST", request.headers)
    except (Unauthenticated, CrossSite):
        credential = None
    return publication_pages.open_page(request.app.state.platform, slug, body, credential)


@routes.get("/api/v1/chat/{slug}/conversations")
def list_conversations(scope: PageScope) -> list[PipelineConversation]:
    """List the visitor's conversations, the latest first."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        return store.list_conversations(connection, scope.pipeline, person=scope.person)


@routes.post("/api/v1/chat/{slug}/conversations", status_code=201)
def create_conversation(scope: PageScope, request: Request) -> PipelineConversation:
    """Create a conversation of the visitor."""
    _check_rate(scope, request)
    return conversations_app.create_conversation(scope)


@routes.delete("/api/v1/chat/{slug}/conversations/{id}", status_code=204)
def delete_conversation(id: UUID, scope: PageScope) -> None:
    """Delete a conversation of the visitor with its messages and attachments."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        store.get_conversation(connection, scope.pipeline, id, person=scope.person)
        store.delete_conversation(connection, id)


@routes.get("/api/v1/chat/{slug}/conversations/{id}/messages")
def list_messages(id: UUID, scope: PageScope) -> list[ConversationMessage]:
    """List the messages of a conversation of the visitor, oldest first."""
    return conversation_repair.list_messages(scope, id)


@routes.post(
    "/api/v1/chat/{slug}/conversations/{id}/messages",
    response_class=EventStreamResponse,
    responses={200: {"model": ChatEvent, "description": "Server-sent events"}},
)
async def send_message(id: UUID, body: MessageRequest, scope: PageScope, request: Request) -> EventStreamResponse:
    """Send a message. The events of the answer are streamed: sent, tool, delta, message, suggestions, error."""
    await asyncio.to_thread(_check_rate, scope, request)
    return await stream_answer(conversations_app.send_message(scope, id, body.model_copy(update={"inputs": {}})))


@routes.post("/api/v1/chat/{slug}/conversations/{id}/attachments", status_code=201)
def upload_attachment(id: UUID, file: UploadFile, scope: PageScope, request: Request) -> Attachment:
    """Attach a file to the visitor's next message. Only its text is kept, until the conversation is deleted."""
    _check_rate(scope, request)
    if not scope.publication.settings.page.attachments:
        raise InvalidInput("this chat page accepts no files", "copy the text into the message")
    return add_attachment(scope, id, file.filename or "file", file.file)


@routes.delete("/api/v1/chat/{slug}/conversations/{id}/attachments/{attachment_id}", status_code=204)
def delete_attachment(id: UUID, attachment_id: UUID, scope: PageScope) -> None:
    """Delete a file of a conversation of the visitor."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        store.get_conversation(connection, scope.pipeline, id, person=scope.person)
        store.delete_attachment(connection, id, attachment_id)


@routes.post("/api/v1/chat/{slug}/conversations/{id}/messages/{message_id}/feedback", status_code=204)
def add_feedback(id: UUID, message_id: UUID, body: MessageFeedback, scope: PageScope) -> None:
    """Store the visitor's feedback on an answer as a score of its run."""
    conversations_app.add_feedback(scope, id, message_id, body)


@routes.get("/api/v1/chat/{slug}/facts")
def get_facts(scope: PageScope) -> PersonFacts:
    """Return the facts that are kept about the visitor."""
    return conversations_app.load_person_facts(scope)


@routes.put("/api/v1/chat/{slug}/facts")
def set_fact_consent(body: FactSettings, scope: PageScope) -> PersonFacts:
    """Agree that facts are kept, or withdraw the consent, which deletes all facts about the visitor."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        facts.set_consent(connection, scope.pipeline, scope.person, body.consent)
    return conversations_app.load_person_facts(scope)


@routes.delete("/api/v1/chat/{slug}/facts/{fact_id}", status_code=204)
def delete_fact(fact_id: UUID, scope: PageScope) -> None:
    """Delete one fact about the visitor."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        facts.delete_fact(connection, scope.pipeline, scope.person, fact_id)


def _check_rate(scope: ConversationScope, request: Request) -> None:
    publication_pages.check_rate(scope, get_client_address(request))
