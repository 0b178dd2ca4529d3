"""Add the tables of pipelines."""

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    pass
