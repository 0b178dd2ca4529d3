"""Runs of pipelines: started, followed, cancelled, and decided about, on any server."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from vong.access.principal import Principal
from vong.app.otlp_exports import enqueue_export
from vong.app.pipelines.callers import find_caller, to_caller
from vong.app.pipelines.pinned_versions import has_refs, pin_versions
from vong.app.pipelines.services import PlatformServices
from vong.app.platform import Platform
from vong.errors import InvalidInput
from vong.pipelines import run_store
from vong.pipelines.definition import PipelineDefinition, RunLimits, to_values
from vong.pipelines.execution.compiled import CompiledPipeline, compile_pipeline
from vong.pipelines.execution.events import Event, stored_events
from vong.pipelines.execution.executor import PipelineExecutor, to_run
from vong.pipelines.execution.rows import NewRun
from vong.pipelines.run_records import PipelineRun, RunOptions, RunStep
from vong.records import Span, new_id, now

DECISION_POLL_SECONDS = 0.05
"""Interval at which a run is read that was decided about and has not continued yet."""
POLL_SECONDS = 0.4
"""Interval at which the state of a run on another server is read."""


class VersionedPipeline(Protocol):
    """Stored version of a pipeline."""

    @property
    def name(self) -> str:
        """Return the name of the pipeline."""
        ...

    @property
    def definition(self) -> PipelineDefinition:
        """Return the definition."""
        ...


class RunRequest(NamedTuple):
    """Run to start, on behalf of a principal.

    `version` is a stored version, or else `definition` is executed, as a draft of the pipeline `draft_of` if it is set.
    """

    principal: Principal
    inputs: Mapping[str, Any]
    version: VersionedPipeline | None = None
    definition: PipelineDefinition | None = None
    draft_of: str | None = None
    limits: RunLimits | None = None
    conversation_id: UUID | None = None
    replay_of: UUID | None = None
    options: RunOptions = RunOptions()
    user: str | None = None
    session: str | None = None
    tags: tuple[str, ...] = ()
    trace_id: str | None = None
    parent_span_id: str | None = None
    idempotency_key: str | None = None
    stream: bool = False
    is_published: bool = False
    """True if the calls of the steps need not be in the scope of the key."""


def create_executor(platform: Platform) -> PipelineExecutor:
    """Return the executor of this process. Called on the event loop of the server."""

    def record_span(project_id: UUID, span: Span) -> None:
        platform.span_writer.append_durable(project_id, enqueue_export(platform, span))

    return PipelineExecutor(platform.database, PlatformServices(platform), partial(find_caller, platform), record_span)


async def start(platform: Platform, request: Any) -> PipelineRun:
    """Start a run and return it without waiting for its end. `request` is a RunRequest, or has its fields.

    On a process without an executor the run is queued, and a server starts it within a second.

    Raises: InvalidInput if the definition or an input is invalid.
    """
    new, compiled, existing = await asyncio.to_thread(_prepare, platform, request)
    if existing is not None:
        return existing
    executor = platform.pipelines
    if executor is None:
        await asyncio.to_thread(_insert_queued, platform, new)
        return to_run(new._replace(state="queued"))
    started = await executor.submit(new, compiled, request.principal)
    return to_run(new if started is not None else new._replace(state="queued"))


def enqueue(platform: Platform, request: RunRequest, results: Sequence[RunStep] = ()) -> PipelineRun:
    """Store a run that a server starts within a second. For jobs and other processes without an event loop.

    `results` are finished steps of another run that this one uses again, without their cost.
    """
    new, _, existing = _prepare(platform, request)
    if existing is not None:
        return existing
    with platform.scope(new.project_id) as connection:
        run_store.insert_queued(connection, new)
        run_store.insert_results(connection, new.id, results)
    if platform.pipelines is not None:
        platform.pipelines.wake()
    return to_run(new._replace(state="queued"))


async def read_events(
    platform: Platform, principal: Principal, run_id: UUID, last_id: str | None = None
) -> AsyncGenerator[Event]:
    """Yield the events of a run up to its end, or until it waits for a decision.

    `last_id` is the id of the last event that the reader has. A reader that comes from another server or from before a
    restart gets all events again: one of a step replaces the former one of that step.

    Raises: NotFound if there is no such run.
    """
    run, steps = await asyncio.to_thread(load, platform, principal.project_id, run_id)
    channel = platform.pipelines.channels.get(run_id) if platform.pipelines is not None else None
    if channel is not None and not (channel.ended_at is not None and not run.is_final and run.state != "waiting"):
        async for event in channel.read(last_id):
            yield event
        return
    async for event in _poll(platform, principal.project_id, run, steps):
        yield event


async def wait_for_end(
    platform: Platform, principal: Principal, run_id: UUID, timeout_seconds: float | None = None
) -> PipelineRun:
    """Return a run once it has ended or waits for a decision, or as it is after a time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            while True:
                async for event in read_events(platform, principal, run_id):
                    if event["event"] in ("run_ended", "run_waiting"):
                        break
                run, steps = await asyncio.to_thread(load, platform, principal.project_id, run_id)
                waiting = [step for step in steps if step.state == "waiting"]
                if run.is_final or not waiting or any(step.decision is None for step in waiting):
                    return run
                await asyncio.sleep(DECISION_POLL_SECONDS)  # the run continues with the decisions
    return (await asyncio.to_thread(load, platform, principal.project_id, run_id))[0]


async def cancel(platform: Platform, principal: Principal, run_id: UUID) -> PipelineRun:
    """Cancel a run. Raises NotFound if there is none, Conflict if it has ended."""

    def request_cancel() -> PipelineRun:
        with platform.scope(principal.project_id) as connection:
            return run_store.request_cancel(connection, run_id)

    run = await asyncio.to_thread(request_cancel)
    if platform.pipelines is not None and platform.pipelines.cancel(run_id):
        return await wait_for_end(platform, principal, run_id, 5.0)
    return run


def wake(platform: Platform) -> None:
    """Let the executor of this process look for runs that can continue."""
    if platform.pipelines is not None:
        platform.pipelines.wake()


def load(platform: Platform, project_id: UUID, run_id: UUID) -> tuple[PipelineRun, list[RunStep]]:
    """Return a run with its steps. Raises NotFound if there is no such run."""
    with platform.scope(project_id) as connection:
        return run_store.get_run(connection, run_id), run_store.list_steps(connection, run_id)


def _prepare(platform: Platform, request: Any) -> tuple[NewRun, CompiledPipeline, PipelineRun | None]:
    """Return the row of a run, its compiled pipeline, and the run that the same request started before."""
    principal: Principal = request.principal
    version = getattr(request, "version", None)
    definition = version.definition if version is not None else getattr(request, "definition", None)
    if definition is None:
        raise InvalidInput("the run names no pipeline", "pass a version or a definition")
    compiled = compile_pipeline(definition)
    inputs = compiled.check_inputs(request.inputs)
    options: RunOptions = getattr(request, "options", RunOptions())
    options = options.model_copy(
        update={
            "stream": getattr(request, "stream", True),
            "parent_span_id": getattr(request, "parent_span_id", None),
            "call_id": getattr(request, "call_id", None),
            "user": getattr(request, "user", None),
            "session": getattr(request, "session", None),
            "tags": tuple(getattr(request, "tags", ())),
        }
    )
    key, existing = getattr(request, "idempotency_key", None), None
    if key or has_refs(definition):
        with platform.scope(principal.project_id) as connection:
            existing = run_store.find_by_key(connection, key) if key else None
            options = pin_versions(connection, definition, options)
    id = new_id()
    limits = getattr(request, "limits", None) or definition.limits
    new = NewRun(
        project_id=principal.project_id,
        id=id,
        pipeline=version.name if version is not None else getattr(request, "draft_of", None),
        version=compiled.hash,
        state="running",
        inputs=inputs,
        trace_id=getattr(request, "trace_id", None) or id.hex,
        limits=limits.model_dump(mode="json"),
        caller=to_caller(principal, is_published=getattr(request, "is_published", False)),
        started_by=principal.actor,
        conversation_id=getattr(request, "conversation_id", None),
        replay_of=getattr(request, "replay_of", None),
        options=options.model_dump(mode="json", exclude_defaults=True),
        idempotency_key=key,
        created_at=now(),
        definition=to_values(definition),
    )
    return new, compiled, existing


def _insert_queued(platform: Platform, new: NewRun) -> None:
    with platform.scope(new.project_id) as connection:
        run_store.insert_queued(connection, new)


async def _poll(platform: Platform, project_id: UUID, run: PipelineRun, steps: list[RunStep]) -> AsyncGenerator[Event]:
    """Yield the events of a run that another process executes, as far as they are stored."""
    sent: list[Event] = []
    texts: dict[str, str] = {}
    number = 0
    while True:
        for event in stored_events(run, steps):
            if event["event"] == "delta":
                before = texts.get(event["path"], "")
                texts[event["path"]] = event["text"]
                event = {**event, "text": event["text"].removeprefix(before)}
                if not event["text"]:
                    continue
            elif event in sent:
                continue
            sent.append(event)
            yield {"id": f"stored-{number}", **event}
            number += 1
        if run.is_final or run.state == "waiting":
            return
        await asyncio.sleep(POLL_SECONDS)
        run, steps = await asyncio.to_thread(load, platform, project_id, run.id)
