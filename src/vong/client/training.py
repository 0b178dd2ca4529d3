"""Training namespace of the client."""

from typing import Any

from vong.client.transport import Transport
from vong.records.run import TrainingStarted


class TrainingClient:
    """Recipes, plans and training runs. The metrics of a run are in `experiments`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def recipes(self) -> list[dict[str, Any]]:
        """Return the recipes, each with the JSON schema of its settings (`settings_schema`)."""
        return self._transport.get("/api/v1/training/recipes", list[dict[str, Any]])

    def plan(self, name: str, base: str, dataset: str, **more: Any) -> dict[str, Any]:
        """Return an estimate of a run: steps, tokens, seconds, memory_bytes. `more` as for `start`."""
        body = {"name": name, "base": base, "dataset": dataset, **more}
        return self._transport.post("/api/v1/training/plan", dict[str, Any], body=body)

    def start(self, name: str, base: str, dataset: str, *, key: str | None = None, **more: Any) -> TrainingStarted:
        """Start a run that registers a version of the model `name`.

        `base` and `dataset` are refs. `more` may have `recipe` (sft), `settings`, `train_split` (train) and
        `validation_split` (validation). A repeated call with the same `key` returns the same run.
        """
        body = {"name": name, "base": base, "dataset": dataset, **more}
        return self._transport.post("/api/v1/training/runs", TrainingStarted, body=body, idempotency_key=key)
