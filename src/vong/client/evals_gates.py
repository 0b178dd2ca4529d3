"""Gates in the evals namespace of the client."""

from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment

GATES = "/api/v1/evals/gates"


class GatesClient:
    """Gates: policies, checks, approvals and decisions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def policies(self) -> list[dict[str, Any]]:
        """Return the gate policies by name."""
        return self._transport.get(f"{GATES}/policies", list[dict[str, Any]])

    def policy(self, name: str, *, versions: bool = False) -> Any:
        """Return the newest version of a policy, or with `versions` all of them, newest first."""
        path = f"{GATES}/policies/{segment(name)}"
        return self._transport.get(f"{path}/versions" if versions else path, Any)

    def set_policy(self, name: str, kind: str, pattern: str, **requirements: Any) -> dict[str, Any]:
        """Create a policy or its next version. Only for owners.

        `kind` is `model_alias`, `route`, `prompt_label`, `pipeline` or `index`. Requirements: `suites`,
        `no_worse_slice`, `calibrated_judges`, `licences`, `commercial_use`, `parity`, `data_health`, `approvals`,
        `override_roles`, `max_age_days`, `evidence_or_reason`; for an index `retrieval` (metrics), `retrieval_margin`,
        `min_questions`.
        """
        body = {"kind": kind, "pattern": pattern, "requirements": requirements}
        return self._transport.request("PUT", f"{GATES}/policies/{segment(name)}", dict[str, Any], body=body)

    def delete_policy(self, name: str) -> dict[str, Any]:
        """Delete a policy. Only for owners."""
        return self._transport.request("DELETE", f"{GATES}/policies/{segment(name)}", dict[str, Any])

    def check(self, kind: str, name: str, candidate: str, *, reason: str | None = None) -> dict[str, Any]:
        """Return the decision about a candidate: `passed`, and `requirements` with `detail` and `command`."""
        body = {"subject": {"kind": kind, "name": name}, "candidate": candidate, "reason": reason}
        return self._transport.post(f"{GATES}/check", dict[str, Any], body=body)

    def approve(self, kind: str, name: str, candidate: str, *, comment: str | None = None) -> dict[str, Any]:
        """Approve a candidate for a subject."""
        body = {"subject": {"kind": kind, "name": name}, "candidate": candidate, "comment": comment}
        return self._transport.post(f"{GATES}/approvals", dict[str, Any], body=body)

    def approvals(self, kind: str, name: str, candidate: str) -> list[dict[str, Any]]:
        """Return the approvals of a candidate, oldest first."""
        path = f"{GATES}/approvals"
        return self._transport.get(path, list[dict[str, Any]], kind=kind, name=name, candidate=candidate)

    def decisions(
        self,
        kind: str | None = None,
        name: str | None = None,
        *,
        passed: bool | None = None,
        after: UUID | str | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """Return the decisions of gates, newest first: all, or those that passed or rejected."""
        filters = {"kind": kind, "name": name, "passed": passed}
        return self._transport.get(f"{GATES}/decisions", list[dict[str, Any]], **filters, after=after, limit=limit)

    def decision(self, id: UUID | str) -> dict[str, Any]:
        """Return one decision with the result of every requirement."""
        return self._transport.get(f"{GATES}/decisions/{segment(id)}", dict[str, Any])
