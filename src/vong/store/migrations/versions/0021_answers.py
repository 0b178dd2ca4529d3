"""Create the response cache and the comparison of response pairs."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "gateway_answers",
        project_column(),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("family", sa.LargeBinary),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.Column("span_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hits", sa.BigInteger, nullable=False),
        sa.Column("vector", HALFVEC(384)),
        sa.PrimaryKeyConstraint("project_id", "key", name="gateway_answers_pk"),
    )
    op.create_index("gateway_answers_family_ix", "gateway_answers", ["project_id", "family"])
    op.create_index("gateway_answers_expires_ix", "gateway_answers", ["expires_at"])
    op.create_table(
        "gateway_comparisons",
        project_column(),
        sa.Column("span_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("of", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("agreement", sa.Double),
        sa.Column("false", sa.Boolean),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "span_id", name="gateway_comparisons_pk"),
    )
    op.create_index("gateway_comparisons_route_ix", "gateway_comparisons", ["project_id", "route", "at"])
    for table in ("gateway_answers", "gateway_comparisons"):
        tenancy.protect(table)
