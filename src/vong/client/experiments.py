"""Experiments namespace of the client."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import TrainingRun, TrainingSample
from vong.records.sample import RunSamples


class ExperimentsClient:
    """Training runs and their metrics. Any trainer can log here: `start`, `log` for each step, `finish`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def runs(
        self, *, after: UUID | None = None, limit: int = 50, name: str | None = None, status: str | None = None
    ) -> list[TrainingRun]:
        """Return the runs, newest first."""
        params = {"after": str(after) if after else None, "limit": limit, "name": name, "status": status}
        return self._transport.request("GET", "/api/v1/experiments/runs", list[TrainingRun], params=params)

    def get(self, id: UUID | str) -> TrainingRun:
        """Return one run."""
        return self._transport.get(f"/api/v1/experiments/runs/{segment(id)}", TrainingRun)

    def metrics(self, id: UUID | str, names: Sequence[str] = (), *, points: int = 500) -> list[dict[str, Any]]:
        """Return the curves of a run: `name`, `total`, and `points` of `step`, `value`, `recorded_at`."""
        params = {"name": list(names) or None, "points": points}
        path = f"/api/v1/experiments/runs/{segment(id)}/metrics"
        return self._transport.request("GET", path, list[dict[str, Any]], params=params)

    def samples(self, id: UUID | str, *, step: int | None = None) -> RunSamples:
        """Return the sample generations of one step, by default the last: `steps`, `step` and `samples`."""
        path = f"/api/v1/experiments/runs/{segment(id)}/samples"
        return self._transport.request("GET", path, RunSamples, params={"step": step})

    def log_samples(self, id: UUID | str, samples: Sequence[TrainingSample]) -> RunSamples:
        """Log sample generations of one step; a sample of the same step and number is replaced."""
        body = [sample.model_dump(mode="json") for sample in samples]
        return self._transport.post(f"/api/v1/experiments/runs/{segment(id)}/samples", RunSamples, body=body)

    def start(
        self, name: str, *, settings: Mapping[str, Any] | None = None, base: str = "", dataset: str = ""
    ) -> TrainingRun:
        """Create a run of an external trainer."""
        body = {"name": name, "settings": dict(settings or {}), "base": base, "dataset": dataset}
        return self._transport.post("/api/v1/experiments/runs", TrainingRun, body=body)

    def log(self, id: UUID | str, step: int, values: Mapping[str, float]) -> TrainingRun:
        """Log the metrics of a step; logging a step again replaces it."""
        body = [{"step": step, "values": dict(values)}]
        return self._transport.post(f"/api/v1/experiments/runs/{segment(id)}/metrics", TrainingRun, body=body)

    def finish(
        self, id: UUID | str, status: str = "finished", *, summary: Mapping[str, Any] | None = None
    ) -> TrainingRun:
        """Record the final status of a run: `finished`, `failed` or `cancelled`."""
        body = {"status": status, "summary": dict(summary or {})}
        return self._transport.post(f"/api/v1/experiments/runs/{segment(id)}/finish", TrainingRun, body=body)

    def compare(self, ids: Sequence[UUID | str]) -> dict[str, Any]:
        """Compare runs: `settings` that differ, `best` and `last` metrics, the `winner` of each, and `curves`."""
        params = {"run": [str(id) for id in ids]}
        return self._transport.request("GET", "/api/v1/experiments/compare", dict[str, Any], params=params)
