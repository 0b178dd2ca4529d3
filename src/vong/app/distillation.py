"""Models that a run calls: teachers and judges behind the gateway, called as any client does, and local teachers."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Connection, func, select

from vong import registry
from vong.access.principal import Principal
from vong.app.caller_client import CallerClient
from vong.app.chat_client import GatewayChatClient
from vong.app.platform import Platform
from vong.app.registry import model_folder
from vong.errors import InvalidInput, NotFound, did_you_mean
from vong.gateway.auth.scopes import check_scope
from vong.gateway.fine_tuning.store import list_models
from vong.gateway.routing.store import list_routes
from vong.jobs import JobContext
from vong.records import Message
from vong.store.schema import PROJECT_SETTING
from vong.store.spans.schema import spans
from vong.training.scoring.teachers import ModelAnswer

COST_TIMEOUT_SECONDS = 10.0
"""Seconds to wait for the spans of the last calls, which are written shortly after the answers."""


class PlatformTeachers:
    """Teachers and judges of one training job. Calls of the gateway are recorded as spans with their cost.

    The calls are made with a delegated key of the caller who started the job, so that its scope and limits apply.
    """

    def __init__(self, platform: Platform, job: JobContext) -> None:
        self._platform = platform
        self._job = job
        self._caller = CallerClient(platform, job)

    def ask(self, model: str, messages: Sequence[Message], params: Mapping[str, Any]) -> ModelAnswer:
        """Return the answer of a route or model of the gateway."""
        output = GatewayChatClient(self._caller.http, model, self._job)(list(messages), dict(params))
        return ModelAnswer(
            text=output.text,
            latency_ms=output.latency_ms,
            output_tokens=output.usage.output_tokens,
            span_id=str(output.span_id) if output.span_id else None,
            error=output.error,
        )

    def close(self) -> None:
        """Delete the delegated key."""
        self._caller.close()

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

    def versions(self, model: str, span_ids: Sequence[str]) -> list[str]:
        """Return the refs of the model versions that gave recorded answers. Without calls, the ref of `model`."""
        with self._platform.scope(self._job.project_id) as connection:
            if not span_ids:
                return [registry.find(connection, model).ref]
            ids = [UUID(one) for one in span_ids]
            query = select(spans.c.model_version).where(spans.c.id.in_(ids), spans.c.model_version.is_not(None))
            return sorted(set(connection.scalars(query)))

    def model_folder(self, ref: str) -> Path:
        """Return the folder with the complete weights of a model in the registry."""
        with self._platform.scope(self._job.project_id) as connection:
            check_local_teacher(connection, ref)
            return model_folder(self._platform, connection, ref)


def called_models(settings: BaseModel) -> list[str]:
    """Return the routes and models of the gateway that a run calls: its judges, and a teacher that answers."""
    names = [judge.model for judge in getattr(settings, "judges", {}).values()]
    teacher = str(getattr(settings, "teacher", ""))
    return [*names, teacher] if teacher and getattr(settings, "source", None) == "answers" else names


def check_called_models(
    platform: Platform, connection: Connection, settings: BaseModel, principal: Principal | None = None
) -> None:
    """Check the teacher and the judges of a run, and with `principal` that its key may call them.

    Raises:
        NotFound: A route or model does not exist.
        OutOfScope: The scope of the key excludes a model or chat.
        InvalidInput: A local teacher cannot be used.
    """
    if getattr(settings, "source", None) == "logits":
        check_local_teacher(connection, str(getattr(settings, "teacher", "")))
    check_model_names(platform, connection, called_models(settings), principal)


def check_model_names(
    platform: Platform, connection: Connection, names: Sequence[str], principal: Principal | None = None
) -> None:
    """Check that the gateway knows all routes and models, and with `principal` that its key may call them.

    Raises:
        NotFound: A route or model does not exist.
        OutOfScope: The scope of the key excludes a model or chat.
    """
    if not names:
        return
    from vong.app.gateway import target_check  # imports the gateway, which other runs do not need

    project_id = UUID(connection.scalar(select(func.current_setting(PROJECT_SETTING))))
    check_target = target_check(platform, project_id, connection)
    known = {route.name for route in list_routes(connection)} | {tuned.name for tuned in list_models(connection)}
    for name in names:
        if principal is not None:
            check_scope(principal, "chat", name)
        if name not in known and "/" not in name:
            hint = did_you_mean(name, sorted(known), "vong gateway models")
            raise NotFound(f"no route or model is named {name!r}", hint)
        if name not in known:
            check_target(name)


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
