"""Routes of labels of prompts and of approvals. Part of the prompts API."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong import prompts
from vong.api.http.dependencies import CurrentUser
from vong.app.gates import GateCaller
from vong.app.platform import INTERNAL_KEY_NAME
from vong.app.prompts import labels as gated_labels
from vong.app.prompts.labels import PromptLabelTarget
from vong.errors import Forbidden
from vong.evals.gates import GateApproval
from vong.prompts import labels, versions
from vong.records import Record
from vong.records.prompt import PromptLabel

routes = APIRouter(prefix="/api/v1/prompts", tags=["prompts"])
Limit = Annotated[int, Query(ge=1, le=500)]
Reason = Annotated[str | None, Field(max_length=2000)]


class PromptLabelUpdate(Record):
    """New version of a label (a ref, a number or a hash), with evidence or a reason."""

    version: str = Field(min_length=1, max_length=300)
    evidence: dict[str, Any] = {}
    reason: Reason = None


class PromptRollback(Record):
    """Reason of a rollback, stored with the change."""

    reason: Reason = None


class PromptApprovalCreate(Record):
    """Approval of a version for a label."""

    version: str = Field(min_length=1, max_length=300)
    label: str = versions.DEFAULT_LABEL
    comment: Reason = None


@routes.get("/{name}/labels")
def list_labels(
    name: str, context: CurrentUser, history: bool = False, after: UUID | None = None, limit: Limit = 50
) -> list[PromptLabel]:
    """List the labels of a prompt, or with `history` every change of them, newest first."""
    with context.project_transaction() as connection:
        versions.check_exists(connection, name)
        if history:
            return labels.list_label_changes(connection, name, before=after, limit=limit)
        return prompts.list_labels(connection, name)


@routes.get("/{name}/labels/{label}")
def get_label(name: str, label: str, context: CurrentUser) -> PromptLabel:
    """Return the newest change of a label: its version, and why it moved."""
    with context.project_transaction() as connection:
        return gated_labels.get_label(connection, name, label)


@routes.get("/{name}/labels/{label}/history")
def list_label_changes(
    name: str, label: str, context: CurrentUser, after: UUID | None = None, limit: Limit = 50
) -> list[PromptLabel]:
    """List the changes of a label, newest first, each with the decision of its gate."""
    with context.project_transaction() as connection:
        versions.check_exists(connection, name)
        return labels.list_label_changes(connection, name, label, before=after, limit=limit)


@routes.put("/{name}/labels/{label}")
def set_label(name: str, label: str, body: PromptLabelUpdate, context: CurrentUser) -> PromptLabel:
    """Let a label name a version, if its gate passes. Without a policy `prod` needs evidence or a reason."""
    target = PromptLabelTarget(body.version, body.evidence, body.reason)
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        return gated_labels.set_label(connection, context.platform.blobs, caller, name, label, target)


@routes.delete("/{name}/labels/{label}")
def delete_label(name: str, label: str, context: CurrentUser, reason: Reason = None) -> PromptLabel:
    """Remove a label. A label with a gate needs a reason."""
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        return gated_labels.remove_label(connection, caller, name, label, reason)


@routes.post("/{name}/labels/{label}/rollback")
def roll_back_label(name: str, label: str, body: PromptRollback, context: CurrentUser) -> PromptLabel:
    """Let a label name the version before its current one, if its gate passes."""
    caller = GateCaller.from_principal(context.principal)
    with context.project_transaction() as connection:
        return gated_labels.rollback(connection, context.platform.blobs, caller, name, label, body.reason)


@routes.get("/{name}/approvals")
def list_approvals(
    name: str, version: str, context: CurrentUser, label: str = versions.DEFAULT_LABEL
) -> list[GateApproval]:
    """List the approvals of a version for a label, oldest first."""
    with context.project_transaction() as connection:
        return gated_labels.list_approvals(connection, versions.qualify(name, version), label)


@routes.post("/{name}/approvals", status_code=201)
def approve_version(name: str, body: PromptApprovalCreate, context: CurrentUser) -> GateApproval:
    """Approve a version for a label. The approval holds for this content only, and jobs cannot approve."""
    principal = context.principal
    if principal.is_delegated or principal.actor == INTERNAL_KEY_NAME:
        raise Forbidden(f"a job may not approve (key {principal.actor!r})", "approve with your own account or key")
    caller, ref = GateCaller.from_principal(principal), versions.qualify(name, body.version)
    with context.project_transaction() as connection:
        return gated_labels.approve(connection, ref, body.label, caller, body.comment)
