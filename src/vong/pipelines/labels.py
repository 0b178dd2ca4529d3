"""Labels of pipelines: names such as `prod` that point to a version; each change is stored with its reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from vong.errors import InvalidInput, NotFound, PreconditionFailed
from vong.pipelines import versions
from vong.pipelines.version_tables import labels
from vong.records import Record, new_id, now
from vong.records.name import check_versioned_name


class PipelineLabel(Record):
    """One change of a label: the version it points to from then on (null if it was removed), why and by whom."""

    id: UUID
    name: str
    label: str
    version: str | None
    evidence: dict[str, Any] = {}
    reason: str | None = None
    moved_by: str | None = None
    created_at: datetime


def set_label(
    connection: Connection,
    name: str,
    label: str,
    version: versions.PipelineVersion,
    evidence: dict[str, Any] | None = None,
    *,
    reason: str | None = None,
    moved_by: str | None = None,
) -> PipelineLabel:
    """Point a label to a version. A label that points to it already is not changed.

    The gate is checked by the caller: see `app.pipelines.labels`.
    """
    check_versioned_name(label, "label")
    if label == versions.LATEST:
        raise InvalidInput(f"the label {label!r} always names the newest version", "choose another label")
    current = find_label(connection, name, label)
    if current is not None and current.version == version.ref:
        return current
    return _insert(connection, name, label, version.hash, evidence or {}, reason, moved_by)


def remove_label(
    connection: Connection, name: str, label: str, *, reason: str | None = None, moved_by: str | None = None
) -> PipelineLabel:
    """Remove a label. Its history is kept.

    Raises: NotFound if the pipeline has no such label.
    """
    if find_label(connection, name, label) is None:
        versions.list_versions(connection, name, limit=1)
        raise NotFound(f"pipeline {name!r} has no label {label!r}", f"list its labels: vong pipelines labels {name}")
    return _insert(connection, name, label, None, {}, reason, moved_by)


def find_label(connection: Connection, name: str, label: str) -> PipelineLabel | None:
    """Return the current target of a label. Returns None if the pipeline has no such label."""
    return next((one for one in list_labels(connection, name) if one.label == label), None)


def list_labels(connection: Connection, name: str) -> list[PipelineLabel]:
    """Return the current target of each label of a pipeline, by label."""
    column = labels.c
    query = select(labels).where(column.name == name).ext(distinct_on(column.label))
    rows = connection.execute(query.order_by(column.label, column.id.desc())).mappings()
    return [_to_label(row) for row in rows if row["hash"] is not None]


def list_label_changes(
    connection: Connection, name: str, label: str | None = None, *, limit: int = 50
) -> list[PipelineLabel]:
    """Return all changes of the labels of a pipeline (or of one label), newest first."""
    column = labels.c
    query = select(labels).where(column.name == name).order_by(column.id.desc()).limit(limit)
    query = query if label is None else query.where(column.label == label)
    return [_to_label(row) for row in connection.execute(query).mappings()]


def previous_version(connection: Connection, name: str, label: str) -> str:
    """Return the ref to which a label pointed before the version that it points to now.

    Raises: PreconditionFailed if the label never pointed to another version.
    """
    changes = list_label_changes(connection, name, label, limit=500)
    current = next((one.version for one in changes), None)
    for change in changes:
        if change.version is not None and change.version != current:
            return change.version
    raise PreconditionFailed(
        f"label {name}:{label} has no earlier version to which it could return",
        f"choose one of: vong pipelines versions {name}; then: vong pipelines label {name} {label} VERSION",
    )


def _insert(
    connection: Connection,
    name: str,
    label: str,
    hash: str | None,
    evidence: dict[str, Any],
    reason: str | None,
    moved_by: str | None,
) -> PipelineLabel:
    values: dict[str, Any] = {
        "id": new_id(),
        "name": name,
        "label": label,
        "hash": hash,
        "evidence": evidence,
        "reason": reason,
        "moved_by": moved_by,
        "created_at": now(),
    }
    connection.execute(insert(labels).values(values))
    return PipelineLabel(**{key: value for key, value in values.items() if key != "hash"}, version=_ref(name, hash))


def _to_label(row: RowMapping) -> PipelineLabel:
    values = {name: row[name] for name in PipelineLabel.model_fields if name != "version"}
    return PipelineLabel(**values, version=_ref(row["name"], row["hash"]))


def _ref(name: str, hash: str | None) -> str | None:
    return None if hash is None else f"{name}@{hash[:12]}"
