"""Suites part of the evals namespace of the client."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import Job

list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""


class EvalSuitesClient:
    """Eval suites: store, estimate and run them. A `ref` is NAME (the newest version) or NAME@NUMBER."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Store a suite (`description`, `entries`) as its next version. Equal content returns the newest version."""
        return self._transport.post("/api/v1/evals/suites", dict[str, Any], body={**definition, "name": name})

    def list(self, *, after: str | None = None, limit: int = 50) -> list_of_objects:
        """Return the newest version of every suite, by name."""
        return self._transport.get("/api/v1/evals/suites", list_of_objects, after=after, limit=limit)

    def get(self, ref: str) -> dict[str, Any]:
        """Return a version of a suite."""
        return self._transport.get(f"/api/v1/evals/suites/{segment(ref)}", dict[str, Any])

    def versions(self, name: str, *, limit: int = 50) -> list_of_objects:
        """Return the versions of a suite, newest first."""
        return self._transport.get(f"/api/v1/evals/suites/{segment(name)}/versions", list_of_objects, limit=limit)

    def delete(self, name: str) -> None:
        """Delete all versions of a suite. Its runs are kept."""
        self._transport.request("DELETE", f"/api/v1/evals/suites/{segment(name)}")

    def estimate(self, ref: str, subject: str, **options: Any) -> dict[str, Any]:
        """Return the estimate of a run: `cost`, `seconds`, and `entries` with the detectable difference per metric."""
        path = f"/api/v1/evals/suites/{segment(ref)}/estimate"
        return self._transport.post(path, dict[str, Any], body={"subject": subject, "options": options})

    def run(
        self, ref: str, subject: str, *, label: str = "", key: str | None = None, **options: Any
    ) -> tuple[dict[str, Any], Job]:
        """Start a run on a model, deployment or route, and return the suite run and its job.

        Options: `system`, `repeats`, `limit`, `concurrency`, `thresholds`. A repeated call with the same `key` returns
        the same run.
        """
        body = {"subject": subject, "label": label, "options": options}
        path = f"/api/v1/evals/suites/{segment(ref)}/runs"
        started = self._transport.post(path, dict[str, Any], body=body, idempotency_key=key)
        return started["run"], Job.model_validate(started["job"])

    def runs(
        self,
        *,
        suite: str | None = None,
        subject: str | None = None,
        label: str | None = None,
        after: UUID | str | None = None,
        limit: int = 50,
    ) -> list_of_objects:
        """Return suite runs, newest first."""
        filters = {"suite": suite, "subject": subject, "label": label}
        return self._transport.get("/api/v1/evals/suite-runs", list_of_objects, **filters, after=after, limit=limit)

    def get_run(self, id: UUID | str) -> dict[str, Any]:
        """Return a suite run: `status`, `passed`, `metrics`, `checks`, `slices`, counts and cost."""
        return self._transport.get(f"/api/v1/evals/suite-runs/{segment(id)}", dict[str, Any])

    def compare(self, id: UUID | str, baseline: UUID | str) -> dict[str, Any]:
        """Compare a suite run with another one, or with the newest finished one that has the label `baseline`."""
        path = f"/api/v1/evals/suite-runs/{segment(id)}/comparison"
        return self._transport.get(path, dict[str, Any], baseline=baseline)
