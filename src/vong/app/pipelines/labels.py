"""Labels of pipelines behind the gate of their subject, `pipeline NAME:LABEL`.

`set_label` is the only caller of the unchecked function of the stage.
"""

from typing import Any, NamedTuple

from sqlalchemy import Connection

from vong.app import gates
from vong.app.gates import GateCaller, GateRequest
from vong.errors import PreconditionFailed
from vong.evals.gates import DEFAULT_POLICY, GateSubject
from vong.pipelines import labels, versions
from vong.pipelines.labels import PipelineLabel
from vong.store.blobs import BlobStore


class LabelTarget(NamedTuple):
    """New target of a label: a ref, a number or a hash, with the evidence or the reason for the change."""

    version: str
    evidence: dict[str, Any] = {}
    reason: str | None = None


def label_subject(name: str, label: str) -> GateSubject:
    """Return the subject of a label of a pipeline."""
    return GateSubject(kind="pipeline", name=f"{name}:{label}")


def set_label(
    connection: Connection, blobs: BlobStore, caller: GateCaller, name: str, label: str, target: LabelTarget
) -> PipelineLabel:
    """Point a label to a version if its gate passes. The change refers to the decision of the gate.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the version.
    """
    version = versions.find_version(connection, name, target.version)
    current = labels.find_label(connection, name, label)
    if current is not None and current.version == version.ref:
        return current
    subject = label_subject(name, label)
    request = GateRequest(subject, version.ref, target.reason, has_evidence=bool(target.evidence))
    decision = gates.require(connection, blobs, request, caller)
    proof = dict(target.evidence)
    if decision.id is not None and decision.requirements and decision.policies != (f"{DEFAULT_POLICY}@1",):
        proof["gate"] = str(decision.id)
    return labels.set_label(connection, name, label, version, proof, reason=target.reason, moved_by=caller.actor)


def remove_label(
    connection: Connection, caller: GateCaller, name: str, label: str, *, reason: str | None = None
) -> PipelineLabel:
    """Remove a label. A label with a gate needs a reason, because `NAME` then means another version.

    Raises: PreconditionFailed if the label has a gate and there is no reason.
    """
    if not (reason or "").strip() and gates.is_protected(connection, label_subject(name, label)):
        raise PreconditionFailed(f"cannot remove label {name}:{label}, which a gate protects", "set a reason")
    return labels.remove_label(connection, name, label, reason=reason, moved_by=caller.actor)


def promote_pipeline(
    connection: Connection, blobs: BlobStore, caller: GateCaller, ref: str, evidence: dict[str, Any], reason: str
) -> None:
    """Move the label `prod` of a pipeline to a version that a canary or a release has promoted.

    A pipeline without that label stays without it. The gate of the label decides.

    Raises: PreconditionFailed with everything that is missing if the gate rejects the version.
    """
    version = versions.find(connection, ref)
    current = labels.find_label(connection, version.name, versions.DEFAULT_LABEL)
    if current is not None and current.version != version.ref:
        target = LabelTarget(version.ref, evidence, reason)
        set_label(connection, blobs, caller, version.name, versions.DEFAULT_LABEL, target)


def rollback(
    connection: Connection,
    blobs: BlobStore,
    caller: GateCaller,
    name: str,
    label: str,
    *,
    version: str | None = None,
    reason: str | None = None,
) -> PipelineLabel:
    """Point a label back to the version before the current one, or to `version`. The gate applies.

    The reason defaults to a description of the rollback, so that the built-in policy passes.
    """
    versions.list_versions(connection, name, limit=1)
    target = version or labels.previous_version(connection, name, label)
    current = labels.find_label(connection, name, label)
    reason = reason or f"rollback of {current.version if current else label} to {target}"
    return set_label(connection, blobs, caller, name, label, LabelTarget(target, {}, reason))
