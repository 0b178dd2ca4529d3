"""SQL tables of publications, webhooks, schedules, conversations and facts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, UUID

from vong.store.schema import project_table

publications = project_table(
    "pipelines_publications",
    Column("pipeline", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("key_id", UUID(as_uuid=True)),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "pipeline", name="pipelines_publications_pk"),
    UniqueConstraint("slug", name="pipelines_publications_slug_uq"),
)

webhooks = project_table(
    "pipelines_webhooks",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("token_hash", BYTEA, nullable=False),
    Column("secret", BYTEA, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("key_id", UUID(as_uuid=True)),
    Column("user_id", UUID(as_uuid=True)),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    Column("last_error", Text),
    UniqueConstraint("project_id", "pipeline", "name", name="pipelines_webhooks_name_uq"),
    UniqueConstraint("token_hash", name="pipelines_webhooks_token_hash_uq"),
)

webhook_receipts = project_table(
    "pipelines_webhook_receipts",
    Column("webhook_id", UUID(as_uuid=True), ForeignKey("pipelines_webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("run_id", UUID(as_uuid=True)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("webhook_id", "message_id", name="pipelines_webhook_receipts_pk"),
)

deliveries = project_table(
    "pipelines_deliveries",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("webhook_id", UUID(as_uuid=True), ForeignKey("pipelines_webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("run_id", UUID(as_uuid=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("deliver_at", DateTime(timezone=True), nullable=False),
    Column("error", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("pipelines_deliveries_webhook_id_ix", "webhook_id"),
    Index("pipelines_deliveries_deliver_at_ix", "deliver_at", postgresql_where=text("state = 'pending'")),
)

schedules = project_table(
    "pipelines_schedules",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("key_id", UUID(as_uuid=True)),
    Column("user_id", UUID(as_uuid=True)),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("next_run_at", DateTime(timezone=True)),
    Column("last_run_at", DateTime(timezone=True)),
    Column("last_run_id", UUID(as_uuid=True)),
    Column("last_error", Text),
    UniqueConstraint("project_id", "pipeline", "name", name="pipelines_schedules_name_uq"),
    Index("pipelines_schedules_next_run_at_ix", "next_run_at"),
)

conversations = project_table(
    "pipelines_conversations",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("title", Text),
    Column("summary", Text),
    Column("summarized_until", UUID(as_uuid=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Index("pipelines_conversations_person_ix", "pipeline", "person"),
    Index("pipelines_conversations_expires_at_ix", "expires_at"),
)

messages = project_table(
    "pipelines_messages",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column(
        "conversation_id",
        UUID(as_uuid=True),
        ForeignKey("pipelines_conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("role", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("error", Text),
    Column("run_id", UUID(as_uuid=True)),
    Column("span_id", UUID(as_uuid=True)),
    Column("citations", JSONB, nullable=False),
    Column("suggestions", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("pipelines_messages_conversation_id_ix", "conversation_id"),
)

attachments = project_table(
    "pipelines_attachments",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column(
        "conversation_id",
        UUID(as_uuid=True),
        ForeignKey("pipelines_conversations.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("message_id", UUID(as_uuid=True)),
    Column("filename", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("is_truncated", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("pipelines_attachments_conversation_id_ix", "conversation_id"),
)

facts = project_table(
    "pipelines_facts",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("pipeline", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("conversation_id", UUID(as_uuid=True), ForeignKey("pipelines_conversations.id", ondelete="SET NULL")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "pipeline", "person", "text", name="pipelines_facts_text_uq"),
    Index("pipelines_facts_conversation_id_ix", "conversation_id"),
)

fact_consents = project_table(
    "pipelines_fact_consents",
    Column("pipeline", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("consented_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "pipeline", "person", name="pipelines_fact_consents_pk"),
)

page_messages = project_table(
    "pipelines_page_messages",
    Column("slug", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("minute", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("project_id", "slug", "subject", "minute", name="pipelines_page_messages_pk"),
)
