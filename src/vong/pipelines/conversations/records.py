"""Records of conversations."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from vong.records import Record

MessageRole = Literal["user", "assistant"]


class PipelineConversation(Record):
    """Conversation of a person with a pipeline. `summary` is that of the messages that no longer fit the memory."""

    id: UUID
    pipeline: str
    person: str
    title: str | None = None
    summary: str | None = None
    summarized_until: UUID | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None


class Attachment(Record):
    """Document that a person attached. Its text is what a run gets."""

    id: UUID
    filename: str
    media_type: str
    size: int
    characters: int
    is_truncated: bool
    message_id: UUID | None = None
    created_at: datetime


class ConversationMessage(Record):
    """Message of a conversation. That of the assistant has its run, its span and its citations."""

    id: UUID
    role: MessageRole
    text: str
    error: str | None = None
    run_id: UUID | None = None
    span_id: UUID | None = None
    citations: tuple[dict[str, Any], ...] = ()
    suggestions: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    created_at: datetime


class Fact(Record):
    """Fact about a person, collected from a conversation."""

    id: UUID
    text: str
    conversation_id: UUID | None = None
    created_at: datetime


class FactSettings(Record):
    """Consent of a person to keep facts. Without it, none are kept; withdrawing it deletes all."""

    consent: bool


class PersonFacts(Record):
    """Facts that are kept about a person for one pipeline, and if the person has agreed to it.

    `offered` is false if the publication keeps no facts at all.
    """

    pipeline: str
    person: str
    consent: bool
    offered: bool = True
    facts: tuple[Fact, ...] = ()
