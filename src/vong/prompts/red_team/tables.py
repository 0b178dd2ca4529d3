"""SQL tables of attack sets and red team runs."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

attack_sets = project_table(
    "prompts_red_team_sets",
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("attacks", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="prompts_red_team_sets_pk"),
)

runs = project_table(
    "prompts_red_team_runs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("target", Text, nullable=False),
    Column("subject", JSONB, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("sets", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("attacks", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("report", JSONB),
    Column("cost", BigInteger),
    Column("warnings", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("prompts_red_team_runs_newest_ix", "project_id", "target", "id"),
)

results = project_table(
    "prompts_red_team_results",
    Column("run_id", UUID(as_uuid=True), ForeignKey("prompts_red_team_runs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("attack", JSONB, nullable=False),
    Column("outcome", Text),
    Column("evidence", Text),
    Column("answer", Text),
    Column("blocked_by", Text),
    Column("span_id", UUID(as_uuid=True)),
    Column("error", Text),
    PrimaryKeyConstraint("run_id", "position", name="prompts_red_team_results_pk"),
)
