"""SQL of conversations, their messages and their attachments."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from vong.errors import InvalidInput, NotFound
from vong.pipelines.conversations.records import Attachment, ConversationMessage, PipelineConversation
from vong.pipelines.publication_tables import attachments, conversations, messages
from vong.records import new_id, now

MAX_TITLE_CHARS = 100
MAX_PERSON_CHARS = 200
LIST_HINT = "list them with: vong pipelines conversations list NAME"


def create_conversation(
    connection: Connection, pipeline: str, person: str, *, retention_days: int, title: str | None = None
) -> PipelineConversation:
    """Create a conversation. Raises InvalidInput if the name of the person is empty or too long."""
    if not 0 < len(person.strip()) <= MAX_PERSON_CHARS:
        raise InvalidInput(f"person has {len(person)} characters", f"use 1 to {MAX_PERSON_CHARS} characters")
    at = now()
    values: dict[str, Any] = {
        "id": new_id(),
        "pipeline": pipeline,
        "person": person,
        "title": title[:MAX_TITLE_CHARS] if title else None,
        "created_at": at,
        "updated_at": at,
        "expires_at": at + timedelta(days=retention_days),
    }
    connection.execute(insert(conversations).values(values))
    return PipelineConversation.model_validate(values)


def get_conversation(
    connection: Connection, pipeline: str, id: UUID, *, person: str | None = None
) -> PipelineConversation:
    """Return a conversation, only of a person if one is named. Raises NotFound if there is none."""
    query = select(conversations).where(conversations.c.id == id, conversations.c.pipeline == pipeline)
    if person is not None:
        query = query.where(conversations.c.person == person)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(f"pipeline {pipeline!r} has no conversation {str(id)!r}", LIST_HINT)
    return PipelineConversation.model_validate({name: row[name] for name in PipelineConversation.model_fields})


def list_conversations(
    connection: Connection, pipeline: str, *, person: str | None = None, before: UUID | None = None, limit: int = 50
) -> list[PipelineConversation]:
    """Return conversations, the latest first. `before` is the id of the last one of the previous page."""
    columns = conversations.c
    query = select(conversations).where(columns.pipeline == pipeline)
    if person is not None:
        query = query.where(columns.person == person)
    if before is not None:
        last = get_conversation(connection, pipeline, before)
        query = query.where(
            or_(
                columns.updated_at < last.updated_at,
                (columns.updated_at == last.updated_at) & (columns.id < last.id),
            )
        )
    rows = connection.execute(query.order_by(columns.updated_at.desc(), columns.id.desc()).limit(limit)).mappings()
    return [
        PipelineConversation.model_validate({name: row[name] for name in PipelineConversation.model_fields})
        for row in rows
    ]


def delete_conversation(connection: Connection, id: UUID) -> None:
    """Delete a conversation with its messages and attachments."""
    connection.execute(delete(conversations).where(conversations.c.id == id))


def delete_expired(connection: Connection, at: datetime) -> int:
    """Delete the expired conversations of all projects and return their number. The connection is the owner's."""
    return connection.execute(delete(conversations).where(conversations.c.expires_at <= at)).rowcount


def add_message(
    connection: Connection,
    conversation: PipelineConversation,
    role: str,
    text: str,
    *,
    retention_days: int,
    attachment_ids: Sequence[UUID] = (),
    **values: Any,
) -> ConversationMessage:
    """Add a message to a conversation, with attachments that were uploaded before.

    Raises: NotFound if an attachment does not exist or was sent before.
    """
    at = now()
    stored = {"citations": [], "suggestions": [], **values}
    id = new_id()
    row = {**stored, "id": id, "conversation_id": conversation.id, "role": role, "text": text, "created_at": at}
    connection.execute(insert(messages).values(row))
    changes: dict[str, Any] = {"updated_at": at, "expires_at": at + timedelta(days=retention_days)}
    if conversation.title is None and role == "user" and text.strip():
        changes["title"] = " ".join(text.split())[:MAX_TITLE_CHARS]
    connection.execute(update(conversations).where(conversations.c.id == conversation.id).values(changes))
    if attachment_ids:
        _assign_attachments(connection, conversation.id, id, attachment_ids)
    return get_message(connection, conversation.id, id)


def get_message(connection: Connection, conversation_id: UUID, id: UUID) -> ConversationMessage:
    """Return a message. Raises NotFound if the conversation has no such message."""
    found = _select_messages(connection, conversation_id, messages.c.id == id)
    if not found:
        raise NotFound(f"conversation {str(conversation_id)!r} has no message {str(id)!r}", "list its messages")
    return found[0]


def list_messages(
    connection: Connection, conversation_id: UUID, *, after: UUID | None = None, limit: int | None = None
) -> list[ConversationMessage]:
    """Return the messages of a conversation, oldest first, of which the last `limit`."""
    where = messages.c.id > after if after is not None else True
    return _select_messages(connection, conversation_id, where, limit)


def lock_conversation(connection: Connection, id: UUID) -> None:
    """Lock a conversation until the end of the transaction."""
    connection.execute(select(conversations.c.id).where(conversations.c.id == id).with_for_update())


def replace_answer(connection: Connection, id: UUID, values: dict[str, Any]) -> None:
    """Replace the text, the error, the run and the citations of an answer."""
    connection.execute(update(messages).where(messages.c.id == id).values(values))


def set_suggestions(connection: Connection, id: UUID, suggestions: Sequence[str]) -> None:
    """Store the suggested questions after a message."""
    connection.execute(update(messages).where(messages.c.id == id).values(suggestions=list(suggestions)))


def set_summary(connection: Connection, id: UUID, summary: str, until: UUID) -> None:
    """Store the summary of a conversation up to a message."""
    connection.execute(
        update(conversations).where(conversations.c.id == id).values(summary=summary, summarized_until=until)
    )


def add_attachment(connection: Connection, conversation_id: UUID, values: dict[str, Any]) -> Attachment:
    """Store an attachment with its text."""
    row = {**values, "id": new_id(), "conversation_id": conversation_id, "created_at": now()}
    connection.execute(insert(attachments).values(row))
    return Attachment.model_validate(
        {name: value for name, value in row.items() if name in Attachment.model_fields}
        | {"characters": len(values["text"])}
    )


def count_attachments(connection: Connection, conversation_id: UUID) -> tuple[int, int]:
    """Return the number of attachments of a conversation and the sum of their sizes in bytes."""
    query = select(func.count(), func.coalesce(func.sum(attachments.c.size), 0))
    count, size = connection.execute(query.where(attachments.c.conversation_id == conversation_id)).one()
    return int(count), int(size)


def list_attachments(connection: Connection, conversation_id: UUID) -> list[Attachment]:
    """Return the attachments of a conversation, oldest first."""
    return list(_attachments_by_message(connection, conversation_id, None))


def load_attachment_texts(connection: Connection, conversation_id: UUID) -> list[tuple[Attachment, str]]:
    """Return the attachments of a conversation with their texts, oldest first."""
    query = select(attachments).where(attachments.c.conversation_id == conversation_id).order_by(attachments.c.id)
    return [(_to_attachment(row, len(row["text"])), row["text"]) for row in connection.execute(query).mappings()]


def delete_attachment(connection: Connection, conversation_id: UUID, id: UUID) -> None:
    """Delete an attachment. Raises NotFound if the conversation has no such attachment."""
    columns = attachments.c
    found = connection.execute(delete(attachments).where(columns.id == id, columns.conversation_id == conversation_id))
    if not found.rowcount:
        raise NotFound(f"conversation {str(conversation_id)!r} has no attachment {str(id)!r}", "list its attachments")


def _assign_attachments(connection: Connection, conversation_id: UUID, message_id: UUID, ids: Sequence[UUID]) -> None:
    columns = attachments.c
    where = (columns.conversation_id == conversation_id) & columns.id.in_(ids) & columns.message_id.is_(None)
    changed = connection.execute(update(attachments).where(where).values(message_id=message_id)).rowcount
    if changed != len(set(ids)):
        raise NotFound(
            f"{len(set(ids)) - changed} of the attachments do not exist or were sent before", "upload them again"
        )


def _select_messages(
    connection: Connection, conversation_id: UUID, where: Any, limit: int | None = None
) -> list[ConversationMessage]:
    query = select(messages).where(messages.c.conversation_id == conversation_id, where)
    rows = list(connection.execute(query.order_by(messages.c.id.desc()).limit(limit)).mappings())[::-1]
    files = _attachments_by_message(connection, conversation_id, [row["id"] for row in rows])
    names = [name for name in ConversationMessage.model_fields if name != "attachments"]
    return [
        ConversationMessage.model_validate(
            {name: row[name] for name in names} | {"attachments": [one for one in files if one.message_id == row["id"]]}
        )
        for row in rows
    ]


def _attachments_by_message(
    connection: Connection, conversation_id: UUID, message_ids: Sequence[UUID] | None
) -> list[Attachment]:
    columns = [column for column in attachments.c if column.name not in ("text", "project_id")]
    query = select(*columns, func.length(attachments.c.text).label("characters"))
    query = query.where(attachments.c.conversation_id == conversation_id)
    if message_ids is not None:
        query = query.where(attachments.c.message_id.in_(message_ids))
    rows = connection.execute(query.order_by(attachments.c.id)).mappings()
    return [_to_attachment(row, row["characters"]) for row in rows]


def _to_attachment(row: Any, characters: int) -> Attachment:
    values = {name: row[name] for name in Attachment.model_fields if name != "characters"}
    return Attachment.model_validate({**values, "characters": characters})
