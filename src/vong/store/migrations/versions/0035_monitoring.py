"""Add continuous evaluations and triggers of the loop."""

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Change nothing yet."""
