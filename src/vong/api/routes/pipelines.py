"""Routes of pipeline runs: start, follow, cancel, decide."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from pydantic import Field

from vong.api.http.dependencies import CurrentUser, RequestContext
from vong.api.http.sse import EventStreamResponse
from vong.app.pipelines import runs
from vong.app.pipelines.runnables import check_call_rights
from vong.app.pipelines.runs import RunRequest
from vong.app.pipelines.secrets import PipelineSecret, delete_secret, list_secrets, set_secret
from vong.errors import InvalidInput
from vong.pipelines import run_store, versions
from vong.pipelines.definition import PipelineDefinition, RunLimits, parse_definition
from vong.pipelines.execution.events import Event
from vong.pipelines.run_records import PipelineRun, RunOptions, RunState, RunStep
from vong.pipelines.steps.registry import describe_kinds
from vong.records import Record

routes = APIRouter(prefix="/api/v1/pipelines", tags=["pipelines"])
Limit = Annotated[int, Query(ge=1, le=500)]
RunMode = Literal["wait", "stream", "background"]
KEEP_ALIVE_SECONDS = 15.0
"""Time without events after which a comment is sent, so that proxies keep the connection."""
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class PipelineRunCreate(Record):
    """Run to start.

    `wait` returns the run at its end, or when it waits for a decision; `stream` returns its events; `background`
    returns at once. `version` is a number, a hash or a label. `limits` replace those of the pipeline.
    """

    inputs: dict[str, Any] = {}
    mode: RunMode = "wait"
    version: str | None = Field(default=None, max_length=200)
    limits: RunLimits | None = None
    conversation_id: UUID | None = None
    wait_seconds: float = Field(default=300, gt=0, le=3600)
    models: dict[str, str] = {}
    prompts: dict[str, str] = {}


class DefinitionRunCreate(PipelineRunCreate):
    """Run of a definition that is not stored: an object, or YAML.

    `pipeline` is the stored pipeline of which the definition is a draft. The run is then listed among those of it.
    """

    definition: dict[str, Any] | str
    pipeline: str | None = Field(default=None, max_length=200)


class StepDecision(Record):
    """Decision about a waiting step. `data` replaces the data that the step shows."""

    approved: bool
    comment: str = Field(default="", max_length=20_000)
    data: Any = None


class PipelineSecretUpdate(Record):
    """Value of a secret, and the only origin to which steps may send it (https://HOST[:PORT])."""

    value: str = Field(min_length=1, max_length=10_000)
    origin: str = Field(min_length=1, max_length=500)


class PipelineRunDetails(PipelineRun):
    """Run with its steps."""

    steps: list[RunStep] = []


class StepKindInfo(Record):
    """Kind of step with the JSON schema of its settings."""

    kind: str
    description: str
    settings: dict[str, Any]


@routes.get("/kinds")
def list_step_kinds(context: CurrentUser) -> list[StepKindInfo]:
    """List the kinds of steps with their settings."""
    del context
    return [StepKindInfo(**kind) for kind in describe_kinds()]


@routes.get("/secrets")
def list_pipeline_secrets(context: CurrentUser) -> list[PipelineSecret]:
    """List the secrets of steps, without their values."""
    with context.project_transaction() as connection:
        return list_secrets(connection)


@routes.put("/secrets/{name}")
def set_pipeline_secret(name: str, body: PipelineSecretUpdate, context: CurrentUser) -> PipelineSecret:
    """Store a secret that steps may send to one origin."""
    project_id = context.principal.project_id
    with context.project_transaction() as connection:
        return set_secret(context.platform, connection, project_id, name, body.value, body.origin)


@routes.delete("/secrets/{name}", status_code=204)
def delete_pipeline_secret(name: str, context: CurrentUser) -> None:
    """Delete a secret of steps."""
    with context.project_transaction() as connection:
        delete_secret(connection, name)


@routes.get("/runs")
def list_runs(
    context: CurrentUser,
    pipeline: str | None = None,
    version: str | None = None,
    state: RunState | None = None,
    conversation_id: UUID | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> list[PipelineRun]:
    """List the runs of the project, newest first."""
    with context.project_transaction() as connection:
        return run_store.list_runs(
            connection,
            pipeline=pipeline,
            version=version,
            state=state,
            conversation_id=conversation_id,
            after=after,
            limit=limit,
        )


@routes.post("/runs", response_model=PipelineRunDetails)
async def run_definition(body: DefinitionRunCreate, context: CurrentUser) -> Any:
    """Run a definition without storing it under a name."""
    definition = parse_definition(body.definition)
    check_call_rights(context.principal.role, definition)
    if body.version is not None:
        raise InvalidInput("a definition has no version", "omit `version`, or run a stored pipeline")
    if body.pipeline is not None:
        await run_sync(_find_version, context, body.pipeline, None)
    request = RunRequest(context.principal, body.inputs, definition=definition, draft_of=body.pipeline)
    return await _start(body, context, request)


@routes.get("/runs/{run_id}")
def get_run(run_id: UUID, context: CurrentUser) -> PipelineRunDetails:
    """Return a run with its steps: their inputs, outputs and errors."""
    return _details(context, run_id)


@routes.get("/runs/{run_id}/definition")
def get_run_definition(run_id: UUID, context: CurrentUser) -> PipelineDefinition:
    """Return the definition that a run executed."""
    with context.project_transaction() as connection:
        return run_store.get_definition(connection, run_store.get_run(connection, run_id).version)


@routes.get("/runs/{run_id}/events", response_class=EventStreamResponse)
async def stream_run_events(
    run_id: UUID, context: CurrentUser, last_event_id: Annotated[str | None, Header()] = None
) -> EventStreamResponse:
    """Stream the events of a run as server-sent events, from the start or after `Last-Event-ID`."""
    await run_sync(runs.load, context.platform, context.principal.project_id, run_id)
    return EventStreamResponse(_iter_frames(context, run_id, last_event_id), headers=STREAM_HEADERS)


@routes.post("/runs/{run_id}/cancel")
async def cancel_run(run_id: UUID, context: CurrentUser) -> PipelineRun:
    """Cancel a run. Its running steps and model calls are stopped."""
    return await runs.cancel(context.platform, context.principal, run_id)


@routes.post("/runs/{run_id}/steps/{path}/decision")
def decide_step(run_id: UUID, path: str, body: StepDecision, context: CurrentUser) -> RunStep:
    """Approve or reject a waiting step, with which its run continues."""
    with context.project_transaction() as connection:
        step = run_store.decide(
            connection,
            run_id,
            path,
            approved=body.approved,
            comment=body.comment,
            data=body.data,
            by=context.principal.actor,
            role=context.principal.role,
        )
    runs.wake(context.platform)
    return step


@routes.post("/{name}/runs", response_model=PipelineRunDetails)
async def start_run(name: str, body: PipelineRunCreate, context: CurrentUser) -> Any:
    """Run a pipeline: return its end, its events, or at once."""
    version = await run_sync(_find_version, context, name, body.version)
    return await _start(body, context, RunRequest(context.principal, body.inputs, version=version))


def _find_version(context: RequestContext, name: str, version: str | None) -> versions.PipelineVersion:
    with context.project_transaction() as connection:
        return versions.find_version(connection, name, version) if version else versions.find(connection, name)


async def _start(body: PipelineRunCreate, context: RequestContext, request: RunRequest) -> Any:
    request = request._replace(
        limits=body.limits,
        conversation_id=body.conversation_id,
        options=RunOptions(models=body.models, prompts=body.prompts, is_draft=request.draft_of is not None),
        stream=body.mode == "stream",
        idempotency_key=context.idempotency_key if body.mode == "background" else None,
    )
    run = await runs.start(context.platform, request)
    if body.mode == "stream":
        headers = {**STREAM_HEADERS, "X-Vong-Run-Id": str(run.id)}
        return EventStreamResponse(_iter_frames(context, run.id, None), headers=headers)
    if body.mode == "wait":
        run = await runs.wait_for_end(context.platform, context.principal, run.id, body.wait_seconds)
        return _json(await run_sync(_details, context, run.id))
    return _json(PipelineRunDetails(**run.model_dump()))


def _json(run: PipelineRunDetails) -> Response:
    return Response(run.model_dump_json(), media_type="application/json")


def _details(context: RequestContext, run_id: UUID) -> PipelineRunDetails:
    run, steps = runs.load(context.platform, context.principal.project_id, run_id)
    return PipelineRunDetails(**run.model_dump(), steps=steps)


async def _iter_frames(context: RequestContext, run_id: UUID, last_id: str | None) -> AsyncIterator[str]:
    """Yield the events of a run as frames, and a comment after each while without events."""
    events = runs.read_events(context.platform, context.principal, run_id, last_id)
    coming: asyncio.Future[Event] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait({coming}, timeout=KEEP_ALIVE_SECONDS)
            if not done:
                yield ": keep-alive\n\n"
                continue
            try:
                yield encode_frame(coming.result())
            except StopAsyncIteration:
                return
            coming = None
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.wait({coming})
        await events.aclose()


def encode_frame(event: Event) -> str:
    """Return an event as a frame of server-sent events."""
    values = {name: value for name, value in event.items() if name != "id"}
    data = msgspec.json.encode(values).decode()
    return f"id: {event['id']}\nevent: {event['event']}\ndata: {data}\n\n"
