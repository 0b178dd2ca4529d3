"""Add the tables of prompts."""

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    pass
