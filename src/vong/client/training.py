"""The client's `training` namespace."""

from typing import Any

from vong.client.transport import Transport
from vong.records import Job, Record, TrainingRun


class Started(Record):
    """A run and the job that does it."""

    run: TrainingRun
    job: Job


class TrainingClient:
    """Recipes, plans and runs. Figures of a run are read at `experiments`."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport

    def recipes(self) -> list[dict[str, Any]]:
        """The ways of training, each with the JSON schema of its settings (`settings_schema`)."""
        return self._send.get("/api/v1/training/recipes", list[dict[str, Any]])

    def plan(self, name: str, base: str, dataset: str, **more: Any) -> dict[str, Any]:
        """What a run would take: steps, tokens, seconds, memory_bytes. `more` as for `start`."""
        body = {"name": name, "base": base, "dataset": dataset, **more}
        return self._send.post("/api/v1/training/plan", dict[str, Any], body=body)

    def start(self, name: str, base: str, dataset: str, *, key: str | None = None, **more: Any) -> Started:
        """Start a run that registers a version of the model `name`.

        `base` and `dataset` are refs. `more` may hold `recipe` (sft), `settings`, `train_split` (train) and
        `validation_split` (validation). `key` makes a repeated call the same run.
        """
        body = {"name": name, "base": base, "dataset": dataset, **more}
        return self._send.post("/api/v1/training/runs", Started, body=body, idempotency_key=key)
