"""Deployments that follow an alias: whether one needs an update, and the return to the version before a failed one."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping

from vong.records import now
from vong.records.deployment import AliasFailure
from vong.serving import tables
from vong.serving.settings import DeploymentRequest, read_settings
from vong.serving.versions import VERSION_FIELDS

RETRY_AFTER = timedelta(seconds=60)
"""Time after which a version is tried again that no machine had the memory for, or that a gate rejected."""


def followed_request(row: RowMapping) -> DeploymentRequest | None:
    """Return the request of a deployment that follows an alias. Returns None if it does not follow one."""
    if not row["request"] or row["desired_state"] != "running":
        return None
    request = DeploymentRequest(**row["request"])
    return request if request.alias and read_settings(row["settings"]).follow else None


def needs_update(row: RowMapping, model: str) -> bool:
    """Return True if a deployment whose alias points to `model` should be updated to it now."""
    if row["model"] == model:
        return False
    failure = AliasFailure.model_validate(row["alias_failure"]) if row["alias_failure"] else None
    if failure is None or failure.model != model:
        return True
    return failure.retry_at is not None and failure.retry_at <= now()


def record_failure(
    connection: Connection, row: RowMapping, model: str, reason: str, *, retry_at: datetime | None = None
) -> None:
    """Record why the version of an alias is not served. The event is recorded once per version."""
    failure = AliasFailure(model=model, reason=reason, retry_at=retry_at)
    is_new = not row["alias_failure"] or row["alias_failure"]["model"] != model
    tables.update_deployment(connection, row["name"], alias_failure=failure.model_dump(mode="json"))
    if is_new:
        alias = DeploymentRequest(**row["request"]).alias
        kept = row["previous"]["model"] if row["previous"] else row["model"]
        message = f"{alias} points to {model}, which is not served: {reason}; {kept} continues to answer"
        tables.add_event(connection, row["name"], "alias", message)


def revert_failed(connection: Connection, row: RowMapping) -> bool:
    """Return a deployment to the version before the one that it followed its alias to and that failed.

    Returns False if there is nothing to revert: the update was requested by a user, is in progress, or has succeeded.
    """
    request = DeploymentRequest(**row["request"])
    if row["state"] != "failed" or not request.by_alias or not row["previous"]:
        return False
    record_failure(connection, row, row["model"], row["reason"] or "its engine failed")
    values: dict[str, Any] = {name: row["previous"][name] for name in VERSION_FIELDS}
    values["job"] = values["job"] and UUID(values["job"])
    tables.update_deployment(
        connection, row["name"], **values, previous=None, state="ready", reason=None, updated_at=now()
    )
    return True
