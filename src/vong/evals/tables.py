"""SQL tables of evaluations."""

from sqlalchemy import BigInteger, Column, DateTime, Double, ForeignKey, Index, Integer, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from vong.store.schema import project_table

runs = project_table(
    "evals_runs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("split", Text, nullable=False),
    Column("scorers", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("examples", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("scores", JSONB, nullable=False),
    Column("signatures", JSONB, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("latency_p50", Double),
    Column("latency_p95", Double),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("evals_runs_newest", "project_id", "id"),
)

outputs = project_table(
    "evals_outputs",
    Column("run_id", UUID(as_uuid=True), ForeignKey("evals_runs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("example", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("error", Text),
    Column("span_id", UUID(as_uuid=True)),
    Column("latency_ms", Double, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cost", BigInteger),
    Column("scores", JSONB, nullable=False),
    Column("statistics", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("run_id", "position", name="evals_outputs_pk"),
)
