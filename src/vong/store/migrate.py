"""Bring a database to the newest schema: in one transaction, alone, after a backup."""

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from vong.errors import Misconfigured, Unavailable
from vong.store.backup import back_up
from vong.store.database import Database

if TYPE_CHECKING:
    from alembic.script import Script, ScriptDirectory

log = logging.getLogger(__name__)

LOCK = 0x766F6E67  # "vong": two processes that start at once migrate one after the other
PATIENCE = "120s"
MIGRATIONS = Path(__file__).parent / "migrations"
NUMBERED = re.compile(r"(\d{4})_\w+\.py")


def migrate(database: Database, backups: Path | None = None) -> list[str]:
    """Apply all missing migrations in one transaction, alone, and give the revisions that were applied.

    A database that holds something already is dumped into the folder `backups` first (never where that is None).
    Misconfigured where the database is newer than this code; Unavailable where somebody holds its tables too long.
    """
    try:
        with database.owner() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            current = revision(connection)
            applied = [] if current == newest() else _upgrade(connection, current, database.url, backups)
    except OperationalError as error:
        message = f"the database could not be migrated: {error.orig}"
        raise Unavailable(message, "is another process using it? nothing was changed; start again") from error
    if applied:
        log.info("migrated the database from %s to %s", current or "nothing", applied[-1])
    return applied


def _upgrade(connection: Connection, current: str | None, url: str, backups: Path | None) -> list[str]:
    from alembic import command  # half a second of imports, which a database at the newest schema is spared
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    missing = _missing(ScriptDirectory.from_config(config), current)
    if missing and current is not None and backups is not None:
        touches_spans = any("traces_spans" in Path(script.path).read_text("utf-8") for script in missing)
        back_up(url, backups, revision=current, spans=touches_spans)
    if missing:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return [script.revision for script in missing]


def revision(connection: Connection) -> str | None:
    """The schema's revision; None in a database that has never been migrated."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def newest() -> str:
    """The newest revision that this code has: the greatest number among its files."""
    numbers = (NUMBERED.match(file.name) for file in (MIGRATIONS / "versions").glob("*.py"))
    return max(found[1] for found in numbers if found)


def _missing(scripts: "ScriptDirectory", current: str | None) -> "list[Script]":
    """What is to be applied, oldest first."""
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise Misconfigured(
            f"the database is at revision {current!r}, which this version of Vong does not know: it is newer",
            "start the newer Vong, or restore the backup that it took before it migrated",
        )
    return list(reversed(list(scripts.iterate_revisions("heads", current or "base"))))
