"""Labels of prompts behind the gate of their subject, `prompt label NAME:LABEL`.

`set_label` is the only caller of the unchecked function of the stage.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from vong import prompts
from vong.app import gates
from vong.app.gates import GateCaller, GateRequest
from vong.errors import Conflict, NotFound, PreconditionFailed, did_you_mean
from vong.evals import gate_store
from vong.evals.gates import GateApproval, GateSubject
from vong.prompts import labels, versions
from vong.prompts.labels import LabelMove
from vong.records.prompt import PromptLabel, PromptSummary
from vong.store.blobs import BlobStore

MAX_HISTORY = 500
"""Newest changes of a label that a rollback looks at."""


class PromptLabelTarget(NamedTuple):
    """New version of a label: a ref, a number or a hash, with the evidence or the reason for the change."""

    version: str
    evidence: dict[str, Any] = {}
    reason: str | None = None


def label_subject(name: str, label: str) -> GateSubject:
    """Return the subject of a label of a prompt."""
    return GateSubject(kind="prompt_label", name=f"{name}:{label}")


def set_label(
    connection: Connection, blobs: BlobStore, caller: GateCaller, name: str, label: str, target: PromptLabelTarget
) -> PromptLabel:
    """Let a label name a version if its gate passes. The change refers to the decision of the gate.

    A label that names the version already is not changed.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the version.
    """
    labels.check_label(label)
    versions.lock(connection, name)
    version = prompts.find(connection, versions.qualify(name, target.version))
    current = labels.find_label(connection, name, label)
    if current is not None and current.version == version.ref:
        return current
    reason = (target.reason or "").strip() or None
    request = GateRequest(label_subject(name, label), version.ref, reason, has_evidence=bool(target.evidence))
    decision = gates.require(connection, blobs, request, caller)
    move = LabelMove(target.evidence, reason, decision.id)
    return labels.move_label(connection, version, label, move, caller.actor)


def remove_label(
    connection: Connection, caller: GateCaller, name: str, label: str, reason: str | None = None
) -> PromptLabel:
    """Remove a label. A label with a gate needs a reason, because refs with it stop working.

    Raises: NotFound if the prompt has no such label; PreconditionFailed if it has a gate and there is no reason.
    """
    current = get_label(connection, name, label)
    reason = (reason or "").strip() or None
    if reason is None and gates.is_protected(connection, label_subject(name, label)):
        raise PreconditionFailed(f"cannot remove the label {name}:{label}, which has a gate", "set a reason")
    return labels.remove_label(connection, current, reason, caller.actor)


def get_label(connection: Connection, name: str, label: str) -> PromptLabel:
    """Return the newest change of a label.

    Raises: NotFound if the prompt has no such label.
    """
    versions.check_exists(connection, name)
    found = labels.find_label(connection, name, label)
    if found is None:
        known = [one.label for one in labels.list_labels(connection, name)]
        raise NotFound(
            f"the prompt {name!r} has no label {label[:100]!r}",
            did_you_mean(label, known, f"vong prompts labels {name}"),
        )
    return found


def rollback(
    connection: Connection, blobs: BlobStore, caller: GateCaller, name: str, label: str, reason: str | None = None
) -> PromptLabel:
    """Let a label name the version before its current one. The gate applies, and the rollback counts as evidence.

    A second rollback goes back one version further.

    Raises: Conflict if there is no earlier version.
    """
    current = get_label(connection, name, label)
    earlier = _earlier_versions(connection, name, label)
    if len(earlier) < 2:
        raise Conflict(f"the label {name}:{label} has no earlier version", f"see: vong prompts labels {name} --history")
    evidence = {"rollback": {"from": current.version, "change": str(current.id)}}
    return set_label(connection, blobs, caller, name, label, PromptLabelTarget(earlier[-2], evidence, reason))


def approve(
    connection: Connection, ref: str, label: str, caller: GateCaller, comment: str | None = None
) -> GateApproval:
    """Record the approval of a version for a label. The gate of the label counts it, if a policy needs approvals."""
    labels.check_label(label)
    version = prompts.find(connection, ref)
    subject = label_subject(version.name, label)
    return gate_store.add_approval(connection, subject, version.ref, role=caller.role, by=caller.actor, comment=comment)


def list_approvals(connection: Connection, ref: str, label: str) -> list[GateApproval]:
    """Return the approvals of a version for a label, oldest first."""
    version = prompts.find(connection, ref)
    return gate_store.list_approvals(connection, label_subject(version.name, label), version.ref)


def delete_prompt(connection: Connection, name: str, *, is_owner: bool, force: bool) -> PromptSummary:
    """Delete a prompt with its versions. One whose labels have a gate is deleted only by owners, with `force`.

    Raises: PreconditionFailed if a label has a gate.
    """
    protected = [
        one.label
        for one in labels.list_labels(connection, name)
        if gates.is_protected(connection, label_subject(name, one.label))
    ]
    if protected and not (is_owner and force):
        message = f"the prompt {name!r} is in use: the label {protected[0]!r} has a gate"
        raise PreconditionFailed(message, "remove the label with a reason, or delete it as an owner with force")
    return versions.delete_prompt(connection, name)


def _earlier_versions(connection: Connection, name: str, label: str) -> list[str]:
    """Return the versions of a label, oldest first, without those that were rolled back."""
    stack: list[str] = []
    for change in reversed(labels.list_label_changes(connection, name, label, limit=MAX_HISTORY)):
        if change.version is None:
            continue
        if "rollback" in change.evidence and change.version in stack:
            del stack[stack.index(change.version) + 1 :]
        elif not stack or stack[-1] != change.version:
            stack.append(change.version)
    return stack
