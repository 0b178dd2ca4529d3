"""Gate of canaries and releases."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from vong.app import gated_changes, gates, monitors
from vong.app.gate_applications import PIPELINE_PREFIX
from vong.app.gated_changes import AliasTarget
from vong.app.gates import GateCaller, GateRequest
from vong.app.pipelines.labels import promote_pipeline
from vong.app.platform import Platform
from vong.app.prompts.promotion import promote_version
from vong.errors import GateRejected, PreconditionFailed
from vong.evals import gate_store
from vong.evals.gates import GateDecision
from vong.records.route import TargetKey
from vong.store.blobs import BlobStore

EVIDENCE_ACTOR = "evidence"
"""Actor of decisions that scores make. It can override no gate."""


class PlatformGate(NamedTuple):
    """Gate with the evidence of this platform, for changes in the name of `caller`."""

    blobs: BlobStore
    caller: GateCaller

    @property
    def actor(self) -> str:
        """Return the name of the caller."""
        return self.caller.actor

    def check_target(self, connection: Connection, route: str, target: str) -> GateDecision:
        """Return the decision about a target of a route without storing it."""
        request = GateRequest(gates.route_subject(route), target)
        return gates.check(connection, self.blobs, request, self.caller)

    def require_target(
        self, connection: Connection, route: str, target: str, reason: str | None = None
    ) -> GateDecision:
        """Return the stored decision about a target of a route."""
        request = GateRequest(gates.route_subject(route), target, reason)
        return gates.require(connection, self.blobs, request, self.caller)

    def record_rejection(self, connection: Connection, error: PreconditionFailed) -> None:
        """Store the rejection after which a canary or a release waits."""
        if isinstance(error, GateRejected):
            gate_store.add_rejection(connection, error.decision)

    def begin_new_model(self, connection: Connection, route: str) -> None:
        """Let the drift monitors of a route collect a new reference, because a promoted model has other scores."""
        monitors.reset_references(connection, route)

    def move_alias(
        self, connection: Connection, name: str, alias: str, ref: str, evidence: Mapping[str, Any], reason: str
    ) -> None:
        """Point an alias to a version if its gate passes."""
        target = AliasTarget(ref, dict(evidence), reason)
        gated_changes.set_alias(connection, self.blobs, self.caller, name, alias, target)

    def move_labels(self, connection: Connection, candidate: str, evidence: Mapping[str, Any], reason: str) -> None:
        """Move the label `prod` of the prompt or the pipeline of a candidate, if it has that label and its gate passes.

        Other candidates have no label.
        """
        key = TargetKey.parse(candidate)
        if key.prompt is not None:
            promote_version(connection, self.blobs, self.caller, key.prompt, dict(evidence), reason)
        if key.model.startswith(PIPELINE_PREFIX):
            ref = key.model.removeprefix(PIPELINE_PREFIX)
            promote_pipeline(connection, self.blobs, self.caller, ref, dict(evidence), reason)


def evidence_gate(platform: Platform) -> PlatformGate:
    """Return the gate of decisions that scores make."""
    return PlatformGate(platform.blobs, GateCaller(EVIDENCE_ACTOR, "viewer"))
