"""Add the tables of prompt optimiser."""

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    pass
