"""Teachers of distillation: models of the gateway, called as any client does, and models of the registry."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from vong import registry
from vong.app.evals import GatewayChatClient
from vong.app.platform import Platform
from vong.app.registry import model_folder
from vong.errors import InvalidInput
from vong.jobs import JobContext
from vong.records import Message
from vong.store.spans.schema import spans
from vong.training.teachers import ModelAnswer

COST_TIMEOUT_SECONDS = 10.0
"""Seconds to wait for the spans of the last calls, which are written shortly after the answers."""


class PlatformTeachers:
    """Teachers of one training job. Calls of the gateway are recorded as spans with their cost, as all calls are."""

    def __init__(self, platform: Platform, job: JobContext) -> None:
        self._platform = platform
        self._job = job
        self._http: Any = None
        self._lock = Lock()

    def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelAnswer:
        """Return the answer of a route or model of the gateway."""
        with self._lock:  # several threads ask at the same time
            if self._http is None:
                self._http = self._platform.client(self._job.project_id).transport.http
        output = GatewayChatClient(self._http, model, self._job)(list(messages), dict(params))
        return ModelAnswer(
            text=output.text,
            latency_ms=output.latency_ms,
            output_tokens=output.usage.output_tokens,
            span_id=str(output.span_id) if output.span_id else None,
            error=output.error,
        )

    def cost(self, span_ids: Sequence[str]) -> int | None:
        """Return the cost of recorded calls, or None if a price is unknown or a span is missing."""
        ids = list({UUID(one) for one in span_ids})
        deadline = time.monotonic() + COST_TIMEOUT_SECONDS
        while True:
            with self._platform.scope(self._job.project_id) as connection:
                costs = list(connection.scalars(select(spans.c.cost).where(spans.c.id.in_(ids))))
            if len(costs) == len(ids) or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        known = [one for one in costs if one is not None]
        return sum(known) if len(known) == len(ids) else None

    def model_folder(self, ref: str) -> Path:
        """Return the folder with the complete weights of a model in the registry."""
        with self._platform.scope(self._job.project_id) as connection:
            check_local_teacher(connection, ref)
            return model_folder(self._platform, connection, ref)


def check_local_teacher(connection: Connection, ref: str) -> None:
    """Check that a model can be a teacher by logits.

    Raises:
        NotFound: There is no such model.
        InvalidInput: It is an adapter, or not in safetensors.
    """
    version = registry.find(connection, ref)
    if version.format != "safetensors" or version.kind == "adapter":
        raise InvalidInput(
            f"the teacher {version.ref} is a {version.kind} in {version.format}: logits need complete weights",
            "merge the adapter first, or deploy it and set source to answers",
        )
