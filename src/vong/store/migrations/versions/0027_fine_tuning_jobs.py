"""Create the table of fine-tuning jobs of OpenAI's API."""

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    pass
