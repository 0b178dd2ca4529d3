"""Create limits and budgets, their counters and leases, and the ledger of all calls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "gateway_limits",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("on", "name", "what", "per")),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("project_id", "on", "name", "what", "per", name="gateway_limits_uq"),
    )
    for table, worker in (("gateway_counters", False), ("gateway_leases", True)):
        key = ["limit_id", "subject", "begins", *(["worker"] if worker else [])]
        op.create_table(
            table,
            project_column(),
            sa.Column(
                "limit_id",
                pg.UUID(as_uuid=True),
                sa.ForeignKey("gateway_limits.id", ondelete="CASCADE", name=f"{table}_limit_id_fk"),
                nullable=False,
            ),
            sa.Column("subject", sa.Text, nullable=False),
            sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
            *([sa.Column("worker", pg.UUID(as_uuid=True), nullable=False)] if worker else []),
            sa.Column("amount" if worker else "used", sa.BigInteger, nullable=False),
            *([sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False)] if worker else []),
            sa.PrimaryKeyConstraint(*key, name=f"{table}_pk"),
        )
    op.create_table(
        "gateway_ledger",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text) for name in ("key", "user", "model", "route")),
        sa.Column("tags", pg.ARRAY(sa.Text), nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("input_tokens", "output_tokens", "cached_tokens", "cost")),
        sa.PrimaryKeyConstraint("project_id", "id", name="gateway_ledger_pk"),
    )
    op.create_index("gateway_ledger_at_ix", "gateway_ledger", ["project_id", "at"])
    for table in ("gateway_limits", "gateway_counters", "gateway_leases"):
        tenancy.protect(table)
    tenancy.protect("gateway_ledger", grants="SELECT, INSERT")
