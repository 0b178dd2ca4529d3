"""Inputs of a run in a conversation: history, memory and attachments, and the facts that are collected after it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from vong.access.principal import Principal
from vong.app.pipelines.publication_models import ask_model
from vong.app.platform import Platform
from vong.errors import VongError
from vong.pipelines import run_store
from vong.pipelines.chat_inputs import ChatInput, find_state, map_inputs
from vong.pipelines.conversations import Attachment, PipelineConversation, facts, memory, store
from vong.pipelines.definition import PipelineDefinition
from vong.pipelines.publications import Publication

log = logging.getLogger(__name__)
MEMORY_INPUT, ATTACHMENTS_INPUT = "memory", "attachments"
MAX_FACT_MESSAGES = 4
"""Last messages of the user from which facts are collected."""


class ConversationScope(NamedTuple):
    """Conversation of a person, with the publication and the principal whose rights apply."""

    platform: Platform
    principal: Principal
    publication: Publication
    person: str

    @property
    def pipeline(self) -> str:
        """Return the name of the pipeline."""
        return self.publication.pipeline

    @property
    def retention_days(self) -> int:
        """Return the days after which a conversation without messages is deleted."""
        return self.publication.settings.memory.retention_days


class LoadedMemory(NamedTuple):
    """Earlier messages that a run gets, the memory as text, and the outputs of the last run."""

    history: list[dict[str, str]]
    memory: str
    outputs: Mapping[str, Any] = {}


async def load_memory(scope: ConversationScope, conversation: PipelineConversation, *, before: UUID) -> LoadedMemory:
    """Return the memory of a conversation before a message.

    Messages that no longer fit are summarised first, if the publication names a model. A summary that fails is left
    out, and tried again with the next message.
    """
    settings = scope.publication.settings.memory

    def load() -> tuple[memory.MemoryWindow, Sequence[Any], Mapping[str, Any]]:
        with scope.platform.scope(scope.principal.project_id) as connection:
            found = store.list_messages(connection, conversation.id, after=conversation.summarized_until)
            messages = [message for message in found if message.id < before]
            personal = facts.load_facts(connection, scope.pipeline, scope.person)
            ended = run_store.list_runs(connection, conversation_id=conversation.id, state="succeeded", limit=1)
        outputs = (ended[0].outputs or {}) if ended else {}
        return (
            memory.split_window(messages, settings.window_tokens),
            personal.facts if personal.consent else (),
            outputs,
        )

    window, known_facts, outputs = await asyncio.to_thread(load)
    summary = conversation.summary
    if window.older and settings.summary_model:
        summary = await _summarise(scope, conversation, window, settings.summary_model)
    return LoadedMemory(memory.to_history(window.recent), memory.build_memory(summary, known_facts), outputs)


async def _summarise(
    scope: ConversationScope, conversation: PipelineConversation, window: memory.MemoryWindow, model: str
) -> str | None:
    request = memory.summary_messages(conversation.summary, window.older)
    try:
        text = await ask_model(scope.platform, scope.principal, model, request, session=str(conversation.id))
    except VongError as error:
        log.warning("conversation %s was not summarised: %s", conversation.id, error)
        return conversation.summary
    summary = text.strip()[: memory.MAX_SUMMARY_CHARS]

    def save() -> None:
        with scope.platform.scope(scope.principal.project_id) as connection:
            store.set_summary(connection, conversation.id, summary, window.older[-1].id)

    await asyncio.to_thread(save)
    return summary


def build_inputs(
    definition: PipelineDefinition,
    scope: ConversationScope,
    text: str,
    loaded: LoadedMemory,
    attachments: Sequence[tuple[Attachment, str]],
    given: dict[str, Any],
) -> dict[str, Any]:
    """Return the inputs of a run. `memory` and `attachments` are inputs of their own if the pipeline declares them.

    Otherwise the memory precedes the history, and the texts of attachments follow the message.
    """
    declared, settings, history = definition.inputs, scope.publication.settings, list(loaded.history)
    defaults = {**settings.inputs, **find_state(definition, settings.mapping, loaded.outputs)}
    if MEMORY_INPUT in declared:
        defaults[MEMORY_INPUT] = loaded.memory
    elif loaded.memory:
        history.insert(0, {"role": "system", "content": loaded.memory})
    if ATTACHMENTS_INPUT in declared:
        defaults[ATTACHMENTS_INPUT] = _attachment_values(declared[ATTACHMENTS_INPUT], attachments)
    elif attachments:
        text = "\n\n".join([text, *(f"Attached file {one.filename}:\n{content}" for one, content in attachments)])
    chat = ChatInput(text, history, "")
    return map_inputs(declared, settings.mapping, chat, given=given, defaults=defaults)


async def collect_facts(scope: ConversationScope, conversation_id: UUID) -> int:
    """Collect facts about the person from the last messages and return the number of new ones.

    Nothing is collected without the consent of the person, or if the publication names no model for it.
    """
    model = scope.publication.settings.memory.facts_model
    if model is None:
        return 0

    def load() -> list[str]:
        with scope.platform.scope(scope.principal.project_id) as connection:
            if not facts.has_consent(connection, scope.pipeline, scope.person):
                return []
            messages = store.list_messages(connection, conversation_id, limit=2 * MAX_FACT_MESSAGES)
        return [message.text for message in messages if message.role == "user"][-MAX_FACT_MESSAGES:]

    texts = await asyncio.to_thread(load)
    if not texts:
        return 0
    answer = await ask_model(
        scope.platform, scope.principal, model, memory.fact_messages(texts), session=str(conversation_id)
    )
    found = memory.parse_list(answer, limit=memory.MAX_NEW_FACTS, max_chars=facts.MAX_FACT_CHARS)

    def save() -> int:
        with scope.platform.scope(scope.principal.project_id) as connection:
            return facts.add_facts(connection, scope.pipeline, scope.person, found, conversation_id)

    return await asyncio.to_thread(save)


async def suggest_questions(scope: ConversationScope, question: str, answer: str, session: UUID) -> list[str]:
    """Return questions that may follow an answer, or none if the publication names no model for it."""
    model = scope.publication.settings.page.suggestion_model
    if model is None or not answer:
        return []
    try:
        text = await ask_model(
            scope.platform,
            scope.principal,
            model,
            memory.suggestion_messages(question, answer),
            session=str(session),
        )
    except VongError as error:
        log.warning("no questions were suggested: %s", error)
        return []
    return memory.parse_list(text, limit=memory.MAX_SUGGESTIONS, max_chars=memory.MAX_SUGGESTION_CHARS)


def _attachment_values(schema: dict[str, Any], attachments: Sequence[tuple[Attachment, str]]) -> Any:
    """Return attachments in the type of their input: a text, or a list of objects with `filename` and `text`."""
    if schema.get("type") == "string":
        return "\n\n".join(f"{one.filename}:\n{content}" for one, content in attachments)
    return [{"filename": one.filename, "media_type": one.media_type, "text": content} for one, content in attachments]
