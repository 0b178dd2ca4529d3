"""Monitors and review items of the evals namespace of the client."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment

list_of_objects = list[dict[str, Any]]
"""Alias outside the classes, because they have a method named `list`."""


class MonitorsClient:
    """Monitors: score a sample of live answers, read scores over time, and alarms."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, scorers: Sequence[str] = (), **settings: Any) -> dict[str, Any]:
        """Create a monitor and return it as `monitor`, with the `webhook_secret` if it has a webhook.

        Settings: `filter` (`route`, `model`, `deployment`, `model_version`, `key`, `tag`), `suite`, `share`,
        `max_per_hour`, `daily_budget` (millionths of a US dollar), `review_below`, `drift` (`alpha`, `tolerance`,
        `window`, `suite_run`; None for no test), `webhook`.
        """
        body = {**settings, "name": name, "scorers": list(scorers)}
        return self._transport.post("/api/v1/evals/monitors", dict[str, Any], body=body)

    def list(self) -> list_of_objects:
        """Return the monitors by name."""
        return self._transport.get("/api/v1/evals/monitors", list_of_objects)

    def get(self, name: str) -> dict[str, Any]:
        """Return a monitor with counts, cost and open alarms."""
        return self._transport.get(f"/api/v1/evals/monitors/{segment(name)}", dict[str, Any])

    def update(self, name: str, **changes: Any) -> dict[str, Any]:
        """Change settings of a monitor; `enabled` pauses or resumes it."""
        return self._transport.request("PATCH", f"/api/v1/evals/monitors/{segment(name)}", dict[str, Any], body=changes)

    def delete(self, name: str) -> None:
        """Delete a monitor. Scores of answers and review items are kept."""
        self._transport.request("DELETE", f"/api/v1/evals/monitors/{segment(name)}")

    def samples(self, name: str, *, status: str | None = None, limit: int = 50) -> list_of_objects:
        """Return sampled calls with their scores, newest first."""
        path = f"/api/v1/evals/monitors/{segment(name)}/samples"
        return self._transport.get(path, list_of_objects, status=status, limit=limit)

    def history(self, name: str, *, since: datetime | None = None, bucket: str = "hour") -> list_of_objects:
        """Return mean scores by `hour` or `day`."""
        path = f"/api/v1/evals/monitors/{segment(name)}/history"
        return self._transport.get(path, list_of_objects, since=since, bucket=bucket)

    def alarms(
        self,
        *,
        monitor: str | None = None,
        route: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        limit: int = 50,
    ) -> list_of_objects:
        """Return alarms, newest first."""
        filters: dict[str, Any] = {"monitor": monitor, "route": route, "status": status, "since": since}
        return self._transport.get("/api/v1/evals/alarms", list_of_objects, **filters, limit=limit)

    def resolve(self, alarm: UUID | str, *, keep_reference: bool = True) -> dict[str, Any]:
        """Mark an alarm as resolved. Without `keep_reference` the next scores become the new reference."""
        path = f"/api/v1/evals/alarms/{segment(alarm)}/resolve"
        return self._transport.post(path, dict[str, Any], body={"keep_reference": keep_reference})


class ReviewsClient:
    """Review items: answers with a low score that people look at."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        status: str | None = None,
        monitor: str | None = None,
        assignee: str | None = None,
        after: UUID | str | None = None,
        limit: int = 50,
    ) -> list_of_objects:
        """Return review items, newest first."""
        filters = {"status": status, "monitor": monitor, "assignee": assignee}
        return self._transport.get("/api/v1/evals/reviews", list_of_objects, **filters, after=after, limit=limit)

    def get(self, id: UUID | str) -> dict[str, Any]:
        """Return a review item."""
        return self._transport.get(f"/api/v1/evals/reviews/{segment(id)}", dict[str, Any])

    def take(self, id: UUID | str) -> dict[str, Any]:
        """Assign an item to the caller, unless somebody else has it."""
        return self._transport.post(f"/api/v1/evals/reviews/{segment(id)}/take", dict[str, Any])

    def assign(self, id: UUID | str, assignee: str | None) -> dict[str, Any]:
        """Assign an item to a person, or to nobody."""
        path = f"/api/v1/evals/reviews/{segment(id)}/assign"
        return self._transport.post(path, dict[str, Any], body={"assignee": assignee})

    def complete(
        self, id: UUID | str, resolution: str, *, correction: str | None = None, comment: str | None = None
    ) -> dict[str, Any]:
        """Mark an item as done: `corrected` (with the correction), `accepted` or `dismissed`."""
        body = {"resolution": resolution, "correction": correction, "comment": comment}
        return self._transport.post(f"/api/v1/evals/reviews/{segment(id)}/complete", dict[str, Any], body=body)

    def reopen(self, id: UUID | str) -> dict[str, Any]:
        """Mark an item as open again."""
        return self._transport.post(f"/api/v1/evals/reviews/{segment(id)}/reopen", dict[str, Any])
