"""Add the tables of project files."""

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    pass
