"""SQL tables of evaluations."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

import vong.evals.judge_tables  # pyright: ignore[reportUnusedImport]: declares tables
import vong.evals.monitor_tables  # noqa: F401 # pyright: ignore[reportUnusedImport]: declares tables
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
    Column("truncated", Integer, nullable=False, server_default="0"),
    Column("warnings", JSONB, nullable=False, server_default=text("'[]'")),
    Column("suite_run", UUID(as_uuid=True), index=True),
    Column("source", Text),
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
    Column("message", JSONB(none_as_null=True)),
    Column("samples", JSONB(none_as_null=True)),
    Column("finish_reason", Text),
    Column("error", Text),
    Column("span_id", UUID(as_uuid=True)),
    Column("latency_ms", Double, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cost", BigInteger),
    Column("scores", JSONB, nullable=False),
    Column("statistics", JSONB, nullable=False),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("warnings", JSONB, nullable=False, server_default=text("'[]'")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("run_id", "position", name="evals_outputs_pk"),
)

suites = project_table(
    "evals_suites",
    Column("name", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("entries", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", "number", name="evals_suites_pk"),
)

suite_runs = project_table(
    "evals_suite_runs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("suite", Text, nullable=False),
    Column("suite_name", Text, nullable=False),
    Column("suite_hash", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("passed", Boolean),
    Column("options", JSONB, nullable=False),
    Column("runs", JSONB, nullable=False),
    Column("metrics", JSONB, nullable=False),
    Column("checks", JSONB, nullable=False),
    Column("slices", JSONB, nullable=False),
    Column("examples", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("truncated", Integer, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Index("evals_suite_runs_newest", "project_id", "suite_name", "id"),
)

# Gates: append-only, a new version of a policy is a new row.
gate_policies = project_table(
    "evals_gate_policies",
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("pattern", Text, nullable=False),
    Column("requirements", JSONB, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", "version", name="evals_gate_policies_pk"),
)

gate_decisions = project_table(
    "evals_gate_decisions",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("decision", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("evals_gate_decisions_subject_ix", "project_id", "kind", "name", "id"),
)

gate_approvals = project_table(
    "evals_gate_approvals",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("comment", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "kind", "name", "candidate", "approved_by", name="evals_gate_approvals_uq"),
)
