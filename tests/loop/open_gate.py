"""Gate of tests that admits every candidate."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from vong import registry
from vong.errors import PreconditionFailed
from vong.evals.gates import GateDecision, GateSubject
from vong.records import now


class OpenGate:
    """Gate without policies."""

    actor = "tests"

    def check_target(self, connection: Connection, route: str, target: str) -> GateDecision:
        """Admit a target."""
        subject = GateSubject(kind="route", name=route)
        return GateDecision(subject=subject, candidate=target, passed=True, decided_by=self.actor, decided_at=now())

    def require_target(
        self, connection: Connection, route: str, target: str, reason: str | None = None
    ) -> GateDecision:
        """Admit a target."""
        return self.check_target(connection, route, target)

    def record_rejection(self, connection: Connection, error: PreconditionFailed) -> None: ...

    def begin_new_model(self, connection: Connection, route: str) -> None: ...

    def move_alias(
        self, connection: Connection, name: str, alias: str, ref: str, evidence: Mapping[str, Any], reason: str
    ) -> None:
        """Move an alias without a check."""
        registry.set_alias(connection, name, alias, ref, dict(evidence), reason=reason, moved_by=self.actor)

    def move_labels(self, connection: Connection, candidate: str, evidence: Mapping[str, Any], reason: str) -> None: ...


OPEN_GATE = OpenGate()
