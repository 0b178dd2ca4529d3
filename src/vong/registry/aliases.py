"""Aliases: names such as `prod` that point to a model version; each change is stored with its reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from vong.errors import PreconditionFailed
from vong.records import Record, new_id, now
from vong.records.name import check_versioned_name
from vong.registry import tables
from vong.registry.versions import find

PROTECTED_ALIAS = "prod"
"""Alias that changes only with evidence or with an explicit reason."""


class AliasChange(Record):
    """One change of an alias: the version it points to from then on, why, and who changed it."""

    id: UUID
    name: str
    alias: str
    model: str
    evidence: dict[str, Any] = {}
    reason: str | None = None
    moved_by: str | None = None
    created_at: datetime


def set_alias(
    connection: Connection,
    name: str,
    alias: str,
    ref: str,
    evidence: dict[str, Any] | None = None,
    *,
    reason: str | None = None,
    moved_by: str | None = None,
) -> AliasChange:
    """Point an alias of the model `name` to one of its versions.

    `ref` is any ref of that model, or only its number or hash. `evidence` supports the change (an evaluation
    comparison, a canary decision).

    Raises:
        PreconditionFailed: The alias is `prod` and there is neither evidence nor a reason.
    """
    check_versioned_name(alias, "alias")
    version = find(connection, ref if ref.split("@")[0].split(":")[0] == name else f"{name}@{ref}")
    if alias == PROTECTED_ALIAS and not evidence and not reason:
        raise PreconditionFailed(
            f"cannot set {name}:{PROTECTED_ALIAS} to {version.ref} without evidence",
            "send the comparison or canary decision that supports the change, or set a reason",
        )
    current = {change.alias: change for change in list_aliases(connection, name)}.get(alias)
    if current and (current.model, current.evidence, current.reason) == (version.ref, evidence or {}, reason):
        return current
    change = AliasChange(
        id=new_id(),
        name=name,
        alias=alias,
        model=version.ref,
        evidence=evidence or {},
        reason=reason,
        moved_by=moved_by,
        created_at=now(),
    )
    values = change.model_dump(mode="json", exclude={"model", "created_at"})
    connection.execute(insert(tables.aliases).values(**values, created_at=change.created_at, hash=version.hash))
    return change


def list_aliases(connection: Connection, name: str) -> list[AliasChange]:
    """Return the current target of each alias of a model, by alias."""
    moves = tables.aliases.c
    query = select(tables.aliases).where(moves.name == name).ext(distinct_on(moves.alias))
    return [_to_change(row) for row in connection.execute(query.order_by(moves.alias, moves.id.desc())).mappings()]


def list_alias_changes(
    connection: Connection, name: str, alias: str | None = None, *, limit: int = 50
) -> list[AliasChange]:
    """Return all changes of a model's aliases (or of one alias), newest first."""
    moves = tables.aliases.c
    query = select(tables.aliases).where(moves.name == name).order_by(moves.id.desc()).limit(limit)
    query = query if alias is None else query.where(moves.alias == alias)
    return [_to_change(row) for row in connection.execute(query).mappings()]


def _to_change(row: Any) -> AliasChange:
    values = {name: value for name, value in row.items() if name not in {"project_id", "hash"}}
    return AliasChange(**values, model=f"{row['name']}@{row['hash'][:12]}")
