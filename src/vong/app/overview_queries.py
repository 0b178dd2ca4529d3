"""The figures of the overview, asked of every stage's tables in one transaction. No statement reads spans: calls are
counted by the hour as they are stored.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Float, Subquery, Text, func, literal, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from vong import traces
from vong.app.overview_records import (
    ActivityEvent,
    DataSummary,
    EvalsSummary,
    FeedbackOverview,
    GatewaySummary,
    KnowledgeSummary,
    LoopSummary,
    RegistrySummary,
    ServingSummary,
    TracesSummary,
    TrainingSummary,
)
from vong.data.tables import versions as datasets
from vong.evals.tables import runs as evals
from vong.experiments.tables import runs
from vong.feedback.tables import scores
from vong.gateway.tables import routes
from vong.jobs.tables import jobs
from vong.knowledge.tables import bases, documents
from vong.loop.tables import canaries
from vong.loop.tables import scores as counted
from vong.records import now
from vong.registry.tables import aliases
from vong.registry.tables import versions as models
from vong.serving.tables import deployments
from vong.traces.tables import hours

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LIVE = ("queued", "running")
RECENT = 10


def data_standing(connection: Connection) -> DataSummary:
    """Of the newest version of each dataset."""
    each = _newest_datasets()
    count, rows = connection.execute(
        select(func.count(), func.coalesce(func.sum(each.c.rows), 0)).select_from(each)
    ).one()
    last = connection.execute(select(each).order_by(each.c.created_at.desc()).limit(1)).first()
    return DataSummary(datasets=count, rows=rows, newest=f"{last.name}@{last.hash[:12]}" if last else None)


def training_standing(connection: Connection) -> TrainingSummary:
    """Runs by their state, and the best of the last finished ones."""
    by = _by(connection, runs.c.status)
    loss = runs.c.summary["best_eval_loss"].astext.cast(Float).label("loss")
    last = select(runs.c.id, runs.c.name, loss).where(runs.c.status == "finished").order_by(runs.c.id.desc()).limit(20)
    found = last.subquery()
    query = select(found).where(found.c.loss.is_not(None)).order_by(found.c.loss).limit(1)
    best = connection.execute(query).first()
    named = {"best": best.id, "best_name": best.name, "best_loss": best.loss} if best else {}
    return TrainingSummary(running=sum(by.get(one, 0) for one in LIVE), finished=by.get("finished", 0), **named)


def evals_standing(connection: Connection) -> EvalsSummary:
    """Evaluations by their state, and the newest finished one."""
    by = _by(connection, evals.c.status)
    query = select(evals.c.id, evals.c.model, evals.c.scores).where(evals.c.status == "finished")
    last = connection.execute(query.order_by(evals.c.id.desc()).limit(1)).first()
    named = {"newest": last.id, "newest_model": last.model, "newest_scores": last.scores} if last else {}
    return EvalsSummary(total=sum(by.values()), running=sum(by.get(one, 0) for one in LIVE), **named)


def registry_standing(connection: Connection) -> RegistrySummary:
    """Models, and what is in production."""
    query = select(func.count(models.c.name.distinct()), func.count())
    names, versions = connection.execute(query).one()
    moved = select(aliases.c.name, aliases.c.hash).where(aliases.c.alias == "prod").order_by(aliases.c.id.desc())
    prod = connection.execute(moved.limit(1)).first()
    taught = select(models.c.name, models.c.hash).where(models.c.run.is_not(None)).order_by(models.c.created_at.desc())
    newest = connection.execute(taught.limit(1)).first()
    decided = select(canaries.c.id).where(canaries.c.model == _ref(newest), canaries.c.decided_at.is_not(None))
    tried = newest is not None and connection.execute(decided.limit(1)).first() is not None
    return RegistrySummary(models=names, versions=versions, prod=_ref(prod), newest=_ref(newest), tried=tried)


def serving_standing(connection: Connection) -> ServingSummary:
    """Deployments that should run."""
    ready = func.count().filter(deployments.c.state == "ready")
    found = connection.execute(select(ready, func.count()).where(deployments.c.wanted == "running")).one()
    return ServingSummary(ready=found[0], total=found[1])


def gateway_standing(connection: Connection) -> GatewaySummary:
    """Routes, and the calls of a day."""
    count = connection.scalar(select(func.count()).select_from(routes)) or 0
    totals = traces.usage(connection, since=now() - DAY, bucket="hour").totals
    if not totals or not totals[0].calls:
        return GatewaySummary(routes=count)
    total = totals[0]
    return GatewaySummary(
        routes=count,
        calls=total.calls,
        errors=total.errors,
        error_share=total.errors / total.calls,
        latency_p50=total.latency_p50,
    )


def knowledge_standing(connection: Connection) -> KnowledgeSummary:
    """Bases, and what is in them; each document knows its number of chunks."""
    count = connection.scalar(select(func.count()).select_from(bases)) or 0
    found = connection.execute(select(func.count(), func.coalesce(func.sum(documents.c.chunks), 0))).one()
    return KnowledgeSummary(bases=count, documents=found[0], chunks=found[1])


def traces_standing(connection: Connection) -> TracesSummary:
    """Spans of any kind in a day."""
    total = func.coalesce(func.sum(hours.c.calls), 0)
    return TracesSummary(spans=int(connection.scalar(select(total).where(hours.c.hour >= now() - DAY)) or 0))


def feedback_standing(connection: Connection) -> FeedbackOverview:
    """Scores of a week, and the corrections that no harvest has had a chance to take."""
    corrected = scores.c.correction.is_not(None)
    week = select(func.count(), func.count().filter(corrected)).where(scores.c.created_at >= now() - WEEK)
    total, corrections = connection.execute(week).one()
    harvests = select(func.max(datasets.c.created_at)).where(datasets.c.operation["name"].astext == "harvest")
    last = connection.scalar(harvests)
    waiting = select(func.count()).select_from(scores).where(corrected)
    waiting = waiting if last is None else waiting.where(scores.c.created_at > last)
    return FeedbackOverview(scores=total, corrections=corrections, open_corrections=connection.scalar(waiting) or 0)


def loop_standing(connection: Connection) -> LoopSummary:
    """Turns that run, the canary that runs, and the last decision."""
    turning = select(func.count()).select_from(jobs).where(jobs.c.kind == "loop.turn", jobs.c.status.in_(LIVE))
    running = select(canaries.c.id).where(canaries.c.status == "running").order_by(canaries.c.id.desc())
    ids = list(connection.scalars(running))
    ended = select(canaries.c.status, canaries.c.decided_at).where(canaries.c.decided_at.is_not(None))
    last = connection.execute(ended.order_by(canaries.c.decided_at.desc()).limit(1)).first()
    judged = 0
    if ids:
        judged = connection.scalar(select(func.count()).select_from(counted).where(counted.c.canary_id == ids[0])) or 0
    return LoopSummary(
        turns_running=connection.scalar(turning) or 0,
        canaries_running=len(ids),
        running_canary=ids[0] if ids else None,
        running_canary_scores=judged,
        last_decision=last.status if last else None,
        last_decision_at=last.decided_at if last else None,
    )


def unfinished_jobs(connection: Connection) -> dict[str, int]:
    """Jobs that wait or run, by kind."""
    return _by(connection, jobs.c.kind, jobs.c.status.in_(LIVE))


def recent_events(connection: Connection) -> tuple[ActivityEvent, ...]:
    """The last things that happened, newest first. Of a dataset its newest version: rows edited one by one would leave
    no room for anything else.
    """
    newest = _newest_datasets()
    each = [
        _events("dataset", newest, _named(newest), _named(newest), newest.c.created_at, literal(None)),
        _events("run", runs, runs.c.name, runs.c.id, runs.c.finished_at, runs.c.status),
        _events("model", models, _named(models), _named(models), models.c.created_at, models.c.kind),
        _events(
            "alias",
            aliases,
            aliases.c.name + ":" + aliases.c.alias,
            _named(aliases),
            aliases.c.created_at,
            aliases.c.moved_by,
        ),
        _events("canary", canaries, canaries.c.route, canaries.c.id, canaries.c.decided_at, canaries.c.status),
        _events(
            "turn",
            jobs,
            func.coalesce(jobs.c.params["plan"]["name"].astext, "turn"),
            jobs.c.id,
            jobs.c.finished_at,
            jobs.c.status,
        ).where(jobs.c.kind == "loop.turn"),
    ]
    every = union_all(*(select(one.subquery()) for one in each)).subquery()
    rows = connection.execute(select(every).order_by(every.c.at.desc()).limit(RECENT)).mappings()
    return tuple(ActivityEvent.model_validate(dict(row)) for row in rows)


def _newest_datasets() -> Subquery:
    newest = select(datasets.c.name, datasets.c.rows, datasets.c.hash, datasets.c.created_at)
    each = newest.ext(distinct_on(datasets.c.name))
    return each.order_by(datasets.c.name, datasets.c.number.desc()).subquery()


def _events(kind: str, table: Any, title: Any, ref: Any, at: Any, status: Any) -> Any:
    columns = (literal(kind).label("kind"), _text(title).label("title"), _text(ref).label("ref"))
    found = select(*columns, _text(status).label("status"), at.label("at")).select_from(table).where(at.is_not(None))
    return found.order_by(at.desc()).limit(RECENT)


def _text(column: Any) -> Any:
    return column.cast(Text)


def _named(table: Any) -> Any:
    return table.c.name + "@" + func.left(table.c.hash, 12)


def _ref(row: Any) -> str | None:
    return f"{row.name}@{row.hash[:12]}" if row else None


def _by(connection: Connection, column: Any, *conditions: Any) -> dict[str, int]:
    query = select(column, func.count()).where(*conditions).group_by(column)
    return {value: count for value, count in connection.execute(query)}
