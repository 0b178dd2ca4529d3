"""Add the tables of prompt calls."""

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    pass
