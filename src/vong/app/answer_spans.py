"""Spans of an answer: one trace with a span for the whole and one for each step."""

import time
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from vong.app.platform import Platform
from vong.errors import VongError
from vong.records import Span, SpanVersions, new_id

ATTRIBUTE_PREFIX = "vong.knowledge."
WRITE_TIMEOUT_SECONDS = 5.0
"""Seconds to wait for the span of an answer, so that the next question of the conversation finds it."""
DISCONNECTED = "the client disconnected before the answer was complete"


class AnswerSpan:
    """Span that is not finished. `set` adds its input, output and attributes."""

    def __init__(self, name: str, kind: str, parent: "AnswerSpan | None" = None) -> None:
        self.id: UUID = new_id()
        self.name, self.kind, self.parent = name, kind, parent
        self.trace_id = parent.trace_id if parent else self.id.hex
        self.span_id = self.id.hex[16:]
        self.error: str | None = None
        self._started_at = datetime.now(UTC)
        self._start = time.perf_counter()
        self._input: Any = None
        self._output: Any = None
        self._attributes: dict[str, Any] = {}

    def set(self, *, input: Any = None, output: Any = None, **attributes: Any) -> None:
        """Set the input, the output and attributes of the span."""
        self._input = input if input is not None else self._input
        self._output = output if output is not None else self._output
        self._attributes |= {f"{ATTRIBUTE_PREFIX}{name}": value for name, value in attributes.items()}

    def finish(self, versions: SpanVersions, session: str | None, key: str | None) -> Span:
        """Return the finished span."""
        return Span.model_validate(
            {
                "id": self.id,
                "trace_id": self.trace_id,
                "span_id": self.span_id,
                "parent_span_id": self.parent.span_id if self.parent else None,
                "name": self.name,
                "kind": self.kind,
                "status": "error" if self.error else "ok",
                "error": self.error,
                "started_at": self._started_at,
                "duration_ms": (time.perf_counter() - self._start) * 1000,
                "session": session,
                "key": key,
                "versions": versions,
                "attributes": self._attributes,
                "input": self._input,
                "output": self._output,
            }
        )


class AnswerTrace:
    """Trace of one answer. Each step is written when it ends, the root span when the trace is closed."""

    def __init__(
        self,
        platform: Platform,
        project_id: UUID,
        *,
        index_version: str,
        session: str | None = None,
        key: str | None = None,
    ) -> None:
        self.root = AnswerSpan("knowledge.ask", "pipeline")
        self._platform, self._project_id = platform, project_id
        self._versions = SpanVersions(index_version=index_version)
        self._session, self._key = session, key
        self._current = self.root

    @property
    def traceparent(self) -> str:
        """Return the header with which a model call becomes a child of the current step."""
        return f"00-{self.root.trace_id}-{self._current.span_id}-01"

    @contextmanager
    def step(self, name: str, kind: str = "other") -> Generator[AnswerSpan]:
        """Record a step. An exception is its error."""
        span = AnswerSpan(name, kind, self._current)
        before, self._current = self._current, span
        try:
            yield span
        except VongError as error:
            span.error = error.message
            raise
        finally:
            self._current = before
            self._write(span)

    def close(self, *, wait: bool = False) -> None:
        """Write the root span. With `wait`, return once it is stored, or after WRITE_TIMEOUT_SECONDS."""
        written = self._write(self.root)
        if wait:
            try:
                written.result(timeout=WRITE_TIMEOUT_SECONDS)
            except (TimeoutError, VongError):
                return  # the writer stores it later, or reports the loss

    def _write(self, span: AnswerSpan) -> Future[None]:
        finished = span.finish(self._versions, self._session, self._key)
        return self._platform.span_writer.append_durable(self._project_id, finished)
