"""Interface of the gate, as canaries and releases use it. `vong.app.gatekeeper` implements it."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Connection

from vong.errors import PreconditionFailed
from vong.evals.gates import GateDecision


class Gatekeeper(Protocol):
    """Gate of all changes that a canary or a release makes in the name of one caller."""

    @property
    def actor(self) -> str:
        """Return the name of the caller."""
        ...

    def check_target(self, connection: Connection, route: str, target: str) -> GateDecision:
        """Return the decision about a target of a route without storing it."""
        ...

    def require_target(
        self, connection: Connection, route: str, target: str, reason: str | None = None
    ) -> GateDecision:
        """Return the stored decision about a target of a route.

        Raises: PreconditionFailed with everything that is missing if the gate rejects it.
        """
        ...

    def record_rejection(self, connection: Connection, error: PreconditionFailed) -> None:
        """Store the rejection after which a canary or a release waits."""
        ...

    def begin_new_model(self, connection: Connection, route: str) -> None:
        """Prepare what depends on the scores of a route for the model that was promoted."""
        ...

    def move_alias(
        self, connection: Connection, name: str, alias: str, ref: str, evidence: Mapping[str, Any], reason: str
    ) -> None:
        """Point an alias to a version.

        Raises: PreconditionFailed with everything that is missing if the gate rejects it.
        """
        ...

    def move_labels(self, connection: Connection, candidate: str, evidence: Mapping[str, Any], reason: str) -> None:
        """Move the label `prod` of the prompt or the pipeline of a candidate to its version, if it has that label.

        Raises: PreconditionFailed with everything that is missing if the gate rejects it.
        """
        ...


def build_cause(by: str, *decisions: GateDecision, **references: str) -> dict[str, Any]:
    """Return the cause of a version of a route: who changed it, and the canary or release and gate decisions."""
    gates = [str(decision.id) for decision in decisions if decision.id is not None]
    return {"by": by, **references, **({"gates": gates} if gates else {})}
