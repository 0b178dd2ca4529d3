"""The guards of all a project's calls: each change kept, and heard of by every server."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from vong.errors import InvalidInput
from vong.gateway import tables
from vong.gateway.guards.registry import check
from vong.records import content_hash, new_id, now
from vong.records.guard import GuardConfig, ProjectGuards

MOST = 50
"""Guards that a project, or a route, may have."""


def well_guarded(uses: Sequence[GuardConfig]) -> None:
    """InvalidInput or NotFound where one of these cannot stand guard as it is set."""
    if len(uses) > MOST:
        raise InvalidInput(f"more than {MOST} guards", "put words and patterns into one guard")
    check(uses)


def put_guards(connection: Connection, uses: Sequence[GuardConfig]) -> ProjectGuards:
    """Set the guards of all calls; none removes them. The same again changes nothing. Servers follow within a second
    of the commit.
    """
    well_guarded(uses)
    old, version = project_guards(connection), _version(uses)
    if old.version == version:
        return old
    made = ProjectGuards(version=version, guards=tuple(uses), changed_at=now())
    dumped = [use.model_dump(mode="json") for use in uses]
    values = {"id": new_id(), "version": version, "guards": dumped, "changed_at": made.changed_at}
    connection.execute(insert(tables.guards).values(values))
    return made


def project_guards(connection: Connection) -> ProjectGuards:
    """The guards of all calls at this moment."""
    found = guard_history(connection, limit=1)
    return found[0] if found else ProjectGuards(version=_version(()))


def guard_history(connection: Connection, *, limit: int = 50) -> list[ProjectGuards]:
    """How they stood, newest first."""
    columns = tables.guards.c
    query = select(columns.version, columns.guards, columns.changed_at).order_by(columns.id.desc()).limit(limit)
    return [ProjectGuards.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def _version(uses: Sequence[GuardConfig]) -> str:
    return content_hash([use.model_dump(mode="json", exclude_defaults=True) for use in uses])[:12]
