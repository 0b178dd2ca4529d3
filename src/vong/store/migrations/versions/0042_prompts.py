"""Add the tables of prompts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.create_table(
        "prompts_prompts",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="prompts_prompts_pk"),
    )
    op.create_table(
        "prompts_versions",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        # JSON, not JSONB, which would change the order of keys: models answer in the order of a schema.
        sa.Column("template", pg.JSON, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("parents", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", "hash", name="prompts_versions_pk"),
        sa.UniqueConstraint("project_id", "name", "number", name="prompts_versions_number_uq"),
        _prompt("prompts_versions"),
    )
    op.create_table(
        "prompts_branches",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", "branch", name="prompts_branches_pk"),
        _prompt("prompts_branches"),
    )
    _create_labels()
    _create_comments()
    for table in ("prompts", "versions", "branches", "labels", "comments"):
        tenancy.protect(f"prompts_{table}")


def _create_labels() -> None:
    op.create_table(
        "prompts_labels",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        # Null if the label was removed.
        sa.Column("hash", sa.Text),
        sa.Column("evidence", pg.JSONB, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("decision", pg.UUID(as_uuid=True)),
        sa.Column("moved_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _prompt("prompts_labels"),
    )
    op.create_index("prompts_labels_name_ix", "prompts_labels", ["project_id", "name", "label", "id"])


def _create_comments() -> None:
    op.create_table(
        "prompts_comments",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("message", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _prompt("prompts_comments"),
    )
    op.create_index("prompts_comments_name_ix", "prompts_comments", ["project_id", "name", "hash", "id"])


def _prompt(table: str) -> sa.ForeignKeyConstraint:
    """Return the reference to the prompt. Everything of a prompt is deleted with it."""
    columns, targets = ["project_id", "name"], ["prompts_prompts.project_id", "prompts_prompts.name"]
    return sa.ForeignKeyConstraint(columns, targets, name=f"{table}_prompt_fk", ondelete="CASCADE")
