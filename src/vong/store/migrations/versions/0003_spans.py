"""Create the spans in day partitions, and the function that searches their full-text index."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.database import REQUEST_ROLE
from vong.store.migrations import tenancy
from vong.store.schema import PROJECT_SETTING, project_column

revision = "0003"
down_revision = "0002"

WORDS = (
    "to_tsvector('simple'::regconfig, (((((('p'::text || replace(project_id::text, '-'::text, ''::text)) || ' '::text) "
    "|| name) || ' '::text) || input_text) || ' '::text) || output_text)"
)


def upgrade() -> None:
    op.create_table(
        "traces_spans",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("span_id", sa.Text, nullable=False),
        sa.Column("parent_span_id", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("duration_ms", sa.Double, nullable=False),
        sa.Column("first_token_ms", sa.Double),
        *(sa.Column(name, sa.Text) for name in ("model", "user", "session", "key")),
        *(sa.Column(name, sa.BigInteger) for name in ("input_tokens", "output_tokens", "cached_tokens", "cost")),
        *(sa.Column(name, sa.Text) for name in ("route", "route_version", "deployment", "model_version")),
        *(sa.Column(name, sa.Text) for name in ("dataset_version", "prompt_version", "index_version", "config_hash")),
        sa.Column("attributes", pg.JSONB, nullable=False),
        sa.Column("input_text", sa.Text, nullable=False),
        sa.Column("output_text", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.PrimaryKeyConstraint("project_id", "id", "started_at", name="traces_spans_pk"),
        postgresql_partition_by="RANGE (started_at)",
    )
    # The body is compressed already: PostgreSQL need not try again, and keeps it out of the row.
    op.execute("ALTER TABLE traces_spans ALTER COLUMN body SET STORAGE EXTERNAL")
    op.create_index("traces_spans_newest_ix", "traces_spans", ["project_id", "started_at", "id"])
    op.create_index("traces_spans_trace_ix", "traces_spans", ["project_id", "trace_id"])
    op.create_index("traces_spans_words_ix", "traces_spans", [sa.text(WORDS)], postgresql_using="gin")
    tenancy.protect("traces_spans", grants="SELECT")
    # Under row-level security PostgreSQL may not use a text index: matching is not leakproof, so it comes after the
    # policy. This function is the one door: it runs as the owner and holds the policy's own condition, written so that
    # the planner cannot take it for a cheap way in and then parse the text of every row of the project.
    own = f"nullif(current_setting('{PROJECT_SETTING}', true), '')::uuid"
    op.execute(
        f"""CREATE FUNCTION traces_matching(words text, since timestamptz, until timestamptz)
            RETURNS TABLE (id uuid, started_at timestamptz)
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
            AS $$
              SELECT s.id, s.started_at FROM traces_spans s
              WHERE s.project_id::text = {own}::text
                AND s.started_at >= since AND s.started_at < until
                AND {WORDS.replace("project_id", "s.project_id")}
                    @@ (('p' || replace({own}::text, '-', ''))::tsquery && websearch_to_tsquery('simple', words))
            $$"""  # noqa: S608
    )
    op.execute("REVOKE ALL ON FUNCTION traces_matching(text, timestamptz, timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION traces_matching(text, timestamptz, timestamptz) TO {REQUEST_ROLE}")
