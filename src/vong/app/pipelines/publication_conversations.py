"""Conversations with published pipelines: messages that start runs, attachments, feedback and deletion."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal, NamedTuple
from uuid import UUID

from anyio import CancelScope
from pydantic import Field

from vong.app.pipelines.conversation_memory import (
    ConversationScope,
    build_inputs,
    collect_facts,
    load_memory,
    suggest_questions,
)
from vong.app.pipelines.publication_events import Passage, RunAnswer, TextDelta, ToolEnded, ToolStarted, find_citations
from vong.app.pipelines.published_runs import PublishedRun, run_published
from vong.errors import Conflict, InvalidInput, VongError
from vong.feedback import ScoreCreate
from vong.pipelines import versions
from vong.pipelines.conversations import (
    Attachment,
    ConversationMessage,
    PersonFacts,
    PipelineConversation,
    facts,
    store,
)
from vong.records import Record, Score

log = logging.getLogger(__name__)
MAX_MESSAGE_CHARS = 20_000
MAX_CITED_PASSAGES = 20
STOPPED = "stopped before the answer was complete"
_background: set[asyncio.Task[Any]] = set()


class MessageRequest(Record):
    """Message to a pipeline. `attachments` are ids of files that were uploaded to the conversation before.

    `inputs` are values of further inputs. With `stream`, the answer is a stream of events.
    """

    text: str = Field(min_length=1, max_length=MAX_MESSAGE_CHARS)
    attachments: tuple[UUID, ...] = Field(default=(), max_length=20)
    inputs: dict[str, Any] = Field(default_factory=dict)
    stream: bool = False


class MessageFeedback(Record):
    """Feedback on an answer: a value from 0 (bad) to 1 (good), a comment, or both."""

    value: float | None = Field(default=None, ge=0, le=1)
    comment: str | None = Field(default=None, max_length=2000)


class AnswerDeltaEvent(Record):
    """Part of an answer."""

    event: Literal["delta"] = "delta"
    text: str


class ToolEvent(Record):
    """Start or end of a step that retrieves passages (`retrieval`) or calls a tool."""

    event: Literal["tool"] = "tool"
    name: str
    kind: Literal["retrieval", "tool"]
    state: Literal["started", "ended"]
    error: str | None = None


class SentEvent(Record):
    """Message of the user as it was stored."""

    event: Literal["sent"] = "sent"
    message: ConversationMessage


class AnswerMessageEvent(Record):
    """Complete answer."""

    event: Literal["message"] = "message"
    message: ConversationMessage


class SuggestionsEvent(Record):
    """Questions that may follow the answer."""

    event: Literal["suggestions"] = "suggestions"
    suggestions: tuple[str, ...]


class ChatErrorEvent(Record):
    """Error that ended the answer."""

    event: Literal["error"] = "error"
    code: str
    status: int
    message: str
    hint: str | None = None


ChatEvent = AnswerDeltaEvent | ToolEvent | SentEvent | AnswerMessageEvent | SuggestionsEvent | ChatErrorEvent


def create_conversation(scope: ConversationScope, title: str | None = None) -> PipelineConversation:
    """Create a conversation of the person."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        return store.create_conversation(
            connection, scope.pipeline, scope.person, retention_days=scope.retention_days, title=title
        )


async def send_message(
    scope: ConversationScope, conversation_id: UUID, request: MessageRequest
) -> AsyncGenerator[ChatEvent]:
    """Store a message, run the pipeline and yield the events of the answer.

    Closing the generator cancels the run, and stores the text up to then.

    Raises: NotFound if there is no such conversation of the person; the errors of the run.
    """
    turn = await asyncio.to_thread(_begin, scope, conversation_id, request)
    yield SentEvent(message=turn.sent)
    loaded = await load_memory(scope, turn.conversation, before=turn.sent.id)
    inputs = build_inputs(turn.version.definition, scope, request.text, loaded, turn.attachments, request.inputs)
    run = PublishedRun(
        scope.principal,
        turn.version,
        scope.publication.settings.mapping,
        inputs,
        conversation_id=conversation_id,
        user=scope.person,
    )
    text, answer = "", None
    try:
        async with aclosing(run_published(scope.platform, run)) as events:
            async for event in events:
                if isinstance(event, RunAnswer):
                    answer = event
                    continue
                text += event.text if isinstance(event, TextDelta) else ""
                yield _to_chat_event(event)
    except VongError as error:
        run_id = getattr(error, "run_id", None)  # of a run that waits for an approval
        await asyncio.to_thread(_store_failure, scope, turn, text, error.message, run_id)
        raise
    except (asyncio.CancelledError, GeneratorExit):
        with CancelScope(shield=True):
            await asyncio.to_thread(_store_failure, scope, turn, text, STOPPED)
        raise
    assert answer is not None
    message = await asyncio.to_thread(_store_answer, scope, turn, answer)
    yield AnswerMessageEvent(message=message)
    _collect_facts_later(scope, conversation_id)
    suggestions = await suggest_questions(scope, request.text, answer.text, conversation_id)
    if suggestions:
        await asyncio.to_thread(_store_suggestions, scope, message.id, suggestions)
        yield SuggestionsEvent(suggestions=tuple(suggestions))


async def send_message_and_wait(
    scope: ConversationScope, conversation_id: UUID, request: MessageRequest
) -> ConversationMessage:
    """Store a message, run the pipeline and return the answer with its suggestions. Raises: as `send_message`."""
    message: ConversationMessage | None = None
    async with aclosing(send_message(scope, conversation_id, request)) as events:
        async for event in events:
            if isinstance(event, AnswerMessageEvent):
                message = event.message
            elif isinstance(event, SuggestionsEvent) and message is not None:
                message = message.model_copy(update={"suggestions": event.suggestions})
    assert message is not None
    return message


def add_feedback(scope: ConversationScope, conversation_id: UUID, message_id: UUID, feedback: MessageFeedback) -> Score:
    """Store feedback on an answer as a score of the span of its run.

    Raises: Conflict if the answer has no span, because its run failed or is still being recorded.
    """
    from vong.app.feedback import add_score

    if feedback.value is None and not (feedback.comment or "").strip():
        raise InvalidInput("the feedback is empty", "send a value from 0 to 1 or a comment")
    project_id = scope.principal.project_id
    with scope.platform.scope(project_id) as connection:
        store.get_conversation(connection, scope.pipeline, conversation_id, person=scope.person)
        message = store.get_message(connection, conversation_id, message_id)
    if message.span_id is None:
        raise Conflict("the message has no recorded run", "send feedback on an answer of the pipeline")
    score = ScoreCreate(
        span_id=message.span_id,
        name="helpful",
        value=feedback.value,
        comment=feedback.comment,
        source="human",
        author=scope.person,
    )
    return add_score(scope.platform, project_id, score)


def load_person_facts(scope: ConversationScope) -> PersonFacts:
    """Return the facts that are kept about the person."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        found = facts.load_facts(connection, scope.pipeline, scope.person)
    return found.model_copy(update={"offered": scope.publication.settings.memory.facts_model is not None})


class _Turn(NamedTuple):
    """Stored message and what the run needs."""

    conversation: PipelineConversation
    version: versions.PipelineVersion
    sent: ConversationMessage
    attachments: list[tuple[Attachment, str]]


def _begin(scope: ConversationScope, conversation_id: UUID, request: MessageRequest) -> _Turn:
    """Store the message and return what the run needs."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        conversation = store.get_conversation(connection, scope.pipeline, conversation_id, person=scope.person)
        version = versions.find(connection, scope.publication.ref)
        sent = store.add_message(
            connection,
            conversation,
            "user",
            request.text,
            retention_days=scope.retention_days,
            attachment_ids=request.attachments,
        )
        attachments = store.load_attachment_texts(connection, conversation_id)
    sent_files = [entry for entry in attachments if entry[0].message_id is not None]
    return _Turn(conversation, version, sent, sent_files)


def _store_answer(scope: ConversationScope, turn: _Turn, answer: RunAnswer) -> ConversationMessage:
    with scope.platform.scope(scope.principal.project_id) as connection:
        return store.add_message(
            connection,
            turn.conversation,
            "assistant",
            answer.text,
            retention_days=scope.retention_days,
            run_id=answer.run_id,
            span_id=answer.span_id,
            citations=[passage.model_dump(mode="json") for passage in _cited_passages(answer)],
        )


def _cited_passages(answer: RunAnswer) -> list[Passage]:
    """Return the passages that the answer cites, or all if it cites none."""
    cited = {passage.number: passage for _, _, passage in find_citations(answer.text, answer.passages)}
    return [cited[number] for number in sorted(cited)] or list(answer.passages[:MAX_CITED_PASSAGES])


def _store_failure(scope: ConversationScope, turn: _Turn, text: str, error: str, run_id: UUID | None = None) -> None:
    values: dict[str, Any] = {"error": error, "run_id": run_id}
    with scope.platform.scope(scope.principal.project_id) as connection:
        store.add_message(
            connection, turn.conversation, "assistant", text, retention_days=scope.retention_days, **values
        )


def _store_suggestions(scope: ConversationScope, message_id: UUID, suggestions: list[str]) -> None:
    with scope.platform.scope(scope.principal.project_id) as connection:
        store.set_suggestions(connection, message_id, suggestions)


def _collect_facts_later(scope: ConversationScope, conversation_id: UUID) -> None:
    """Collect facts after the answer, without delaying it."""

    async def collect() -> None:
        try:
            await collect_facts(scope, conversation_id)
        except VongError as error:
            log.warning("no facts were collected in conversation %s: %s", conversation_id, error)

    if scope.publication.settings.memory.facts_model is not None:
        task = asyncio.create_task(collect())
        _background.add(task)
        task.add_done_callback(_background.discard)


def _to_chat_event(event: TextDelta | ToolStarted | ToolEnded) -> ChatEvent:
    if isinstance(event, TextDelta):
        return AnswerDeltaEvent(text=event.text)
    state: Literal["started", "ended"] = "started" if isinstance(event, ToolStarted) else "ended"
    error = event.error if isinstance(event, ToolEnded) else None
    return ToolEvent(name=event.name, kind=event.kind, state=state, error=error)
