"""Let deployments follow an alias and record the score of a deployment."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("serving_deployments", sa.Column("request", pg.JSONB(none_as_null=True)))
    op.add_column("serving_deployments", sa.Column("alias_failure", pg.JSONB(none_as_null=True)))
    op.add_column("serving_machines", sa.Column("application", sa.Text))
    op.add_column("serving_replicas", sa.Column("log_end", sa.Text))
