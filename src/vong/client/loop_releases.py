"""Releases in the loop namespace of the client."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment

RELEASES = "/api/v1/loop/releases"


class ReleasesClient:
    """Releases: start, watch, pause, resume, stop, and decide by hand."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(
        self,
        route: str,
        candidate: str,
        *,
        start_at: datetime | None = None,
        key: str | None = None,
        **plan: Any,
    ) -> dict[str, Any]:
        """Start a release of a candidate on a route, now or at `start_at`.

        `plan`: `shadow_pairs`, `shadow_share`, `shadow_budget`, `steps`, `step_pairs`, `step_seconds`, `metric`,
        `sources`, `scorers`, `suite`, `score_share`, `alpha`, `margin`, `goal`, `min_pairs`, `max_pairs`,
        `guard_rails`, `guard_alpha`, `manual`, `max_hours`. A repeated call with the same `key` returns the same
        release.
        """
        body = {
            "route": route,
            "candidate": candidate,
            "plan": plan,
            "start_at": start_at.isoformat() if start_at else None,
        }
        return self._transport.post(RELEASES, dict[str, Any], body=body, idempotency_key=key)

    def list(
        self,
        *,
        status: str | None = None,
        route: str | None = None,
        after: UUID | str | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """Return the releases, newest first, without their evidence history."""
        filters = {"status": status, "route": route, "after": after, "limit": limit}
        return self._transport.get(RELEASES, list[dict[str, Any]], **filters)

    def get(self, id: UUID | str) -> dict[str, Any]:
        """Return one release: `status`, `stage`, `step`, `blocked`, `evidence` with its history, `gates`."""
        return self._transport.get(f"{RELEASES}/{segment(id)}", dict[str, Any])

    def events(self, id: UUID | str) -> "list[dict[str, Any]]":
        """Return the log of a release, oldest first."""
        return self._transport.get(f"{RELEASES}/{segment(id)}/history", list[dict[str, Any]])

    def gate(self, id: UUID | str) -> dict[str, Any]:
        """Return what the candidate of a release lacks for the gate of its route."""
        return self._transport.get(f"{RELEASES}/{segment(id)}/gate", dict[str, Any])

    def evaluate(self, id: UUID | str) -> dict[str, Any]:
        """Count all scores and calls received so far. This also happens automatically."""
        return self._act(id, "evaluate")

    def pause(self, id: UUID | str) -> dict[str, Any]:
        """Pause a release: the share stays, and a worse candidate is still rolled back."""
        return self._act(id, "pause")

    def resume(self, id: UUID | str) -> dict[str, Any]:
        """Resume a paused release."""
        return self._act(id, "resume")

    def stop(self, id: UUID | str, reason: str) -> dict[str, Any]:
        """Stop a release: the route gets its previous targets."""
        return self._act(id, "stop", reason)

    def advance(self, id: UUID | str, reason: str = "") -> dict[str, Any]:
        """Take the next step by hand: start a scheduled release, start the canary, or raise the share."""
        return self._act(id, "advance", reason)

    def promote(self, id: UUID | str, reason: str) -> dict[str, Any]:
        """Promote a release by hand. The gate of the route must pass, or the reason override it."""
        return self._act(id, "promote", reason)

    def _act(self, id: UUID | str, action: str, reason: str = "") -> dict[str, Any]:
        path = f"{RELEASES}/{segment(id)}/{action}"
        return self._transport.post(path, dict[str, Any], body={"reason": reason})
