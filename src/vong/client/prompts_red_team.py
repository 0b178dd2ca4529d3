"""Red team tests of prompts, pipelines and models in the client."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import Job

RED_TEAM = "/api/v1/prompts/red-team"
list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""


class StartedRedTeamRun(NamedTuple):
    """Queued red team run and its job."""

    run: dict[str, Any]
    job: Job


class RedTeamClient:
    """Red team tests: attack sets, runs and comparisons."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def sets(self) -> list_of_objects:
        """Return the built-in attack set and those of the project."""
        return self._transport.get(f"{RED_TEAM}/attack-sets", list_of_objects)

    def store_set(self, name: str, files: Sequence[Path], *, attack_class: str = "jailbreak") -> dict[str, Any]:
        """Store an attack set from files. `attack_class` is the class of attacks without one."""
        uploads = [("files", (file.name, file.read_bytes())) for file in files]
        return self._transport.request(
            "PUT",
            f"{RED_TEAM}/attack-sets/{segment(name)}",
            dict[str, Any],
            files=uploads,
            data={"attack_class": attack_class},
        )

    def attacks(self, name: str) -> list_of_objects:
        """Return the attacks and harmless requests of a set."""
        return self._transport.get(f"{RED_TEAM}/attack-sets/{segment(name)}/attacks", list_of_objects)

    def delete_set(self, name: str) -> None:
        """Delete an attack set. Runs keep their attacks."""
        self._transport.request("DELETE", f"{RED_TEAM}/attack-sets/{segment(name)}")

    def estimate(self, target: str, **settings: Any) -> dict[str, Any]:
        """Return the calls and the largest cost of a run. Settings: see `start`."""
        body = {"target": target, "settings": settings}
        return self._transport.post(f"{RED_TEAM}/estimate", dict[str, Any], body=body)

    def start(self, target: str, *, key: str | None = None, **settings: Any) -> StartedRedTeamRun:
        """Start a run against `prompt/NAME:LABEL`, `pipeline/NAME`, a route or a model.

        Settings: `sets`, `classes`, `limit`, `model`, `system`, `variables`, `variable`, `judge`, `max_tokens`,
        `concurrency`.
        """
        body = {"target": target, "settings": settings}
        started = self._transport.post(f"{RED_TEAM}/runs", dict[str, Any], body=body, idempotency_key=key)
        return StartedRedTeamRun(started["run"], Job.model_validate(started["job"]))

    def list(self, *, target: str | None = None, after: UUID | str | None = None, limit: int = 50) -> list_of_objects:
        """Return runs, newest first. `target` may name a prompt without a label."""
        return self._transport.get(f"{RED_TEAM}/runs", list_of_objects, target=target, after=after, limit=limit)

    def show(self, id: UUID | str) -> dict[str, Any]:
        """Return a run with its rates per class."""
        return self._transport.get(f"{RED_TEAM}/runs/{segment(id)}", dict[str, Any])

    def results(
        self,
        id: UUID | str,
        *,
        outcome: str | None = None,
        attack_class: str | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> list_of_objects:
        """Return the attacks of a run with their outcomes. `after` is the last position of the previous page."""
        params = {"outcome": outcome, "attack_class": attack_class, "after": after, "limit": limit}
        return self._transport.get(f"{RED_TEAM}/runs/{segment(id)}/results", list_of_objects, **params)

    def compare(self, a: UUID | str, b: UUID | str, *, changes: int = 20) -> dict[str, Any]:
        """Compare run b with run a, for example with and without a guard."""
        return self._transport.get(f"{RED_TEAM}/compare", dict[str, Any], a=a, b=b, changes=changes)

    def delete(self, id: UUID | str) -> None:
        """Delete a run with its results."""
        self._transport.request("DELETE", f"{RED_TEAM}/runs/{segment(id)}")
