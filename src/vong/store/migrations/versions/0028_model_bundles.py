"""Add the bundle of hashes and the exports of model versions."""

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    pass
