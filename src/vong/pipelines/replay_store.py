"""Storage of replays: which runs are executed again with which changes, and how far that is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from vong.errors import NotFound
from vong.pipelines.replay_plan import ReplayChanges
from vong.pipelines.run_records import PipelineRun
from vong.pipelines.run_store import RUN_COLUMNS
from vong.pipelines.tables import runs
from vong.pipelines.version_tables import replay_runs, replays
from vong.records import Record, now

MAX_RUNS = 10_000
REPLAYABLE_STATES = ("succeeded", "failed")


class ReplaySource(Record):
    """Runs to replay: `runs` by their ids, or the newest ones that match, at most `limit`."""

    runs: tuple[UUID, ...] = Field(default=(), max_length=MAX_RUNS)
    state: str | None = Field(default=None, pattern="^(succeeded|failed)$")
    version: str | None = Field(default=None, min_length=1, max_length=64)
    since: datetime | None = None
    until: datetime | None = None
    limit: int = Field(default=1000, ge=1, le=MAX_RUNS)


class ReplayEstimate(Record):
    """Estimate of a replay. `cost` is in millionths of a dollar, from the stored usage of the steps that run again.

    `executed` are these steps with the number of runs, `reused` is the number of stored results that are used again.
    `effects` are executed steps that may change something outside. `unpriced` counts executed steps that cost nothing
    or whose price is unknown. With `assumes_old_lengths`, prompts and answers are assumed to be as long as before.
    """

    runs: int
    cost: int
    tokens: int
    executed: dict[str, int]
    reused: int
    effects: tuple[str, ...] = ()
    unpriced: int = 0
    assumes_old_lengths: bool = False


class PipelineReplay(Record):
    """Replay of runs. Its job has the same id. `states` counts the new runs by state.

    `evaluations` are the ids of the evaluations with the original and the new outputs, after the end.
    """

    id: UUID
    pipeline: str
    version: str | None = None
    changes: ReplayChanges
    scorers: tuple[str, ...] = ()
    status: str
    estimate: ReplayEstimate
    evaluations: tuple[UUID, ...] | None = None
    states: dict[str, int] = {}
    created_by: str
    created_at: datetime
    finished_at: datetime | None = None


class ReplayedRun(Record):
    """Run of a replay: `source_id` is the original run, `run_id` the new one (the same until it is started)."""

    position: int
    source_id: UUID
    run_id: UUID
    state: str
    error: str | None = None


def select_sources(connection: Connection, pipeline: str, source: ReplaySource) -> list[PipelineRun]:
    """Return the runs of a pipeline to replay, newest first. Runs that have not ended and replays are left out."""
    columns = runs.c
    query = select(*RUN_COLUMNS).where(columns.pipeline == pipeline, columns.state.in_(REPLAYABLE_STATES))
    if source.runs:
        query = query.where(columns.id.in_(source.runs))
    else:
        query = query.where(columns.replay_of.is_(None)).limit(source.limit)
    if source.state is not None:
        query = query.where(columns.state == source.state)
    if source.version is not None:
        query = query.where(columns.version.startswith(source.version, autoescape=True))
    if source.since is not None:
        query = query.where(columns.created_at >= source.since)
    if source.until is not None:
        query = query.where(columns.created_at < source.until)
    rows = connection.execute(query.order_by(columns.id.desc())).mappings()
    found = [PipelineRun.model_validate(dict(row)) for row in rows]
    missing = set(source.runs) - {run.id for run in found}
    if missing:
        raise NotFound(
            f"pipeline {pipeline!r} has no finished run {min(missing)}",
            f"list them: vong pipelines runs list {pipeline}",
        )
    return found


def add_replay(connection: Connection, replay: PipelineReplay, sources: Sequence[UUID]) -> None:
    """Store a replay with its runs."""
    values = replay.model_dump(mode="json", exclude={"states", "created_at", "finished_at"})
    connection.execute(
        insert(replays).values({**values, "id": replay.id, "created_at": replay.created_at, "finished_at": None})
    )
    rows = [
        {"replay_id": replay.id, "position": at, "source_id": id, "run_id": id, "state": "pending"}
        for at, id in enumerate(sources)
    ]
    connection.execute(insert(replay_runs), rows)


def get_replay(connection: Connection, id: UUID) -> PipelineReplay:
    """Return a replay with the current number of its runs by state.

    Raises: NotFound if there is none.
    """
    row = connection.execute(select(replays).where(replays.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"no replay {str(id)!r}", "list them: vong pipelines replays NAME")
    return _to_replay(connection, row)


def list_replays(
    connection: Connection, pipeline: str, *, after: UUID | None = None, limit: int = 50
) -> list[PipelineReplay]:
    """Return the replays of a pipeline, newest first. `after` is the last id of the previous page."""
    query = select(replays).where(replays.c.pipeline == pipeline).order_by(replays.c.id.desc()).limit(limit)
    query = query if after is None else query.where(replays.c.id < after)
    return [_to_replay(connection, row) for row in connection.execute(query).mappings().all()]


def update_replay(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Update fields of a replay."""
    connection.execute(update(replays).where(replays.c.id == id).values(dict(values)))


def finish_replay(connection: Connection, id: UUID, status: str, evaluations: Sequence[UUID] | None = None) -> None:
    """Record the end of a replay."""
    ids = [str(one) for one in evaluations] if evaluations else None
    update_replay(connection, id, {"status": status, "evaluations": ids, "finished_at": now()})


def list_replayed_runs(
    connection: Connection, replay_id: UUID, *, after: int = -1, limit: int | None = None
) -> list[ReplayedRun]:
    """Return the runs of a replay by position."""
    columns = replay_runs.c
    query = select(*(columns[name] for name in ReplayedRun.model_fields)).where(
        columns.replay_id == replay_id, columns.position > after
    )
    rows = connection.execute(query.order_by(columns.position).limit(limit)).mappings()
    return [ReplayedRun.model_validate(dict(row)) for row in rows]


def update_replayed_run(connection: Connection, replay_id: UUID, position: int, values: Mapping[str, Any]) -> None:
    """Update fields of a run of a replay."""
    where = replay_runs.c.replay_id == replay_id, replay_runs.c.position == position
    connection.execute(update(replay_runs).where(*where).values(dict(values)))


def _to_replay(connection: Connection, row: RowMapping) -> PipelineReplay:
    counts = select(replay_runs.c.state, func.count()).where(replay_runs.c.replay_id == row["id"])
    states = {state: count for state, count in connection.execute(counts.group_by(replay_runs.c.state)).all()}
    values = {name: row[name] for name in PipelineReplay.model_fields if name != "states"}
    return PipelineReplay.model_validate({**values, "states": states})
