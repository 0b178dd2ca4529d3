"""Optimisations of prompts in the client."""

from typing import Any, NamedTuple
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import Job

PROMPTS = "/api/v1/prompts"
list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""


class StartedOptimisation(NamedTuple):
    """Queued optimisation and its job."""

    optimisation: dict[str, Any]
    job: Job


class OptimiserClient:
    """Optimisations of prompts. `settings` are the fields of the optimiser's settings."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def estimate(self, name: str, dataset: str, *, version: str | None = None, **settings: Any) -> dict[str, Any]:
        """Return the most calls and the largest cost of an optimisation."""
        body = {"dataset": dataset, "version": version, "settings": settings}
        return self._transport.post(f"{PROMPTS}/{segment(name)}/optimisations/estimate", dict[str, Any], body=body)

    def start(self, name: str, dataset: str, *, version: str | None = None, **settings: Any) -> StartedOptimisation:
        """Start an optimisation of a version, by default that of the label `prod`."""
        body = {"dataset": dataset, "version": version, "settings": settings}
        started = self._transport.post(f"{PROMPTS}/{segment(name)}/optimisations", dict[str, Any], body=body)
        return StartedOptimisation(started["optimisation"], Job.model_validate(started["job"]))

    def list(self, name: str, *, after: UUID | str | None = None, limit: int = 50) -> list_of_objects:
        """Return the optimisations of a prompt, newest first."""
        return self._transport.get(
            f"{PROMPTS}/{segment(name)}/optimisations", list_of_objects, after=after, limit=limit
        )

    def show(self, id: UUID | str) -> dict[str, Any]:
        """Return an optimisation with the scores of its candidates."""
        return self._transport.get(f"{PROMPTS}/optimisations/{segment(id)}", dict[str, Any])

    def delete(self, id: UUID | str) -> None:
        """Delete an optimisation."""
        self._transport.request("DELETE", f"{PROMPTS}/optimisations/{segment(id)}")
