"""Replays of pipeline runs in the client."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from vong.client.transport import Transport, segment
from vong.records import Job

PATH = "/api/v1/pipelines"


class PipelineReplaysClient:
    """Replays: past runs executed again with changes."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def estimate_replay(
        self, name: str, *, source: Mapping[str, Any] | None = None, changes: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the estimate of a replay: `runs`, `cost` (millionths of a dollar), `executed`, `reused`, `effects`.

        `source` has `runs` (ids), or a filter: `state`, `version`, `since`, `until`, `limit`. `changes` has `version`,
        `settings` (by `STEP.FIELD`), `prompts` and `models` (by step), `inputs`.
        """
        body = {"source": dict(source or {}), "changes": dict(changes or {})}
        return self._transport.post(f"{PATH}/{segment(name)}/replays/estimate", dict[str, Any], body=body)

    def replay(
        self,
        name: str,
        *,
        source: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
        scorers: Sequence[str] = ("exact_match",),
        allow_effects: bool = False,
        max_cost_usd: float | None = None,
        key: str | None = None,
    ) -> tuple[dict[str, Any], Job]:
        """Start a replay, and return it and its job. See `estimate_replay` for `source` and `changes`.

        A repeated call with the same `key` returns the same replay.
        """
        body = {
            "source": dict(source or {}),
            "changes": dict(changes or {}),
            "scorers": list(scorers),
            "allow_effects": allow_effects,
            "max_cost_usd": max_cost_usd,
        }
        path = f"{PATH}/{segment(name)}/replays"
        started = self._transport.post(path, dict[str, Any], body=body, idempotency_key=key)
        return started["replay"], Job.model_validate(started["job"])

    def replays(self, name: str, *, after: UUID | str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """Return the replays of a pipeline, newest first."""
        path = f"{PATH}/{segment(name)}/replays"
        return self._transport.get(path, list[dict[str, Any]], after=after, limit=limit)

    def get_replay(self, id: UUID | str) -> dict[str, Any]:
        """Return a replay with the number of its runs by state."""
        return self._transport.get(f"{PATH}/replays/{segment(id)}", dict[str, Any])

    def replayed_runs(self, id: UUID | str, *, after: int = -1, limit: int = 50) -> list[dict[str, Any]]:
        """Return the runs of a replay by position: `source_id`, `run_id` and `state`."""
        path = f"{PATH}/replays/{segment(id)}/runs"
        return self._transport.get(path, list[dict[str, Any]], after=after, limit=limit)

    def compare_replay(self, id: UUID | str, *, changes: int = 20) -> dict[str, Any]:
        """Compare the original outputs with the new ones: `metrics` with intervals, and `changes`."""
        return self._transport.get(f"{PATH}/replays/{segment(id)}/comparison", dict[str, Any], changes=changes)
