"""State of project files on the server: the hash with which each object was last applied."""

from collections.abc import Mapping

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from vong.access.tables import project_files as table
from vong.records import now


def read_hashes(connection: Connection) -> dict[str, str]:
    """Return the hashes of the objects that were applied from files, by key."""
    return {path: hash_ for path, hash_ in connection.execute(select(table.c.path, table.c.hash)).all()}


def store_hashes(connection: Connection, hashes: Mapping[str, str], by: str) -> None:
    """Record the hashes of all objects that the files contain. Objects without a file are forgotten."""
    connection.execute(delete(table).where(table.c.path.not_in(list(hashes))))
    if not hashes:
        return
    moment = now()
    rows = [{"path": key, "hash": hash_, "applied_by": by, "applied_at": moment} for key, hash_ in hashes.items()]
    statement = insert(table).values(rows)
    changed = {name: statement.excluded[name] for name in ("hash", "applied_by", "applied_at")}
    connection.execute(statement.on_conflict_do_update(constraint="access_project_files_pk", set_=changed))
