"""Aliases: names such as `prod` and `candidate` that move from version to version, each move kept with its reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from vong.errors import InvalidInput, PreconditionFailed
from vong.records import Record, new_id, now
from vong.registry import tables
from vong.registry.versions import NAME, find

PROVEN = "prod"
"""The alias that moves only with evidence, or with a reason that somebody stands behind."""


class AliasChange(Record):
    """One move of an alias: the version it points at since then, why, and who moved it."""

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
    """Point an alias of the model `name` at one of its versions, from now on.

    `ref` may be any ref of that model, its number or its hash alone. `evidence` is what speaks for the move (an eval
    comparison, a canary's decision). Refused where `prod` would move with neither evidence nor reason.
    """
    if not NAME.fullmatch(alias):
        raise InvalidInput(f"{alias!r} cannot be an alias", "use letters, digits, '.', '_' and '-'")
    version = find(connection, ref if ref.split("@")[0].split(":")[0] == name else f"{name}@{ref}")
    if alias == PROVEN and not evidence and not reason:
        raise PreconditionFailed(
            f"{version.ref} may not become {name}:{PROVEN} without evidence",
            "send the comparison or the canary decision that speaks for it, or give a reason",
        )
    current = {move.alias: move for move in aliases(connection, name)}.get(alias)
    if current and (current.model, current.evidence, current.reason) == (version.ref, evidence or {}, reason):
        return current
    move = AliasChange(
        id=new_id(),
        name=name,
        alias=alias,
        model=version.ref,
        evidence=evidence or {},
        reason=reason,
        moved_by=moved_by,
        created_at=now(),
    )
    values = move.model_dump(mode="json", exclude={"model", "created_at"})
    connection.execute(insert(tables.aliases).values(**values, created_at=move.created_at, hash=version.hash))
    return move


def aliases(connection: Connection, name: str) -> list[AliasChange]:
    """Where the aliases of a model point now, by alias."""
    moves = tables.aliases.c
    query = select(tables.aliases).where(moves.name == name).distinct(moves.alias)
    return [_record(row) for row in connection.execute(query.order_by(moves.alias, moves.id.desc())).mappings()]


def history(connection: Connection, name: str, alias: str | None = None, *, limit: int = 50) -> list[AliasChange]:
    """Every move of a model's aliases (or of one), newest first."""
    moves = tables.aliases.c
    query = select(tables.aliases).where(moves.name == name).order_by(moves.id.desc()).limit(limit)
    query = query if alias is None else query.where(moves.alias == alias)
    return [_record(row) for row in connection.execute(query).mappings()]


def _record(row: Any) -> AliasChange:
    values = {name: value for name, value in row.items() if name not in {"project_id", "hash"}}
    return AliasChange(**values, model=f"{row['name']}@{row['hash'][:12]}")
