"""Loop namespace of the client."""

from typing import Any, Literal
from uuid import UUID

from vong.client.loop_policies import LoopPoliciesClient
from vong.client.loop_releases import ReleasesClient
from vong.client.transport import Transport, segment
from vong.records import Job


class LoopClient:
    """Policies, releases, canaries and loop runs: start, watch and decide."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.policies = LoopPoliciesClient(transport)
        self.releases = ReleasesClient(transport)

    def start_canary(self, route: str, candidate: str, *, key: str | None = None, **options: Any) -> dict[str, Any]:
        """Send a share of a route to a candidate until the scores decide.

        Options: `share`, `metric`, `alpha`, `margin`, `goal`, `min_pairs`, `max_pairs`. A repeated call with the same
        `key` returns the same canary.
        """
        body = {"route": route, "candidate": candidate, **options}
        return self._transport.post("/api/v1/loop/canaries", dict[str, Any], body=body, idempotency_key=key)

    def canaries(
        self, *, status: str | None = None, after: UUID | str | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """Return the project's canaries, newest first, without their evidence history."""
        path = "/api/v1/loop/canaries"
        return self._transport.get(path, list[dict[str, Any]], status=status, after=after, limit=limit)

    def canary(self, id: UUID | str) -> dict[str, Any]:
        """Return one canary: `status`, `reason`, `evidence` (means, interval, e-values), `evidence_history`."""
        return self._transport.get(f"/api/v1/loop/canaries/{segment(id)}", dict[str, Any])

    def evaluate(self, id: UUID | str) -> dict[str, Any]:
        """Count all scores received so far. This also happens automatically on every score."""
        return self._transport.post(f"/api/v1/loop/canaries/{segment(id)}/evaluate", dict[str, Any])

    def decide(self, id: UUID | str, verdict: Literal["promote", "roll_back"], reason: str) -> dict[str, Any]:
        """Promote or roll back manually."""
        body = {"verdict": verdict, "reason": reason}
        return self._transport.post(f"/api/v1/loop/canaries/{segment(id)}/decision", dict[str, Any], body=body)

    def set_traffic(self, id: UUID | str, share: float) -> dict[str, Any]:
        """Set the candidate's share of the traffic and return the new canary, whose test starts from zero."""
        path = f"/api/v1/loop/canaries/{segment(id)}/traffic"
        return self._transport.request("PUT", path, dict[str, Any], body={"share": share})

    def overview(self) -> dict[str, Any]:
        """Return the overview of every stage, the `recent` events and the `next` action."""
        return self._transport.get("/api/v1/loop/overview", dict[str, Any])

    def start_run(self, plan: dict[str, Any] | None = None, *, key: str | None = None) -> Job:
        """Start a loop run; without a plan that of the quickstart, on the shipped samples."""
        return self._transport.post("/api/v1/loop/runs", Job, body={"plan": plan}, idempotency_key=key)

    def runs(self, *, after: UUID | str | None = None, limit: int = 50) -> list[Job]:
        """Return the project's loop runs, newest first."""
        return self._transport.get("/api/v1/loop/runs", list[Job], after=after, limit=limit)

    def run(self, id: UUID | str) -> Job:
        """Return one loop run; the `result` of a finished one is its report."""
        return self._transport.get(f"/api/v1/loop/runs/{segment(id)}", Job)
