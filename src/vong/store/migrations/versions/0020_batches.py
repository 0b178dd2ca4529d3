"""Create files and batches of calls, results of running batches, and the failed flag of the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    uuid, moment = pg.UUID(as_uuid=True), sa.DateTime(timezone=True)
    op.create_table(
        "gateway_files",
        project_column(),
        sa.Column("id", uuid, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("filename", "purpose", "blob", "actor")),
        sa.Column("key_id", uuid),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment),
    )
    op.create_index("gateway_files_project_id_id_ix", "gateway_files", ["project_id", "id"])
    op.create_table(
        "gateway_batches",
        project_column(),
        sa.Column("id", uuid, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("endpoint", "window", "status", "actor", "blob")),
        *(sa.Column(name, uuid) for name in ("key_id", "user_id", "output_file", "error_file")),
        sa.Column("input_file", uuid, nullable=False),
        *(sa.Column(name, pg.JSONB(none_as_null=True)) for name in ("metadata", "errors")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("total", "completed", "failed")),
        sa.Column("kept_for", sa.Integer),
        *(sa.Column(name, moment, nullable=False) for name in ("created_at", "expires_at")),
        *(
            sa.Column(f"{name}_at", moment)
            for name in ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
        ),
    )
    op.create_index("gateway_batches_project_id_id_ix", "gateway_batches", ["project_id", "id"])
    op.create_table(
        "gateway_batch_answers",
        project_column(),
        sa.Column(
            "batch_id",
            uuid,
            sa.ForeignKey("gateway_batches.id", ondelete="CASCADE", name="gateway_batch_answers_batch_id_fk"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("ok", sa.Boolean, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "number", name="gateway_batch_answers_pk"),
    )
    for table in ("gateway_files", "gateway_batches", "gateway_batch_answers"):
        tenancy.protect(table)
    op.add_column("gateway_ledger", sa.Column("failed", sa.Boolean, nullable=False, server_default="false"))
    op.execute(
        """UPDATE gateway_ledger line SET failed = true FROM traces_spans span
           WHERE span.project_id = line.project_id AND span.id = line.id AND span.status = 'error'"""
    )
