"""Bring a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from vong.store.database import Database

LOCK = 0x766F6E67  # "vong": two processes that start at once migrate one after the other


def migrate(database: Database) -> None:
    """Apply all missing migrations in one transaction, alone."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.owner() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
