"""Storage of the guards of a project. Every change is stored as a new version and announced to all servers."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from vong.errors import InvalidInput
from vong.gateway import tables
from vong.gateway.guards.registry import validate_configs
from vong.records import content_hash, new_id, now
from vong.records.guard import MAX_GUARDS, GuardConfig, ProjectGuards
from vong.store.encryption import lock_secrets


def validate_guards(configs: Sequence[GuardConfig]) -> None:
    """Validate the guards of a project or a route.

    Raises:
        NotFound: if a guard is not installed.
        InvalidInput: if there are too many guards, or the settings of one are invalid.
    """
    if len(configs) > MAX_GUARDS:
        raise InvalidInput(
            f"{len(configs)} guards exceed the maximum of {MAX_GUARDS}", "combine words and patterns in one guard"
        )
    validate_configs(configs)


def set_guards(connection: Connection, configs: Sequence[GuardConfig]) -> ProjectGuards:
    """Set the guards of all calls of a project. An empty list removes them.

    Setting the same guards again changes nothing. Servers apply a change within a second after the commit.
    """
    validate_guards(configs)
    lock_secrets(connection)
    old, version = project_guards(connection), _content_version(configs)
    if _content_version(old.guards) == version:  # a key rotation changes the content of a version
        return old
    new = ProjectGuards(version=version, guards=tuple(configs), changed_at=now())
    dumped = [use.model_dump(mode="json") for use in configs]
    values = {"id": new_id(), "version": version, "guards": dumped, "changed_at": new.changed_at}
    connection.execute(insert(tables.guards).values(values))
    return new


def project_guards(connection: Connection) -> ProjectGuards:
    """Return the current guards of all calls of a project."""
    found = guard_history(connection, limit=1)
    return found[0] if found else ProjectGuards(version=_content_version(()))


def guard_history(connection: Connection, *, limit: int = 50) -> list[ProjectGuards]:
    """Return the versions of the project's guards, newest first."""
    columns = tables.guards.c
    query = select(columns.version, columns.guards, columns.changed_at).order_by(columns.id.desc()).limit(limit)
    return [ProjectGuards.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def _content_version(configs: Sequence[GuardConfig]) -> str:
    return content_hash([use.model_dump(mode="json", exclude_defaults=True) for use in configs])[:12]
