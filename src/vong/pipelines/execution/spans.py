"""Spans of a run: one for the run, whose id is that of the run, and one for each step."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from vong.pipelines.run_records import PipelineRun
from vong.pipelines.services import RunScope
from vong.records import Span, SpanVersions, Usage, now
from vong.records.record import construct_trusted

NO_USAGE = Usage()


class PipelineTrace:
    """Spans of one run. `record` queues a span."""

    def __init__(self, scope: RunScope, record: Callable[[Span], None]) -> None:
        self._scope, self._record = scope, record
        self._attributes = {
            "vong.pipeline.name": scope.pipeline,
            "vong.pipeline.version": scope.version,
            "vong.pipeline.run_id": str(scope.id),
        }
        self._versions = SpanVersions(config_hash=scope.version)
        self._containers: dict[str, UUID] = {}
        """Span of each step that has steps within it, by path."""
        self._pipelines: dict[str, str] = {}
        """Hash of each sub-pipeline, by the path of its step."""

    def enter_step(self, path: str, span_id: UUID) -> None:
        """Record the span that becomes the parent of the steps within a step."""
        self._containers[path] = span_id

    def enter_pipeline(self, path: str, digest: str) -> None:
        """Record the pipeline that a step runs."""
        self._pipelines[path] = digest

    def parents_of(self, path: str) -> tuple[str, ...]:
        """Return the hashes of the sub-pipelines that contain a step."""
        return tuple(digest for outer, digest in self._pipelines.items() if path.startswith(f"{outer}."))

    def end_step(
        self,
        span_id: UUID,
        path: str,
        kind: str,
        *,
        step_kind: str,
        started_at: datetime,
        seconds: float,
        error: str | None,
        values: tuple[Any, Any, dict[str, Any], dict[str, str]],
    ) -> None:
        """Record the span of a step. `values` are its inputs, outputs, attributes and versions."""
        inputs, outputs, attributes, versions = values
        own = {**self._attributes, "vong.pipeline.step": path, "vong.pipeline.kind": step_kind, **attributes}
        used = self._versions.model_copy(update=versions) if versions else self._versions
        parent = self._find_parent(path)
        span = self._build(span_id, (f"step {path}", kind), (started_at, seconds), error, own, used, (inputs, outputs))
        span["parent_span_id"] = parent.hex[16:]
        self._record(construct_trusted(Span, span))

    def end_run(self, run: PipelineRun, started: float) -> None:
        """Record the span of the run."""
        started_at = run.started_at or run.created_at
        seconds = max((now() - started_at).total_seconds(), time.perf_counter() - started)
        error = run.error.message if run.error else None
        name = f"pipeline {run.pipeline or run.version[:12]}"
        own = {**self._attributes, "vong.pipeline.state": run.state}
        if run.replay_of:
            own["vong.pipeline.replay_of"] = str(run.replay_of)
        timing, bodies = (started_at, seconds), (run.inputs, run.outputs)
        values = self._build(run.id, (name, "pipeline"), timing, error, own, self._versions, bodies)
        values["parent_span_id"] = self._scope.parent_span_id
        self._record(construct_trusted(Span, values))

    def _find_parent(self, path: str) -> UUID:
        """Return the span of the innermost step that contains a step, or that of the run."""
        outer, best = path, self._scope.id
        while "." in outer:
            outer = outer.rpartition(".")[0]
            found = self._containers.get(outer) or self._containers.get(outer.rpartition("[")[0])
            if found is not None:
                return found
        return best

    def _build(
        self,
        id: UUID,
        named: tuple[str, str],
        timing: tuple[datetime, float],
        error: str | None,
        attributes: dict[str, Any],
        versions: SpanVersions,
        bodies: tuple[Any, Any],
    ) -> dict[str, Any]:
        """Return the fields of a span. `named` are its name and kind, `bodies` its input and output."""
        caller, scope = self._scope.caller, self._scope
        return {
            "id": id,
            "trace_id": scope.trace_id,
            "span_id": id.hex[16:],
            "parent_span_id": None,
            "name": named[0],
            "kind": named[1],
            "status": "error" if error else "ok",
            "error": error,
            "started_at": timing[0],
            "duration_ms": timing[1] * 1000,
            "first_token_ms": None,
            "model": None,
            "user": scope.user,
            "session": scope.session,
            "key": getattr(caller, "actor", None) if getattr(caller, "key_id", None) else None,
            "usage": NO_USAGE,
            "versions": versions,
            "attributes": attributes,
            "input": bodies[0],
            "output": bodies[1],
        }
