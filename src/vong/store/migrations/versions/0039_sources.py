"""Add sources of documents, their items and their syncs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    _create_sources()
    _create_syncs()
    _create_items()
    for table in ("knowledge_sources", "knowledge_syncs", "knowledge_source_items"):
        tenancy.protect(table)


def _create_sources() -> None:
    op.create_table(
        "knowledge_sources",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("settings", pg.JSONB, nullable=False),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("every_hours", sa.Double),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("next_sync_at", sa.DateTime(timezone=True)),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("project_id", "base", "name", name="knowledge_sources_name_uq"),
    )
    op.create_index(
        "knowledge_sources_due_ix",
        "knowledge_sources",
        ["next_sync_at"],
        postgresql_where=sa.text("next_sync_at IS NOT NULL AND NOT paused"),
    )


def _create_syncs() -> None:
    op.create_table(
        "knowledge_syncs",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column(
            "source_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("knowledge_sources.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("job_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("force", sa.Boolean, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        # Why items may be missing from the list, so that no item may be deleted because of it.
        sa.Column("incomplete", sa.Text),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("total", "added", "changed", "unchanged", "deleted", "failed", "skipped")
        ),
        sa.Column("reason", sa.Text),
        sa.Column("hint", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_index("knowledge_syncs_newest_ix", "knowledge_syncs", ["source_id", "id"])
    op.create_index(
        "knowledge_syncs_active_uq",
        "knowledge_syncs",
        ["source_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )


def _create_items() -> None:
    op.create_table(
        "knowledge_source_items",
        project_column(),
        sa.Column(
            "source_id",
            pg.UUID(as_uuid=True),
            sa.ForeignKey("knowledge_sources.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        # What the source returned when the document was stored last.
        sa.Column("hash", sa.Text),
        sa.Column("raw_hash", sa.Text),
        sa.Column("revision", sa.Text),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("links", pg.JSONB, nullable=False),
        # The newest sync that listed the item, and what it did.
        sa.Column("sync_id", pg.UUID(as_uuid=True)),
        sa.Column("listed_revision", sa.Text),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("pending", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("hint", sa.Text),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("changed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("source_id", "key", name="knowledge_source_items_pk"),
    )
    op.create_index(
        "knowledge_source_items_pending_ix",
        "knowledge_source_items",
        ["source_id", "sync_id", "depth", "key"],
        postgresql_where=sa.text("pending"),
    )
    op.create_index("knowledge_source_items_path_ix", "knowledge_source_items", ["source_id", "path"])
