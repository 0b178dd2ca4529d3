"""Add replicas of engines, the machines that run them, and events of deployments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.database import REQUEST_ROLE
from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0029"
down_revision = "0028"

DEPLOYMENT_COLUMNS = ("state", "model", "dataset", "engine_key", "previous")
REPLICA_COLUMNS = ("url", "token", "state", "models", "machine")
PROCESS_COLUMNS = (
    *("state", "restart", "launch", "url", "token", "pid", "started", "memory", "restarts", "failures"),
    *("launched_at", "retry_at", "answered_at"),
)
"""Columns that move from an engine to its replicas."""


def upgrade() -> None:
    op.add_column("serving_deployments", sa.Column("previous", pg.JSONB(none_as_null=True)))
    _create_machines()
    _create_replicas()
    # Machines were not recorded before. The first supervisor adopts the replicas without a machine.
    columns = ", ".join(PROCESS_COLUMNS)
    new = "project_id, engine_key, number, planned, models, load, since"
    values = "project_id, engine_key, 1, 0, '[]'::jsonb, '{}'::jsonb, now()"
    source = f"SELECT {values}, {columns} FROM serving_engines WHERE url IS NOT NULL"  # noqa: S608
    op.execute(f"INSERT INTO serving_replicas ({new}, {columns}) {source}")
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER serving_engines_announce_{event} ON serving_engines")
    for column in PROCESS_COLUMNS:
        op.drop_column("serving_engines", column)
    for column in (
        sa.Column("replicas", sa.Integer, nullable=False, server_default="1"),
        sa.Column("sleeping", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("scaling", pg.JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("plan", pg.JSONB, nullable=False, server_default=sa.text("'{}'")),
    ):
        op.add_column("serving_engines", column)
    op.execute("DROP TRIGGER serving_deployments_announce_update ON serving_deployments")
    _announce_updates("serving_deployments", DEPLOYMENT_COLUMNS)
    op.execute(
        "CREATE TRIGGER serving_replicas_announce_insert AFTER INSERT OR DELETE ON serving_replicas "
        "FOR EACH ROW EXECUTE FUNCTION gateway_announce()"
    )
    _announce_updates("serving_replicas", REPLICA_COLUMNS)
    op.create_table(
        "serving_events",
        project_column(),
        sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
        sa.Column("deployment", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("serving_events_deployment_ix", "serving_events", ["project_id", "deployment", "id"])
    tenancy.protect("serving_events")


def _create_machines() -> None:
    """Create the table of machines. Every project may read it: it holds no secrets."""
    op.create_table(
        "serving_machines",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("cores", sa.Integer, nullable=False),
        sa.Column("memory", sa.BigInteger, nullable=False),
        sa.Column("available", sa.BigInteger, nullable=False),
        sa.Column("gpus", pg.JSONB, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("evictable", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.execute("ALTER TABLE serving_machines ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY machines ON serving_machines FOR SELECT TO {REQUEST_ROLE} USING (true)")
    op.execute(f"GRANT SELECT ON serving_machines TO {REQUEST_ROLE}")


def _create_replicas() -> None:
    op.create_table(
        "serving_replicas",
        project_column(),
        sa.Column("engine_key", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("machine", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("restart", sa.Boolean, nullable=False),
        sa.Column("launch", pg.UUID(as_uuid=True)),
        sa.Column("url", sa.Text),
        sa.Column("token", sa.Text),
        sa.Column("pid", sa.Integer),
        sa.Column("started", sa.Float),
        sa.Column("memory", sa.BigInteger),
        sa.Column("planned", sa.BigInteger, nullable=False),
        sa.Column("models", pg.JSONB, nullable=False),
        sa.Column("load", pg.JSONB, nullable=False),
        sa.Column("restarts", sa.Integer, nullable=False),
        sa.Column("failures", pg.JSONB, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("launched_at", sa.DateTime(timezone=True)),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("project_id", "engine_key", "number", name="serving_replicas_pk"),
    )
    tenancy.protect("serving_replicas")


def _announce_updates(table: str, columns: tuple[str, ...]) -> None:
    """Announce an update of a row if one of these columns changed."""
    differs = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
    op.execute(
        f"CREATE TRIGGER {table}_announce_update AFTER UPDATE ON {table} FOR EACH ROW WHEN ({differs}) "
        "EXECUTE FUNCTION gateway_announce()"
    )
