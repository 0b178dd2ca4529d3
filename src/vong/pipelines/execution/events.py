"""Events of runs: several readers of one run, each of which may continue at its last event."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from vong.pipelines.run_records import PipelineRun, RunStep

KEEP_SECONDS = 60.0
"""Time for which the events of an ended run stay in memory."""
MAX_EVENTS = 50_000
"""Events of a run above which texts are not recorded for readers that come later."""

Event = dict[str, Any]
"""Event with its name in `event`, and `id`, with which a reader continues."""


class RunChannel:
    """Events of one run in this process.

    The id of an event is `EPOCH-NUMBER`. A reader with an id of another epoch, from before a restart, gets all events.
    """

    def __init__(self, run_id: UUID, *, wants_text: bool = False) -> None:
        self.run_id = run_id
        self.wants_text = wants_text
        """True if a reader receives the texts of models as they arrive."""
        self.ended_at: float | None = None
        self._epoch = f"{time.time_ns() // 1000:x}"
        self._events: list[Event] = []
        self._readers: set[asyncio.Event] = set()

    def publish(self, event: str, **values: Any) -> None:
        """Add an event."""
        if event == "delta" and len(self._events) > MAX_EVENTS:
            return
        self._events.append({"id": f"{self._epoch}-{len(self._events)}", "event": event, **values})
        for reader in self._readers:
            reader.set()

    def restore(self, run: PipelineRun, steps: Sequence[RunStep]) -> None:
        """Add the events of a run that is continued."""
        for event in stored_events(run, steps):
            if event["event"] not in ("run_ended", "run_waiting"):
                self.publish(**event)

    def close(self) -> None:
        """End all readers once they have read all events."""
        self.ended_at = time.monotonic()
        for reader in self._readers:
            reader.set()

    async def read(self, last_id: str | None = None) -> AsyncIterator[Event]:
        """Yield the events after the one with an id, or all, up to the end of the execution."""
        self.wants_text = True
        index = self._index_after(last_id)
        arrived = asyncio.Event()
        self._readers.add(arrived)
        try:
            while True:
                while index < len(self._events):
                    index += 1
                    yield self._events[index - 1]
                if self.ended_at is not None:
                    return
                arrived.clear()
                await arrived.wait()
        finally:
            self._readers.discard(arrived)

    def _index_after(self, last_id: str | None) -> int:
        epoch, _, number = (last_id or "").rpartition("-")
        if epoch != self._epoch or not number.isdecimal():
            return 0
        return min(int(number) + 1, len(self._events))


def stored_events(run: PipelineRun, steps: Sequence[RunStep]) -> list[Event]:
    """Return the events of a run as it is stored, without ids and without the parts of texts."""
    events: list[Event] = [run_started(run)]
    for step in steps:
        if step.state == "skipped":
            events.append(step_ended(step))
            continue
        events.append({"event": "step_started", "path": step.path, "kind": step.kind, "attempt": step.attempt})
        if step.state == "waiting":
            events.append({"event": "step_waiting", "path": step.path, "kind": step.kind, "asked": step.outputs or {}})
        elif step.state == "running":
            text = (step.outputs or {}).get("text")
            if text:
                events.append({"event": "delta", "path": step.path, "text": text, "output": None})
        else:
            events.append(step_ended(step))
    if run.is_final:
        events.append(run_ended(run))
    elif run.state == "waiting":
        waiting = [step.path for step in steps if step.state == "waiting"]
        events.append({"event": "run_waiting", "run_id": str(run.id), "steps": waiting})
    return events


def run_started(run: PipelineRun) -> Event:
    """Return the first event of a run."""
    return {
        "event": "run_started",
        "run_id": str(run.id),
        "trace_id": run.trace_id,
        "pipeline": run.pipeline,
        "version": run.version,
    }


def run_ended(run: PipelineRun) -> Event:
    """Return the last event of a run."""
    return {
        "event": "run_ended",
        "run_id": str(run.id),
        "state": run.state,
        "outputs": run.outputs,
        "error": run.error.model_dump() if run.error else None,
        "cost": run.cost,
        "tokens": run.tokens,
    }


def step_ended(step: RunStep) -> Event:
    """Return the event of the end of a step."""
    return {
        "event": "step_ended",
        "path": step.path,
        "kind": step.kind,
        "state": step.state,
        "port": step.port,
        "outputs": step.outputs,
        "error": step.error.model_dump() if step.error else None,
    }
