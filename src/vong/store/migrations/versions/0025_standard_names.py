"""Rename tables, columns and stored names to the vocabulary of the glossary. All data is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

TABLES = {
    "access_answers": "access_idempotency_keys",
    "access_attempts": "access_login_attempts",
    "data_indexed": "data_index_state",
    "evals_answers": "evals_outputs",
    "gateway_answers": "gateway_cache",
    "gateway_batch_answers": "gateway_batch_results",
    "gateway_comparisons": "gateway_shadow_results",
    "traces_hours": "traces_hourly",
    "traces_tail": "traces_span_events",
}
COLUMNS = {
    "access_keys": {
        "deputy_of": "delegated_from_key_id",
        "deputy_of_user": "delegated_from_user_id",
        "shapes": "endpoints",
    },
    "access_login_attempts": {"at": "attempted_at"},
    "access_members": {"project": "project_id"},
    "access_sessions": {"project": "project_id"},
    "data_rows": {"first": "first_version", "last": "last_version"},
    "experiments_metrics": {"at": "recorded_at"},
    "feedback_harvested": {"at": "created_at"},
    "gateway_batches": {"kept_for": "output_ttl_seconds"},
    "gateway_cache": {
        "family": "semantic_group",
        "body": "response",
        "at": "created_at",
        "vector": "embedding",
    },
    "gateway_counters": {"begins": "window_start"},
    "gateway_leases": {"begins": "window_start", "worker": "server_id"},
    "gateway_ledger": {"at": "started_at"},
    "gateway_limits": {"on": "subject_type", "name": "subject", "what": "metric", "per": "window"},
    "gateway_providers": {"secret_end": "secret_suffix"},
    "gateway_shadow_results": {"of": "original_span_id", "false": "is_false_hit", "at": "created_at"},
    "jobs_jobs": {"rescues": "reclaims", "cancel_asked": "cancel_requested", "task": "queue_entry_id"},
    "jobs_log": {"at": "created_at"},
    "loop_canaries": {"before": "previous_targets", "trail": "evidence_history"},
    "serving_deployments": {"group": "engine_key", "wanted": "desired_state"},
    "serving_engines": {"group": "engine_key"},
    "traces_span_events": {"at": "created_at"},
}
INDEXES = {
    "gateway_cache_family_ix": "gateway_cache_semantic_group_ix",
    "gateway_ledger_at_ix": "gateway_ledger_started_at_ix",
    "traces_span_events_at_ix": "traces_span_events_created_at_ix",
}

FOLLOW_TABLE_NAME = """
DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT conname AS name FROM pg_constraint
    WHERE conrelid = '{new}'::regclass AND starts_with(conname, '{old}_') LOOP
    EXECUTE format('ALTER TABLE {new} RENAME CONSTRAINT %I TO %I', found.name,
      '{new}' || substr(found.name, length('{old}') + 1));
  END LOOP;
  FOR found IN SELECT indexname AS name FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = '{new}' AND starts_with(indexname, '{old}_') LOOP
    EXECUTE format('ALTER INDEX %I RENAME TO %I', found.name,
      '{new}' || substr(found.name, length('{old}') + 1));
  END LOOP;
END $$
"""

FUNCTIONS = {
    "traces_on_insert()": (
        ("traces_hours", "traces_hourly"),
        ("traces_tail (project_id, at, spans)", "traces_span_events (project_id, created_at, spans)"),
        ("traces_tail WHERE at <", "traces_span_events WHERE created_at <"),
    ),
    "jobs_defer(uuid, double precision)": (("SET task = entry", "SET queue_entry_id = entry"),),
    "jobs_abort(uuid)": (("SELECT task INTO entry", "SELECT queue_entry_id INTO entry"),),
}

# Settings of guards are the user's (a JSON schema may have any key), so only those of the length guard change.
RENAME_JSON = """
CREATE FUNCTION pg_temp.rename_keys(value jsonb, names jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(jsonb_object_agg(coalesce(names ->> key, key), item), '{}') FROM jsonb_each(value) AS t (key, item)
$$;
CREATE FUNCTION pg_temp.rename_json(value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  policy jsonb := '{"checked": "verify_rate", "agreement": "min_agreement", "pause": "open_seconds",
                    "at_once": "max_in_flight"}';
  lengths jsonb := '{"most_characters": "max_characters", "least_characters": "min_characters",
                     "most_words": "max_words"}';
BEGIN
  IF jsonb_typeof(value) = 'array' THEN
    RETURN (SELECT coalesce(jsonb_agg(pg_temp.rename_json(item) ORDER BY position), '[]')
      FROM jsonb_array_elements(value) WITH ORDINALITY AS items (item, position));
  ELSIF jsonb_typeof(value) <> 'object' THEN
    RETURN value;
  ELSIF value ->> 'guard' = 'personal' THEN
    RETURN jsonb_set(value, '{guard}', '"pii"');
  ELSIF value ->> 'guard' = 'length' AND value ? 'settings' THEN
    RETURN jsonb_set(value, '{settings}', pg_temp.rename_keys(value -> 'settings', lengths));
  ELSIF value ? 'guard' THEN
    RETURN value;
  ELSIF value ->> 'fact' = 'shape' THEN
    RETURN jsonb_set(value, '{fact}', '"endpoint"');
  END IF;
  RETURN (SELECT coalesce(jsonb_object_agg(key, pg_temp.rename_json(item)), '{}')
    FROM jsonb_each(pg_temp.rename_keys(value, policy)) AS t (key, item));
END $$
"""
JSON_COLUMNS = (
    ("gateway_routes", "policy"),
    ("gateway_routes", "tree"),
    ("gateway_route_versions", "policy"),
    ("gateway_route_versions", "tree"),
    ("gateway_guards", "guards"),
)

DATASET_OPERATION_KEYS = {
    "settings": '{"away_from": "exclude_splits"}',
    "changes": '{"held_back": "excluded", "known_already": "already_present"}',
}
VALUES = (
    "UPDATE gateway_limits SET \"window\" = 'lifetime' WHERE \"window\" = 'ever'",
    "UPDATE jobs_jobs SET kind = 'loop.run' WHERE kind = 'loop.turn'",
    "UPDATE procrastinate.procrastinate_jobs SET queue_name = 'loop.run' WHERE queue_name = 'loop.turn'",
    *(
        f"UPDATE loop_canaries SET {column} = jsonb_set({column}, '{{goal}}', '\"non_inferior\"') "  # noqa: S608
        f"WHERE {column} ->> 'goal' = 'not_worse'"
        for column in ("rules", "evidence")
    ),
    *(
        f"UPDATE data_versions SET operation = jsonb_set(operation, '{{{field}}}', "  # noqa: S608
        f"pg_temp.rename_keys(operation -> '{field}', '{names}'))"
        for field, names in DATASET_OPERATION_KEYS.items()
    ),
    "UPDATE traces_spans SET attributes = (attributes - 'vong.shape') "
    "|| jsonb_build_object('vong.endpoint', attributes -> 'vong.shape') WHERE attributes ? 'vong.shape'",
)


def upgrade() -> None:
    for old, new in TABLES.items():
        op.rename_table(old, new)
        op.execute(FOLLOW_TABLE_NAME.format(old=old, new=new))
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.alter_column(table, old, new_column_name=new)
    for old, new in INDEXES.items():
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")
    for function, replacements in FUNCTIONS.items():
        _rewrite(function, replacements)
    op.execute(sa.text(RENAME_JSON.replace(":", "\\:")))
    for table, column in JSON_COLUMNS:
        op.execute(f"UPDATE {table} SET {column} = pg_temp.rename_json({column}) WHERE {column} IS NOT NULL")  # noqa: S608
    for statement in VALUES:
        op.execute(sa.text(statement.replace(":", "\\:")))


def _rewrite(function: str, replacements: tuple[tuple[str, str], ...]) -> None:
    """Replace texts in the body of a function, which PostgreSQL does not rename with its tables."""
    connection = op.get_bind()
    query = "SELECT pg_get_functiondef(CAST(:function AS regprocedure))"
    definition = str(connection.scalar(sa.text(query), {"function": function}))
    for old, new in replacements:
        if old not in definition:
            raise ValueError(f"{function} does not contain {old!r}")
        definition = definition.replace(old, new)
    connection.exec_driver_sql(definition, execution_options={"no_parameters": True})
