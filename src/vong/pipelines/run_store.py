"""Queries of runs and their steps, and the changes that users make: cancel a run, decide about a step."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, case, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.errors import Conflict, Forbidden, InvalidInput, NotFound
from vong.pipelines.definition import PipelineDefinition, hash_definition, parse_definition, to_values
from vong.pipelines.run_records import FINAL_RUN_STATES, PipelineRun, RunStep
from vong.pipelines.tables import definitions, run_steps, runs
from vong.records import now

RUN_COLUMNS = [runs.c[name] for name in PipelineRun.model_fields]
MAX_CALL_MILLISECONDS = 3_600_000
"""Time within which a call of the gateway starts its run. Runs that start later are not looked for."""
STEP_COLUMNS = [run_steps.c[name] for name in RunStep.model_fields]


def add_definition(connection: Connection, definition: PipelineDefinition) -> str:
    """Store the definition that a run executes, unless it is stored, and return its hash."""
    digest = hash_definition(definition)
    values = {"hash": digest, "definition": to_values(definition), "created_at": now()}
    connection.execute(upsert(definitions).values(values).on_conflict_do_nothing())
    return digest


def insert_queued(connection: Connection, new: Any) -> None:
    """Store a run (`NewRun`) that a server starts as soon as it has room."""
    values = new._asdict()
    definition = values.pop("definition")
    if definition is not None:
        stored = {"hash": new.version, "definition": definition, "created_at": now()}
        connection.execute(upsert(definitions).values(stored).on_conflict_do_nothing())
    connection.execute(insert(runs).values({**values, "state": "queued", "cost": 0, "tokens": 0}))


def insert_results(connection: Connection, run_id: UUID, steps: Sequence[RunStep]) -> None:
    """Store finished steps of another run as those of a new run, without their cost."""
    rows = [{**step.model_dump(mode="python"), "run_id": run_id, "cost": 0, "tokens": 0} for step in steps]
    if rows:
        connection.execute(insert(run_steps), rows)


def get_definition(connection: Connection, digest: str) -> PipelineDefinition:
    """Return the definition with a hash. Raises NotFound if no run executed it."""
    found = connection.execute(select(definitions.c.definition).where(definitions.c.hash == digest)).scalar()
    if found is None:
        raise NotFound(
            f"no run executed a pipeline with the hash {digest[:12]}", "list runs with: vong pipelines runs list"
        )
    return parse_definition(found)


def list_runs(
    connection: Connection,
    *,
    pipeline: str | None = None,
    version: str | None = None,
    state: str | None = None,
    conversation_id: UUID | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[PipelineRun]:
    """Return the runs of the project, newest first. `after` is the last id of the previous page."""
    query = select(*RUN_COLUMNS).order_by(runs.c.id.desc()).limit(limit)
    if pipeline is not None:
        query = query.where(runs.c.pipeline == pipeline)
    if version is not None:
        query = query.where(runs.c.version.startswith(version, autoescape=True))
    if state is not None:
        query = query.where(runs.c.state == state)
    if conversation_id is not None:
        query = query.where(runs.c.conversation_id == conversation_id)
    if after is not None:
        query = query.where(runs.c.id < after)
    return [_to_run(row) for row in connection.execute(query).mappings()]


def get_run(connection: Connection, id: UUID) -> PipelineRun:
    """Return a run. Raises NotFound if there is none with that id."""
    row = connection.execute(select(*RUN_COLUMNS).where(runs.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no pipeline run {id}", "list them with: vong pipelines runs list")
    return _to_run(row)


def find_by_key(connection: Connection, idempotency_key: str) -> PipelineRun | None:
    """Return the run that a request with that key started, or None."""
    query = select(*RUN_COLUMNS).where(runs.c.idempotency_key == idempotency_key)
    row = connection.execute(query).mappings().first()
    return _to_run(row) if row is not None else None


def find_by_call(connection: Connection, call_id: UUID, pipeline: str) -> PipelineRun | None:
    """Return the first run of a pipeline that succeeded within a call of the gateway, or None."""
    latest = UUID(int=call_id.int + (MAX_CALL_MILLISECONDS << 80))  # the first 48 bits of an id are milliseconds
    query = (
        select(*RUN_COLUMNS)
        .where(runs.c.id.between(call_id, latest), runs.c.pipeline == pipeline, runs.c.state == "succeeded")
        .where(runs.c.options["call_id"].as_string() == str(call_id))
        .order_by(runs.c.id)
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return _to_run(row) if row is not None else None


def list_steps(connection: Connection, run_id: UUID) -> list[RunStep]:
    """Return the steps of a run that were started or skipped, in the order of their start."""
    order = (run_steps.c.started_at.asc().nulls_last(), run_steps.c.path)
    query = select(*STEP_COLUMNS).where(run_steps.c.run_id == run_id).order_by(*order)
    return [RunStep.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def request_cancel(connection: Connection, id: UUID) -> PipelineRun:
    """Ask for the end of a run. A run that no server executes ends at once.

    Raises: NotFound if there is no such run, Conflict if it has ended.
    """
    run = get_run(connection, id)
    if run.is_final:
        raise Conflict(f"the run {id} has ended: {run.state}", "start a new one")
    ended = {"state": "cancelled", "ended_at": func.now(), "cancel_requested": True}
    idle = runs.c.id == id, runs.c.state.in_(("queued", "waiting"))
    if connection.execute(update(runs).where(*idle).values(ended)).rowcount:
        open_steps = run_steps.c.run_id == id, run_steps.c.state.in_(("waiting", "running"))
        connection.execute(update(run_steps).where(*open_steps).values(state="cancelled", ended_at=func.now()))
    else:
        connection.execute(update(runs).where(runs.c.id == id).values(cancel_requested=True))
    return get_run(connection, id)


def decide(
    connection: Connection,
    run_id: UUID,
    path: str,
    *,
    approved: bool,
    comment: str = "",
    data: Any = None,
    by: str,
    role: str,
) -> RunStep:
    """Store the decision about a waiting step, with which its run continues.

    Raises:
        NotFound: The run has no such step.
        Conflict: The step does not wait for a decision, or has one.
        Forbidden: The role may not decide.
        InvalidInput: The step requires a comment.
    """
    get_run(connection, run_id)
    locked = select(runs.c.state).where(runs.c.id == run_id).with_for_update()
    state = connection.execute(locked).scalar_one()
    where = run_steps.c.run_id == run_id, run_steps.c.path == path
    row = connection.execute(select(*STEP_COLUMNS).where(*where)).mappings().first()
    if row is None:
        raise NotFound(f"the run {run_id} has no step {path!r}", f"list them with: vong pipelines runs show {run_id}")
    step = RunStep.model_validate(dict(row))
    if step.state != "waiting" or step.decision is not None or state in FINAL_RUN_STATES:
        reason = "it has a decision" if step.decision else f"it is {step.state}, and the run is {state}"
        raise Conflict(f"the step {path!r} does not wait for a decision: {reason}", "decide about a waiting step")
    asked = step.outputs or {}
    if role not in {"owner", *asked.get("roles", ())}:
        allowed = " or ".join(asked.get("roles", ()))
        raise Forbidden(f"the role {role!r} may not decide about the step {path!r}", f"ask a user with role {allowed}")
    if asked.get("comment_required") and not comment.strip():
        raise InvalidInput(f"the step {path!r} requires a comment", "add it with --comment")
    decision = {"decision": "approved" if approved else "rejected", "comment": comment, "by": by, "data": data}
    connection.execute(update(run_steps).where(*where).values(decision=decision))
    queued = case((runs.c.state == "waiting", "queued"), else_=runs.c.state)
    connection.execute(update(runs).where(runs.c.id == run_id).values(state=queued, wake_at=func.now()))
    return step.model_copy(update={"decision": decision})


def _to_run(row: RowMapping) -> PipelineRun:
    return PipelineRun.model_validate(dict(row))
