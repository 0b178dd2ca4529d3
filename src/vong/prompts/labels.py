"""Labels: names such as `prod` for one version of a prompt. Each change is stored with its reason and evidence.

`vong.app.prompts.labels` moves labels through the gate. `move_label` itself checks nothing.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from vong.errors import InvalidInput
from vong.prompts import tables
from vong.records import new_id, now
from vong.records.name import check_versioned_name
from vong.records.prompt import HASH_CHARS, PromptLabel, PromptVersion

LATEST = "latest"
"""Label that every prompt has and that cannot be set: the head of the branch `main`."""

VERSION_PATTERN = re.compile(r"\d{1,9}|(?=[a-f]*\d)[0-9a-f]{6,64}")
"""Numbers and hashes of versions. Labels have other names, so that both can be told apart."""


class LabelMove(NamedTuple):
    """Why a label moves: evidence, a reason, and the decision of the gate."""

    evidence: Mapping[str, Any] = {}
    reason: str | None = None
    decision: UUID | None = None


def check_label(label: str) -> None:
    """Check the name of a label.

    Raises: InvalidInput if it is invalid or reserved.
    """
    check_versioned_name(label, "label")
    if label == LATEST:
        raise InvalidInput(f"the label {LATEST!r} always names the head of main", "choose another label")
    if VERSION_PATTERN.fullmatch(label):
        raise InvalidInput(f"the label {label!r} reads as a version", "choose a label such as 'dev' or 'v2'")


def move_label(connection: Connection, version: PromptVersion, label: str, move: LabelMove, by: str) -> PromptLabel:
    """Let a label name a version from now on, and return the change."""
    check_label(label)
    change = PromptLabel(
        id=new_id(),
        name=version.name,
        label=label,
        version=version.ref,
        number=version.number,
        evidence=dict(move.evidence),
        reason=move.reason,
        decision=move.decision,
        moved_by=by,
        created_at=now(),
    )
    values = change.model_dump(exclude={"version", "number"})
    connection.execute(insert(tables.labels).values(**values, hash=version.hash))
    return change


def remove_label(connection: Connection, current: PromptLabel, reason: str | None, by: str) -> PromptLabel:
    """Remove a label, and return the change. Its history stays."""
    change = current.model_copy(
        update={
            "id": new_id(),
            "version": None,
            "number": None,
            "evidence": {},
            "reason": reason,
            "decision": None,
            "moved_by": by,
            "created_at": now(),
        }
    )
    values = change.model_dump(exclude={"version", "number"})
    connection.execute(insert(tables.labels).values(**values, hash=None))
    return change


def find_label(connection: Connection, name: str, label: str) -> PromptLabel | None:
    """Return the newest change of a label, or None if the prompt has no such label."""
    found = list_label_changes(connection, name, label, limit=1)
    return found[0] if found and found[0].version is not None else None


def list_labels(connection: Connection, name: str) -> list[PromptLabel]:
    """Return the newest change of each label of a prompt, by label, without removed labels."""
    changes = tables.labels.c
    query = _select_changes(name).ext(distinct_on(changes.label)).order_by(changes.label, changes.id.desc())
    changed = [_to_label(row) for row in connection.execute(query).mappings()]
    return [one for one in changed if one.version is not None]


def list_label_changes(
    connection: Connection, name: str, label: str | None = None, *, before: UUID | None = None, limit: int = 50
) -> list[PromptLabel]:
    """Return the changes of a prompt's labels, or of one label, newest first. `before` is the last known id."""
    changes = tables.labels.c
    query = _select_changes(name).order_by(changes.id.desc()).limit(limit)
    query = query if label is None else query.where(changes.label == label)
    query = query if before is None else query.where(changes.id < before)
    return [_to_label(row) for row in connection.execute(query).mappings()]


def _select_changes(name: str) -> Any:
    versions, changes = tables.versions.c, tables.labels.c
    joined = (versions.name == changes.name) & (versions.hash == changes.hash)
    query = select(tables.labels, versions.number).outerjoin(tables.versions, joined)
    return query.where(changes.name == name)


def _to_label(row: RowMapping) -> PromptLabel:
    values = {field: row[field] for field in PromptLabel.model_fields if field != "version"}
    return PromptLabel(**values, version=f"{row['name']}@{row['hash'][:HASH_CHARS]}" if row["hash"] else None)
