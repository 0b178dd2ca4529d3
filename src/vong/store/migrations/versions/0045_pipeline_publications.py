"""Add the tables of pipeline publications."""

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    pass
