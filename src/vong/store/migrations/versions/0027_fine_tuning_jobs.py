"""Create fine-tuning jobs of OpenAI's API with their events and checkpoints, and the names of fine-tuned models."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from vong.store.migrations import tenancy
from vong.store.schema import project_column

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    uuid, moment, json = pg.UUID(as_uuid=True), sa.DateTime(timezone=True), pg.JSONB(none_as_null=True)
    op.create_table(
        "gateway_fine_tuning_jobs",
        project_column(),
        sa.Column("id", uuid, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "model", "training_blob", "method", "status")),
        *(
            sa.Column(name, sa.Text)
            for name in ("provider", "validation_blob", "suffix", "dataset", "fine_tuned_model")
        ),
        sa.Column("training_file", uuid, nullable=False),
        *(
            sa.Column(name, uuid)
            for name in (
                "key_id",
                "user_id",
                "validation_file",
                "run_id",
                "job_id",
                "training_job_id",
                "last_entry",
                "result_file",
            )
        ),
        *(sa.Column(name, json, nullable=False) for name in ("method_settings", "run_settings")),
        *(sa.Column(name, json) for name in ("metadata", "integrations", "error")),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("trained_tokens", sa.BigInteger),
        sa.Column("created_at", moment, nullable=False),
        *(sa.Column(name, moment) for name in ("estimated_finish", "finished_at")),
    )
    op.create_index("gateway_fine_tuning_jobs_project_id_id_ix", "gateway_fine_tuning_jobs", ["project_id", "id"])
    _create_child_tables()


def _create_child_tables() -> None:
    uuid, moment, json = pg.UUID(as_uuid=True), sa.DateTime(timezone=True), pg.JSONB(none_as_null=True)
    for table in ("gateway_fine_tuning_events", "gateway_fine_tuning_checkpoints"):
        event = table.endswith("events")
        columns = (
            [
                *(sa.Column(name, sa.Text, nullable=False) for name in ("level", "message", "type")),
                sa.Column("data", json, nullable=False),
            ]
            if event
            else [
                sa.Column("step", sa.Integer, nullable=False),
                sa.Column("model", sa.Text, nullable=False),
                sa.Column("metrics", json, nullable=False),
            ]
        )
        op.create_table(
            table,
            project_column(),
            sa.Column("id", uuid, primary_key=True),
            sa.Column(
                "job_id",
                uuid,
                sa.ForeignKey("gateway_fine_tuning_jobs.id", ondelete="CASCADE", name=f"{table}_job_id_fk"),
                nullable=False,
            ),
            *columns,
            sa.Column("created_at", moment, nullable=False),
        )
        op.create_index(f"{table}_job_id_id_ix", table, ["job_id", "id"])
    op.create_table(
        "gateway_fine_tuned_models",
        project_column(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("model_ref", sa.Text),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="gateway_fine_tuned_models_pk"),
    )
    for table in (
        "gateway_fine_tuning_jobs",
        "gateway_fine_tuning_events",
        "gateway_fine_tuning_checkpoints",
        "gateway_fine_tuned_models",
    ):
        tenancy.protect(table)
    op.execute(
        "CREATE TRIGGER gateway_fine_tuned_models_announce_insert AFTER INSERT OR UPDATE OR DELETE "
        "ON gateway_fine_tuned_models FOR EACH ROW EXECUTE FUNCTION gateway_announce()"
    )
