"""SQL tables of the gateway."""

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from vong.store.schema import project_table

CHANGES_CHANNEL = "vong_gateway"
"""Channel of changes of routes, providers and deployments. The payload is the project's id."""
PRINCIPALS_CHANNEL = "vong_callers"
"""Channel of changes of keys, sessions, users and memberships."""

routes = project_table(
    "gateway_routes",
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("targets", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("policy", JSONB(none_as_null=True)),
    Column("tree", JSONB(none_as_null=True)),
    PrimaryKeyConstraint("project_id", "name", name="gateway_routes_pk"),
)

route_versions = project_table(
    "gateway_route_versions",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("name", Text, nullable=False, index=True),
    Column("version", Text, nullable=False),
    Column("targets", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("policy", JSONB(none_as_null=True)),
    Column("tree", JSONB(none_as_null=True)),
    # The release or the gate decisions that caused the version, and who changed it.
    Column("cause", JSONB(none_as_null=True)),
)

providers = project_table(
    "gateway_providers",
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("base_url", Text),
    Column("secret", LargeBinary),
    Column("secret_suffix", Text),
    Column("timeout", Double, nullable=False),
    Column("models", ARRAY(Text), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="gateway_providers_pk"),
)

prices = project_table(
    "gateway_prices",
    Column("target", Text, nullable=False),
    Column("price", JSONB, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "target", name="gateway_prices_pk"),
)

limits = project_table(
    "gateway_limits",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("subject_type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("project_id", "subject_type", "subject", "metric", "window", name="gateway_limits_uq"),
)

counters = project_table(
    "gateway_counters",
    Column("limit_id", UUID(as_uuid=True), ForeignKey("gateway_limits.id", ondelete="CASCADE"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("window_start", DateTime(timezone=True), nullable=False),
    Column("used", BigInteger, nullable=False),
    PrimaryKeyConstraint("limit_id", "subject", "window_start", name="gateway_counters_pk"),
)

# Quota that a server may spend without a query. The sum of `used` and of all leases never exceeds the limit.
leases = project_table(
    "gateway_leases",
    Column("limit_id", UUID(as_uuid=True), ForeignKey("gateway_limits.id", ondelete="CASCADE"), nullable=False),
    Column("subject", Text, nullable=False),
    Column("window_start", DateTime(timezone=True), nullable=False),
    Column("server_id", UUID(as_uuid=True), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("limit_id", "subject", "window_start", "server_id", name="gateway_leases_pk"),
)

# Guards of all calls of a project with their history: the newest row applies.
guards = project_table(
    "gateway_guards",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("version", Text, nullable=False),
    Column("guards", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("gateway_guards_newest_ix", "project_id", "id"),
)

# One row per call, written with its span and never changed.
ledger = project_table(
    "gateway_ledger",
    Column("id", UUID(as_uuid=True), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("key", Text),
    Column("user", Text),
    Column("model", Text),
    Column("route", Text),
    Column("tags", ARRAY(Text), nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("cost", BigInteger),
    Column("failed", Boolean, nullable=False, server_default="false"),
    PrimaryKeyConstraint("project_id", "id", name="gateway_ledger_pk"),
    Index("gateway_ledger_started_at_ix", "project_id", "started_at"),
)

# Response cache. `key` is a hash of all that a response depends on; entries that a semantic lookup may match with each
# other have the same `semantic_group`.
cache_entries = project_table(
    "gateway_cache",
    Column("key", LargeBinary, nullable=False),
    Column("semantic_group", LargeBinary),
    Column("route", Text, nullable=False),
    Column("response", LargeBinary, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("span_id", UUID(as_uuid=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("hits", BigInteger, nullable=False),
    Column("embedding", HALFVEC(384)),
    PrimaryKeyConstraint("project_id", "key", name="gateway_cache_pk"),
    Index("gateway_cache_semantic_group_ix", "project_id", "semantic_group"),
    Index("gateway_cache_expires_ix", "expires_at"),
)

# Shadow results: the response that the caller received, and the one of another target, or of the same target again.
shadow_results = project_table(
    "gateway_shadow_results",
    Column("span_id", UUID(as_uuid=True), nullable=False),
    Column("original_span_id", UUID(as_uuid=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("agreement", Double),
    Column("is_false_hit", Boolean),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "span_id", name="gateway_shadow_results_pk"),
    Index("gateway_shadow_results_route_ix", "project_id", "route", "created_at"),
)

files = project_table(
    "gateway_files",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("filename", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("blob", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key_id", UUID(as_uuid=True)),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Index("gateway_files_project_id_id_ix", "project_id", "id"),
)

batches = project_table(
    "gateway_batches",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("endpoint", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("actor", Text, nullable=False),
    # The key or user in whose name the batch calls.
    Column("key_id", UUID(as_uuid=True)),
    Column("user_id", UUID(as_uuid=True)),
    Column("input_file", UUID(as_uuid=True), nullable=False),
    Column("blob", Text, nullable=False),
    Column("output_file", UUID(as_uuid=True)),
    Column("error_file", UUID(as_uuid=True)),
    Column("metadata", JSONB(none_as_null=True)),
    Column("errors", JSONB(none_as_null=True)),
    Column("total", Integer, nullable=False),
    Column("completed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    # Seconds after which the result files expire; null for no expiry.
    Column("output_ttl_seconds", Integer),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("in_progress_at", DateTime(timezone=True)),
    Column("finalizing_at", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    Column("failed_at", DateTime(timezone=True)),
    Column("expired_at", DateTime(timezone=True)),
    Column("cancelling_at", DateTime(timezone=True)),
    Column("cancelled_at", DateTime(timezone=True)),
    Index("gateway_batches_project_id_id_ix", "project_id", "id"),
)

# Results of a running batch, until they are written to its files.
batch_results = project_table(
    "gateway_batch_results",
    Column("batch_id", UUID(as_uuid=True), ForeignKey("gateway_batches.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("line", Text, nullable=False),
    PrimaryKeyConstraint("batch_id", "number", name="gateway_batch_results_pk"),
)

fine_tuning_jobs = project_table(
    "gateway_fine_tuning_jobs",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("training_blob", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("provider", Text),
    Column("validation_blob", Text),
    Column("suffix", Text),
    Column("dataset", Text),
    Column("fine_tuned_model", Text),
    Column("training_file", UUID(as_uuid=True), nullable=False),
    Column("key_id", UUID(as_uuid=True)),
    Column("user_id", UUID(as_uuid=True)),
    Column("validation_file", UUID(as_uuid=True)),
    # The training run of the job, the job that follows it and the job that trains.
    Column("run_id", UUID(as_uuid=True)),
    Column("job_id", UUID(as_uuid=True)),
    Column("training_job_id", UUID(as_uuid=True)),
    Column("last_entry", UUID(as_uuid=True)),
    Column("result_file", UUID(as_uuid=True)),
    Column("method_settings", JSONB(none_as_null=True), nullable=False),
    Column("run_settings", JSONB(none_as_null=True), nullable=False),
    Column("metadata", JSONB(none_as_null=True)),
    Column("integrations", JSONB(none_as_null=True)),
    Column("error", JSONB(none_as_null=True)),
    Column("seed", BigInteger, nullable=False),
    Column("trained_tokens", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("estimated_finish", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Index("gateway_fine_tuning_jobs_project_id_id_ix", "project_id", "id"),
)

fine_tuning_events = project_table(
    "gateway_fine_tuning_events",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("job_id", UUID(as_uuid=True), ForeignKey("gateway_fine_tuning_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("data", JSONB(none_as_null=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("gateway_fine_tuning_events_job_id_id_ix", "job_id", "id"),
)

fine_tuning_checkpoints = project_table(
    "gateway_fine_tuning_checkpoints",
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("job_id", UUID(as_uuid=True), ForeignKey("gateway_fine_tuning_jobs.id", ondelete="CASCADE"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("metrics", JSONB(none_as_null=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("gateway_fine_tuning_checkpoints_job_id_id_ix", "job_id", "id"),
)

# Names of fine-tuned models and the targets that they call.
fine_tuned_models = project_table(
    "gateway_fine_tuned_models",
    Column("name", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("model_ref", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("project_id", "name", name="gateway_fine_tuned_models_pk"),
)
