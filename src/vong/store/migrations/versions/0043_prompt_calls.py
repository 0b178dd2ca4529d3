"""Index spans by prompt version, and announce changes of prompts to the servers that cache them."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_index(
        "traces_spans_prompt_version_ix",
        "traces_spans",
        ["project_id", "prompt_version", "started_at"],
        postgresql_where=sa.text("prompt_version IS NOT NULL"),
    )
    for table, event in (
        ("labels", "INSERT"),
        ("versions", "INSERT"),
        ("branches", "INSERT OR UPDATE OR DELETE"),
        ("prompts", "DELETE"),
    ):
        op.execute(
            f"CREATE TRIGGER prompts_{table}_announce AFTER {event} ON prompts_{table} "
            "FOR EACH ROW EXECUTE FUNCTION gateway_announce()"
        )
