"""Add the tables of pipeline publications: publications, webhooks, schedules, conversations and facts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0045"
down_revision = "0044"

UUID = pg.UUID(as_uuid=True)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_publications()
    _create_webhooks()
    _create_schedules()
    _create_conversations()
    _create_facts()
    for table in (
        *("publications", "webhooks", "webhook_receipts", "deliveries", "schedules"),
        *("conversations", "messages", "attachments", "facts", "fact_consents"),
    ):
        tenancy.protect(f"pipelines_{table}")
    # Slugs are unique in the server, and the rows of other projects are not visible.
    op.execute(
        "CREATE FUNCTION pipelines_slug_is_taken(wanted text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER "
        "SET search_path = public AS 'SELECT EXISTS (SELECT FROM pipelines_publications WHERE slug = wanted)'"
    )
    # Servers cache the models that a project can call.
    op.execute(
        "CREATE TRIGGER pipelines_publications_announce AFTER INSERT OR UPDATE OR DELETE ON pipelines_publications "
        "FOR EACH ROW EXECUTE FUNCTION gateway_announce()"
    )


def _create_publications() -> None:
    op.create_table(
        "pipelines_publications",
        project_column(),
        sa.Column("pipeline", sa.Text, nullable=False),
        # Last part of the address of the chat page, which has no project.
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        # Key whose name, limits and budget the calls of the chat page have.
        sa.Column("key_id", UUID),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "pipeline", name="pipelines_publications_pk"),
        sa.UniqueConstraint("slug", name="pipelines_publications_slug_uq"),
    )


def _create_webhooks() -> None:
    op.create_table(
        "pipelines_webhooks",
        project_column(),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("token_hash", pg.BYTEA, nullable=False),
        sa.Column("secret", pg.BYTEA, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("key_id", UUID),
        sa.Column("user_id", UUID),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_used_at", TIME),
        sa.Column("last_error", sa.Text),
        sa.UniqueConstraint("project_id", "pipeline", "name", name="pipelines_webhooks_name_uq"),
        sa.UniqueConstraint("token_hash", name="pipelines_webhooks_token_hash_uq"),
    )
    # Ids of received messages, so that a message starts one run only.
    op.create_table(
        "pipelines_webhook_receipts",
        project_column(),
        sa.Column("webhook_id", UUID, _reference("pipelines_webhooks"), nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("run_id", UUID),
        sa.Column("received_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", "message_id", name="pipelines_webhook_receipts_pk"),
    )
    # Results of runs to send, also after the webhook received no message: schedules name one.
    op.create_table(
        "pipelines_deliveries",
        project_column(),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("webhook_id", UUID, _reference("pipelines_webhooks"), nullable=False),
        sa.Column("run_id", UUID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("deliver_at", TIME, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("pipelines_deliveries_webhook_id_ix", "pipelines_deliveries", ["webhook_id"])
    op.create_index(
        "pipelines_deliveries_deliver_at_ix",
        "pipelines_deliveries",
        ["deliver_at"],
        postgresql_where=sa.text("state = 'pending'"),
    )


def _create_schedules() -> None:
    op.create_table(
        "pipelines_schedules",
        project_column(),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("is_paused", sa.Boolean, nullable=False),
        sa.Column("key_id", UUID),
        sa.Column("user_id", UUID),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        # Null while the schedule is paused.
        sa.Column("next_run_at", TIME),
        sa.Column("last_run_at", TIME),
        sa.Column("last_run_id", UUID),
        sa.Column("last_error", sa.Text),
        sa.UniqueConstraint("project_id", "pipeline", "name", name="pipelines_schedules_name_uq"),
    )
    op.create_index("pipelines_schedules_next_run_at_ix", "pipelines_schedules", ["next_run_at"])


def _create_conversations() -> None:
    op.create_table(
        "pipelines_conversations",
        project_column(),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        # Person who talks: a user, a visitor of a chat page, or a name that the caller chose.
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("summary", sa.Text),
        # Last message that the summary contains.
        sa.Column("summarized_until", UUID),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
    )
    op.create_index("pipelines_conversations_person_ix", "pipelines_conversations", ["pipeline", "person"])
    op.create_index("pipelines_conversations_expires_at_ix", "pipelines_conversations", ["expires_at"])
    op.create_table(
        "pipelines_messages",
        project_column(),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("conversation_id", UUID, _reference("pipelines_conversations"), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("run_id", UUID),
        sa.Column("span_id", UUID),
        sa.Column("citations", pg.JSONB, nullable=False),
        sa.Column("suggestions", pg.JSONB, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("pipelines_messages_conversation_id_ix", "pipelines_messages", ["conversation_id"])
    op.create_table(
        "pipelines_attachments",
        project_column(),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("conversation_id", UUID, _reference("pipelines_conversations"), nullable=False),
        # Message with which it was sent; null before.
        sa.Column("message_id", UUID),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("is_truncated", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("pipelines_attachments_conversation_id_ix", "pipelines_attachments", ["conversation_id"])


def _create_facts() -> None:
    op.create_table(
        "pipelines_facts",
        project_column(),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("conversation_id", UUID, sa.ForeignKey("pipelines_conversations.id", ondelete="SET NULL")),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("project_id", "pipeline", "person", "text", name="pipelines_facts_text_uq"),
    )
    op.create_index("pipelines_facts_conversation_id_ix", "pipelines_facts", ["conversation_id"])
    op.create_table(
        "pipelines_fact_consents",
        project_column(),
        sa.Column("pipeline", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("consented_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "pipeline", "person", name="pipelines_fact_consents_pk"),
    )


def _reference(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
