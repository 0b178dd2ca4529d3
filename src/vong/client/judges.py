"""Judges namespace of the client, `client.evals.judges`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import Job
from vong.records.evals import EvalStarted

list_of_objects = list[dict[str, Any]]
"""Alias outside the class, because the class has a method named `list`."""


class JudgesClient:
    """Judges: store them, calibrate them on labels of people, tune them, and compare two runs."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> list_of_objects:
        """Return the judges: `judge` (the current version), `versions`, and the newest `calibration` of it."""
        return self._transport.get("/api/v1/evals/judges", list_of_objects)

    def create(self, name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Store a version of a judge as the current one.

        `definition` has the fields of `vong.evals.judges.JudgeDefinition`: `kind` (rubric, pairwise, pass_fail,
        reference, jury), `model`, `prompt`, `template`, `criteria`, `scale`, `shots`, `members`, `combine`, `settings`.
        """
        body = {"name": name, "definition": dict(definition)}
        return self._transport.post("/api/v1/evals/judges", dict[str, Any], body=body)

    def get(self, ref: str) -> dict[str, Any]:
        """Return a judge: `current`, all `versions`, and all `calibrations`, newest first."""
        return self._transport.get(f"/api/v1/evals/judges/{segment(ref)}", dict[str, Any])

    def use(self, ref: str) -> dict[str, Any]:
        """Make the version `NAME@VERSION` the current one."""
        return self._transport.post(f"/api/v1/evals/judges/{segment(ref)}/use", dict[str, Any])

    def delete(self, name: str) -> None:
        """Delete a judge with its versions and calibrations."""
        self._transport.request("DELETE", f"/api/v1/evals/judges/{segment(name)}")

    def judge(
        self,
        ref: str,
        output: str,
        *,
        input: str = "",
        other: str | None = None,
        reference: str = "",
        metadata: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Judge one output: `score` in 0..1, `verdict`, `reason`, or `error`. `other` is the second one of a pair."""
        body = {"input": input, "output": output, "reference": reference, "metadata": dict(metadata or {})}
        body |= {} if other is None else {"other": other}
        return self._transport.post(f"/api/v1/evals/judges/{segment(ref)}/judge", dict[str, Any], body=body)

    def calibrate(self, ref: str, task: str, *, key: str | None = None, **settings: Any) -> dict[str, Any]:
        """Start a calibration on the labels of a task (a dataset or route): `calibration` and `job`.

        Settings are those of `vong.evals.judges.CalibrationSettings`: `label_field`, `split`, `score_name`,
        `min_kappa`, `min_labels`, `limit`, `seed`, `concurrency`, `fresh`.
        """
        path = f"/api/v1/evals/judges/{segment(ref)}/calibrations"
        return self._transport.post(path, dict[str, Any], body={"task": task, **settings}, idempotency_key=key)

    def calibration(self, id: UUID | str) -> dict[str, Any]:
        """Return a calibration: `labels`, `kappa`, `low`, `high`, `can_gate` and a `report`."""
        return self._transport.get(f"/api/v1/evals/calibrations/{segment(id)}", dict[str, Any])

    def tune(self, ref: str, task: str, *, key: str | None = None, **settings: Any) -> Job:
        """Start the tuning of a judge on the labels of a task. The result of the job names the candidate.

        Settings are those of `calibrate`, and `writer`, `variants`, `shots`, `held_out`.
        """
        path = f"/api/v1/evals/judges/{segment(ref)}/tuning"
        return self._transport.post(path, Job, body={"task": task, **settings}, idempotency_key=key)

    def compare(
        self,
        ref: str,
        a: UUID | str,
        b: UUID | str,
        *,
        limit: int | None = None,
        concurrency: int = 4,
        key: str | None = None,
    ) -> EvalStarted:
        """Start a comparison of run `b` with run `a` by a pairwise judge. Its verdicts are stored as a run."""
        body = {"a": str(a), "b": str(b), "limit": limit, "concurrency": concurrency}
        path = f"/api/v1/evals/judges/{segment(ref)}/comparisons"
        return self._transport.post(path, EvalStarted, body=body, idempotency_key=key)

    def comparison(self, id: UUID | str) -> dict[str, Any]:
        """Return a comparison by a judge: `wins`, `losses`, `ties`, `win_rate` with `low` and `high`, `p`."""
        return self._transport.get(f"/api/v1/evals/comparisons/{segment(id)}", dict[str, Any])

    def labels(self) -> list_of_objects:
        """Return the number of labels of every task: `task`, `labels`, `authors`."""
        return self._transport.get("/api/v1/evals/labels", list_of_objects)

    def to_label(self, run: UUID | str, *, limit: int = 20) -> dict[str, Any]:
        """Return outputs of a run that the caller has not labelled: `items`, `labelled`, `remaining`."""
        return self._transport.get(f"/api/v1/evals/runs/{segment(run)}/labels/next", dict[str, Any], limit=limit)

    def label(self, run: UUID | str, position: int, value: float, *, levels: int = 2) -> dict[str, Any]:
        """Label an output of a run with a value in 0..1, one of `levels` equidistant ones."""
        body = {"position": position, "value": value, "levels": levels}
        return self._transport.post(f"/api/v1/evals/runs/{segment(run)}/labels", dict[str, Any], body=body)

    def unlabel(self, run: UUID | str, position: int) -> None:
        """Delete the caller's label of an output."""
        self._transport.request("DELETE", f"/api/v1/evals/runs/{segment(run)}/labels/{position}")
