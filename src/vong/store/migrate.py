"""Database migration to the newest schema: one transaction, one process at a time, after a backup."""

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from vong.errors import Misconfigured, Unavailable
from vong.store.backup import back_up_database
from vong.store.database import Database

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

log = logging.getLogger(__name__)

MIGRATION_LOCK_ID = 0x766F6E67  # "vong" in ASCII: serializes the migrations of processes that start at the same time
LOCK_TIMEOUT = "120s"
MIGRATIONS_FOLDER = Path(__file__).parent / "migrations"
VERSION_FILE = re.compile(r"(\d{4})_\w+\.py")


def migrate(database: Database, backups: Path | None = None) -> list[str]:
    """Apply all missing migrations in one transaction and return the applied revisions.

    A database with data is first dumped into the folder `backups`. There is no dump if `backups` is None. Processes
    that migrate at the same time wait for each other.

    Raises:
        Misconfigured: the database is newer than this code.
        Unavailable: another session locked the tables for too long.
    """
    try:
        with database.owner() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK_ID})
            current = current_revision(connection)
            applied = [] if current == latest_revision() else _upgrade(connection, current, database.url, backups)
    except OperationalError as error:
        message = f"database could not be migrated: {error.orig}"
        raise Unavailable(
            message, "nothing was changed: stop other processes that use the database and start again"
        ) from error
    if applied:
        log.info("migrated the database from %s to %s", current or "nothing", applied[-1])
    return applied


def _upgrade(connection: Connection, current: str | None, url: str, backups: Path | None) -> list[str]:
    from alembic import command  # imported here: the import takes 0.5 s and is not needed for an up-to-date database
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_FOLDER))
    missing = _pending_migrations(ScriptDirectory.from_config(config), current)
    if missing and current is not None and backups is not None:
        touches_spans = any("traces_spans" in Path(script.path).read_text("utf-8") for script in missing)
        back_up_database(url, backups, revision=current, include_spans=touches_spans)
    if missing:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return [script.revision for script in missing]


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the schema. Returns None for a database that was never migrated."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def latest_revision() -> str:
    """Return the newest revision of this code: the greatest number among the migration files."""
    numbers = (VERSION_FILE.match(file.name) for file in (MIGRATIONS_FOLDER / "versions").glob("*.py"))
    return max(match[1] for match in numbers if match)


def _pending_migrations(scripts: "ScriptDirectory", current: str | None) -> "list[Script]":
    """Return the migrations to apply, oldest first."""
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise Misconfigured(
            f"database is at revision {current!r}, which is newer than this version of Vong",
            "start the newer Vong, or restore the backup from before its migration",
        )
    return list(reversed(list(scripts.iterate_revisions("heads", current or "base"))))
