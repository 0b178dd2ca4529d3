"""Training namespace of the client."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import Job
from vong.records.run import TrainingStarted

Datasets = str | Sequence[str] | Mapping[str, float | None]
"""One dataset, several, or several with their weights."""


class TrainingClient:
    """Recipes, plans and training runs. The metrics of a run are in `experiments`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def recipes(self) -> list[dict[str, Any]]:
        """Return the recipes, each with the JSON schema of its settings (`settings_schema`)."""
        return self._transport.get("/api/v1/training/recipes", list[dict[str, Any]])

    def plan(self, name: str, base: str | None, dataset: Datasets, **more: Any) -> dict[str, Any]:
        """Return the plan of a run: steps, tokens, seconds, cost, memory_bytes, fits, alternatives and choices.

        `more` as for `start`. After a `probe` of the same base and recipe, the time is based on its measured rate.
        """
        body = {"name": name, "base": base, **_dataset_fields(dataset), **more}
        return self._transport.post("/api/v1/training/plan", dict[str, Any], body=body)

    def probe(self, name: str, base: str | None, dataset: Datasets, *, key: str | None = None, **more: Any) -> Job:
        """Queue a probe of up to 20 steps that measures rate and memory for later plans. `more` as for `start`."""
        body = {"name": name, "base": base, **_dataset_fields(dataset), **more}
        return self._transport.post("/api/v1/training/probes", Job, body=body, idempotency_key=key)

    def start(
        self, name: str, base: str | None, dataset: Datasets, *, key: str | None = None, **more: Any
    ) -> TrainingStarted:
        """Start a run that registers a version of the model `name`. A recipe that trains from scratch has no `base`.

        `base` and `dataset` are refs. `dataset` may be a list of refs, whose rows are all trained, or refs with weights
        (`{"tickets": 0.7, "chats": 0.3}`). `more` may have `recipe` (sft), `settings`, `mixing` (shuffle, in_order),
        `train_split` (train), `validation_split` (validation) and `auto`. With `auto` the planner chooses batch size,
        accumulation, checkpointing, precision and packing, except those in `settings`. A repeated call with the same
        `key` returns the same run.
        """
        body = {"name": name, "base": base, **_dataset_fields(dataset), **more}
        return self._transport.post("/api/v1/training/runs", TrainingStarted, body=body, idempotency_key=key)

    def resume(self, run: UUID | str) -> TrainingStarted:
        """Continue a cancelled or failed run from its newest checkpoint."""
        return self._transport.post(f"/api/v1/training/runs/{segment(run)}/resume", TrainingStarted)


def _dataset_fields(dataset: Datasets) -> dict[str, Any]:
    """Return the fields of a request that name its datasets."""
    if isinstance(dataset, str):
        return {"dataset": dataset}
    shares = dataset if isinstance(dataset, Mapping) else dict.fromkeys(dataset)
    return {"datasets": [{"dataset": ref, "weight": weight} for ref, weight in shares.items()]}
