"""Heads of branches: the version at which each branch of a prompt ends."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.prompts import tables
from vong.records import now


def find_head(connection: Connection, name: str, branch: str) -> str | None:
    """Return the hash at the head of a branch, or None if there is no such branch."""
    columns = tables.branches.c
    return connection.scalar(select(columns.hash).where((columns.name == name) & (columns.branch == branch)))


def list_branch_names(connection: Connection, name: str) -> list[str]:
    """Return the names of the branches of a prompt."""
    columns = tables.branches.c
    return list(connection.scalars(select(columns.branch).where(columns.name == name).order_by(columns.branch)))


def move_head(connection: Connection, name: str, branch: str, hash_: str, by: str) -> None:
    """Let a branch end at a version. The branch is created if it does not exist."""
    time = now()
    values = {"name": name, "branch": branch, "hash": hash_, "created_by": by, "created_at": time, "updated_at": time}
    changed = {"hash": hash_, "updated_at": time}
    statement = upsert(tables.branches).values(values)
    connection.execute(statement.on_conflict_do_update(constraint="prompts_branches_pk", set_=changed))
