"""Database dump before a migration."""

import logging
import os
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vong.errors import Unavailable
from vong.records import now
from vong.store.database import libpq_url
from vong.store.postgres.server import executables_folder

log = logging.getLogger(__name__)

MAX_BACKUPS = 5
"""Dumps that stay on disk. Older dumps are deleted after a new one."""


def back_up_database(url: str, folder: Path, *, revision: str, include_spans: bool) -> Path:
    """Dump the database into `folder/TIME-REVISION.dump` with `pg_dump`, for `pg_restore`.

    The dump holds the whole schema and all data. Span rows are included only if `include_spans` is set: they are most
    of the bytes, and a migration that does not name their table does not change them.

    Raises:
        Unavailable: the dump failed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{now():%Y%m%dT%H%M%S%fZ}-{revision}.dump"
    partial = target.with_suffix(".partial")
    address = {name: str(value) for name, value in conninfo_to_dict(libpq_url(url)).items()}
    # The password is passed in the environment, because every user of the machine can read a command line.
    environment = {"PATH": os.defpath, "PGPASSWORD": address.pop("password", "")}
    command = [str(executables_folder() / "pg_dump"), "--dbname", make_conninfo("", **address), "--file", str(partial)]
    command += ["--format=custom", "--compress=gzip:1", "--no-comments"]
    if not include_spans:
        command += ["--exclude-table-data=traces_spans_*"]
    log.info("backing up the database (revision %s) to %s", revision, target)
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    except (subprocess.CalledProcessError, OSError) as error:
        partial.unlink(missing_ok=True)
        reason = str(error.stderr).strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        raise Unavailable(
            f"backup before the migration failed, so nothing was migrated: {reason}",
            f"check that {folder} has free space and that pg_dump is not older than your PostgreSQL",
        ) from error
    partial.replace(target)
    for old in sorted(folder.glob("*.dump"))[:-MAX_BACKUPS]:
        old.unlink()
    return target
