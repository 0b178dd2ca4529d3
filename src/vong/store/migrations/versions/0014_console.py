"""Create hourly usage, span events, filter indexes, full-text search of knowledge, and stored providers."""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects import postgresql as pg

from vong.store.database import REQUEST_ROLE
from vong.store.migrations import tenancy
from vong.store.schema import PROJECT_SETTING, project_column

revision = "0014"
down_revision = "0013"

OWN = f"nullif(current_setting('{PROJECT_SETTING}', true), '')::uuid"
COUNTED = """
  SELECT project_id, date_trunc('hour', started_at, 'UTC') AS hour, kind, coalesce(route, '') AS route,
    coalesce(model, '') AS model, coalesce(key, '') AS key, count(*) AS calls,
    count(*) FILTER (WHERE status = 'error') AS errors, sum(input_tokens)::bigint AS input_tokens,
    sum(output_tokens)::bigint AS output_tokens, sum(cost)::bigint AS cost, count(cost) AS priced,
    sum(traces_step(duration_ms)) AS durations, sum(traces_step(first_token_ms)) AS first_tokens
  FROM {source} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
"""
SUMS = ("calls", "errors", "priced")
MAYBE = ("input_tokens", "output_tokens", "cost", "durations", "first_tokens")
"""Null until the first span that has one."""


def upgrade() -> None:
    _hours()
    _tail()
    _on_insert()
    _indexes()
    _knowledge()
    _providers()
    _harvested()


def _hours() -> None:
    op.create_table(
        "traces_hours",
        project_column(),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "route", "model", "key")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("calls", "errors")),
        *(sa.Column(name, sa.BigInteger) for name in ("input_tokens", "output_tokens", "cost")),
        sa.Column("priced", sa.BigInteger, nullable=False),
        *(sa.Column(name, VECTOR(128)) for name in ("durations", "first_tokens")),
        sa.PrimaryKeyConstraint("project_id", "hour", "kind", "route", "model", "key", name="traces_hours_pk"),
    )
    tenancy.protect("traces_hours", grants="SELECT")
    # A histogram with one entry, in 128 steps from 0.5 ms up, each 11.5 % wider than the one before (to 500 s).
    op.execute(
        """CREATE FUNCTION traces_step(ms float8) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
             SELECT ('[' || repeat('0,', s) || '1' || repeat(',0', 127 - s) || ']')::vector(128)
             FROM (SELECT least(127, floor(ln(greatest(ms, 0.5) / 0.5) * 9.18))::int AS s) AS place
           $$"""
    )
    columns = ", ".join(("project_id", "hour", "kind", "route", "model", "key", *SUMS, *MAYBE))
    chosen = f"SELECT {columns} FROM ({COUNTED.format(source='traces_spans')}) AS counted"  # noqa: S608
    op.execute(f"INSERT INTO traces_hours ({columns}) {chosen}")


def _tail() -> None:
    op.create_table(
        "traces_tail",
        project_column(),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spans", pg.ARRAY(pg.UUID(as_uuid=True)), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "number", name="traces_tail_pk"),
    )
    op.create_index("traces_tail_at_ix", "traces_tail", ["at"])
    tenancy.protect("traces_tail", grants="SELECT")


def _on_insert() -> None:
    """Count and announce what a statement stored. The lock makes arrivals visible in the order of their numbers, and
    keeps two writers from updating the same hours crosswise.
    """
    columns = ", ".join(("project_id", "hour", "kind", "route", "model", "key", *SUMS, *MAYBE))
    more = ", ".join(
        [
            *(f"{name} = t.{name} + excluded.{name}" for name in SUMS),
            *(f"{name} = coalesce(t.{name} + excluded.{name}, t.{name}, excluded.{name})" for name in MAYBE),
        ]
    )
    counted = COUNTED.format(source="stored")
    op.execute(
        f"""CREATE FUNCTION traces_on_insert() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              PERFORM pg_advisory_xact_lock(hashtext('traces_on_insert'), hashtext(p::text))
                FROM (SELECT DISTINCT project_id AS p FROM stored ORDER BY 1) AS projects;
              INSERT INTO traces_hours AS t ({columns})
                SELECT {columns} FROM ({counted}) AS counted
                ON CONFLICT (project_id, hour, kind, route, model, key) DO UPDATE SET {more};
              INSERT INTO traces_tail (project_id, at, spans)
                SELECT project_id, clock_timestamp(), array_agg(id ORDER BY started_at, id) FROM stored
                GROUP BY project_id;
              IF random() < 0.01 THEN
                DELETE FROM traces_tail WHERE at < clock_timestamp() - interval '1 hour';
              END IF;
              PERFORM pg_notify('vong_traces', p::text) FROM (SELECT DISTINCT project_id AS p FROM stored) AS projects;
              RETURN NULL;
            END $$"""  # noqa: S608
    )
    op.execute(
        "CREATE TRIGGER traces_on_insert AFTER INSERT ON traces_spans REFERENCING NEW TABLE AS stored "
        "FOR EACH STATEMENT EXECUTE FUNCTION traces_on_insert()"
    )


def _indexes() -> None:
    """One for each filter of the list that may pick few spans out of many."""
    for name in ("kind", "model", "route", "deployment", "model_version", "user", "session", "key"):
        where = None if name == "kind" else sa.text(f'"{name}" IS NOT NULL')
        columns = ["project_id", name, "started_at"]
        op.create_index(f"traces_spans_{name}_ix", "traces_spans", columns, postgresql_where=where)
    op.create_index("traces_spans_slow_ix", "traces_spans", ["project_id", "duration_ms"])
    # Parsing the text of a row is dear: the planner shall take the text index wherever it can.
    op.execute("ALTER FUNCTION traces_matching(text, timestamptz, timestamptz) SET cpu_operator_cost = 0.25")
    where = sa.text("status = 'error'")
    op.create_index("traces_spans_errors_ix", "traces_spans", ["project_id", "started_at"], postgresql_where=where)


def _knowledge() -> None:
    # As with traces_matching: under row-level security a text index may not be used, so the owner looks, for one
    # project and one base.
    op.execute(
        f"""CREATE FUNCTION knowledge_matching(wanted text, words_of tsquery, most integer)
            RETURNS TABLE (id uuid, rank real)
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
            AS $$
              SELECT c.id, ts_rank_cd(c.words, words_of, 1) FROM knowledge_chunks c
              WHERE c.project_id = {OWN} AND c.base = wanted AND c.words @@ words_of
              ORDER BY 2 DESC, 1 LIMIT most
            $$"""  # noqa: S608
    )
    op.execute(
        f"""CREATE FUNCTION knowledge_holding(wanted text, word tsquery) RETURNS bigint
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
            AS $$
              SELECT count(*) FROM knowledge_chunks c
              WHERE c.project_id = {OWN} AND c.base = wanted AND c.words @@ word
            $$"""  # noqa: S608
    )
    for function in ("knowledge_matching(text, tsquery, integer)", "knowledge_holding(text, tsquery)"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {REQUEST_ROLE}")


def _providers() -> None:
    op.create_table(
        "gateway_providers",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("base_url", sa.Text),
        sa.Column("secret", sa.LargeBinary),
        sa.Column("secret_end", sa.Text),
        sa.Column("timeout", sa.Double, nullable=False),
        sa.Column("models", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="gateway_providers_pk"),
    )
    tenancy.protect("gateway_providers")


def _harvested() -> None:
    op.create_table(
        "feedback_harvested",
        project_column(),
        sa.Column("span_id", pg.UUID(as_uuid=True), nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "span_id", "dataset", name="feedback_harvested_pk"),
    )
    tenancy.protect("feedback_harvested", grants="SELECT, INSERT")
