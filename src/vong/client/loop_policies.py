"""Loop policies in the loop namespace of the client."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment

POLICIES = "/api/v1/loop/policies"
RUNS = "/api/v1/loop/policy-runs"
ACTIVE_STATUSES = ("queued", "running")


class LoopPoliciesClient:
    """Loop policies: what starts a run, how it trains, evaluates and releases, and the reports of its runs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def set(self, name: str, definition: Mapping[str, Any], *, consent: bool) -> dict[str, Any]:
        """Create a policy or its next version. `consent` permits runs and promotions without a further action.

        `definition`: `route`, `dataset`, `triggers`, `harvest`, `training`, `suite`, `gate`, `release`, `engine`,
        `budget`, `cool_down`.
        """
        body = {"definition": dict(definition), "consent": consent}
        return self._transport.request("PUT", f"{POLICIES}/{segment(name)}", dict[str, Any], body=body)

    def list(self) -> list[dict[str, Any]]:
        """Return the policies by name, each with its `triggers`, `active_run`, `last_run` and `waits_until`."""
        return self._transport.get(POLICIES, list[dict[str, Any]])

    def get(self, name: str) -> dict[str, Any]:
        """Return one policy with the state of its triggers and its runs."""
        return self._transport.get(f"{POLICIES}/{segment(name)}", dict[str, Any])

    def delete(self, name: str) -> dict[str, Any]:
        """Delete a policy without an active run. Its runs are kept."""
        return self._transport.request("DELETE", f"{POLICIES}/{segment(name)}", dict[str, Any])

    def pause(self, name: str) -> dict[str, Any]:
        """Pause a policy: it starts no runs. An active run continues."""
        return self._transport.post(f"{POLICIES}/{segment(name)}/pause", dict[str, Any])

    def resume(self, name: str) -> dict[str, Any]:
        """Resume a paused policy."""
        return self._transport.post(f"{POLICIES}/{segment(name)}/resume", dict[str, Any])

    def runs(self, name: str, *, after: UUID | str | None = None, limit: int = 50) -> "list[dict[str, Any]]":
        """Return the runs of a policy, newest first."""
        path = f"{POLICIES}/{segment(name)}/runs"
        return self._transport.get(path, list_of_objects, after=after, limit=limit)

    def start_run(self, name: str, *, key: str | None = None) -> dict[str, Any]:
        """Start a run by hand, without a trigger. A repeated call with the same `key` returns the same run."""
        return self._transport.post(f"{POLICIES}/{segment(name)}/runs", dict[str, Any], idempotency_key=key)

    def run(self, id: UUID | str) -> dict[str, Any]:
        """Return a run, which is its report: `status`, `reason`, `trigger`, and `steps` with `links` and `evidence`."""
        return self._transport.get(f"{RUNS}/{segment(id)}", dict[str, Any])

    def report(self, id: UUID | str) -> str:
        """Return the report of a run as Markdown."""
        return self._transport.get_text(f"{RUNS}/{segment(id)}/report")

    def cancel(self, id: UUID | str) -> dict[str, Any]:
        """Cancel a run with its training, suite run or release."""
        return self._transport.post(f"{RUNS}/{segment(id)}/cancel", dict[str, Any])

    def wait(self, id: UUID | str, on_change: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """Wait until a run has ended and return it. `on_change` receives every new state."""
        last = None
        while True:
            run = self.run(id)
            if on_change is not None and run != last:
                on_change(run)
            last = run
            if run["status"] not in ACTIVE_STATUSES:
                return run
            time.sleep(1.0)


list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""
