"""Answers that arrived without a waiting reader: after an approval, or after the server was restarted during a run."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong.app.pipelines.conversation_memory import ConversationScope
from vong.app.pipelines.publication_events import Passage, read_passages
from vong.pipelines import run_store
from vong.pipelines.chat_inputs import CITATION_OUTPUTS, find_answer
from vong.pipelines.conversations import ConversationMessage, PipelineConversation, store
from vong.pipelines.run_records import PipelineRun
from vong.records import now

GRACE = timedelta(seconds=10)
"""Time after the end of a run in which the request that waits for it stores the answer itself."""


def list_messages(scope: ConversationScope, conversation_id: UUID) -> list[ConversationMessage]:
    """Return the messages of a conversation of the person, oldest first, with answers that arrived meanwhile."""
    with scope.platform.scope(scope.principal.project_id) as connection:
        conversation = store.get_conversation(connection, scope.pipeline, conversation_id, person=scope.person)
        messages = store.list_messages(connection, conversation_id)
        if not messages or not _is_open(messages[-1]):
            return messages
        store.lock_conversation(connection, conversation_id)
        if _complete(connection, scope, conversation, store.list_messages(connection, conversation_id)[-1]):
            return store.list_messages(connection, conversation_id)
    return messages


def _is_open(message: ConversationMessage) -> bool:
    """Return True for a question without an answer, and for an answer that waits for an approval."""
    return message.role == "user" or (message.error is not None and message.run_id is not None)


def _complete(
    connection: Connection, scope: ConversationScope, conversation: PipelineConversation, last: ConversationMessage
) -> bool:
    """Store the answer of the run of the last message, if the run has ended meanwhile."""
    if not _is_open(last):
        return False
    runs = run_store.list_runs(connection, conversation_id=conversation.id, limit=1)
    run = runs[0] if runs else None
    if run is None or not run.is_final or run.ended_at is None or run.ended_at > now() - GRACE:
        return False
    if last.role == "user" and run.created_at < last.created_at:
        return False
    values = _answer_values(scope, run)
    if last.role == "assistant":
        store.replace_answer(connection, last.id, values)
    else:
        text = values.pop("text")
        store.add_message(connection, conversation, "assistant", text, retention_days=scope.retention_days, **values)
    return True


def _answer_values(scope: ConversationScope, run: PipelineRun) -> dict[str, Any]:
    outputs = run.outputs or {}
    mapping = scope.publication.settings.mapping
    passages: list[Passage] = []
    for name in (mapping.citations,) if mapping.citations else CITATION_OUTPUTS:
        passages = passages or read_passages(outputs.get(name))
    error = None if run.state == "succeeded" else run.error.message if run.error else f"the run was {run.state}"
    return {
        "text": find_answer(outputs, mapping) if error is None else "",
        "error": error,
        "run_id": run.id if error is None else None,
        "span_id": run.id if error is None else None,
        "citations": [passage.model_dump(mode="json") for passage in passages],
    }
