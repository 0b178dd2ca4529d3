"""Queries of the overview, over the tables of every stage in one transaction.

No query reads spans: calls are counted per hour when they are stored.
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
from vong.records.job import ACTIVE_STATUSES
from vong.registry.tables import aliases
from vong.registry.tables import versions as models
from vong.serving.tables import deployments
from vong.traces.tables import hourly

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MAX_RECENT_EVENTS = 10


def data_summary(connection: Connection) -> DataSummary:
    """Return dataset counts, over the newest version of each dataset."""
    newest = _newest_datasets()
    count, rows = connection.execute(
        select(func.count(), func.coalesce(func.sum(newest.c.rows), 0)).select_from(newest)
    ).one()
    latest = connection.execute(select(newest).order_by(newest.c.created_at.desc()).limit(1)).first()
    return DataSummary(datasets=count, rows=rows, newest=f"{latest.name}@{latest.hash[:12]}" if latest else None)


def training_summary(connection: Connection) -> TrainingSummary:
    """Return training run counts by state, and the best of the last 20 finished runs."""
    counts = _count_by(connection, runs.c.status)
    loss = runs.c.summary["best_eval_loss"].astext.cast(Float).label("loss")
    finished = (
        select(runs.c.id, runs.c.name, loss).where(runs.c.status == "finished").order_by(runs.c.id.desc()).limit(20)
    )
    recent = finished.subquery()
    query = select(recent).where(recent.c.loss.is_not(None)).order_by(recent.c.loss).limit(1)
    best = connection.execute(query).first()
    best_fields = {"best": best.id, "best_name": best.name, "best_loss": best.loss} if best else {}
    return TrainingSummary(
        running=sum(counts.get(status, 0) for status in ACTIVE_STATUSES),
        finished=counts.get("finished", 0),
        **best_fields,
    )


def evals_summary(connection: Connection) -> EvalsSummary:
    """Return evaluation counts by state, and the newest finished run."""
    counts = _count_by(connection, evals.c.status)
    query = select(evals.c.id, evals.c.model, evals.c.scores).where(evals.c.status == "finished")
    newest = connection.execute(query.order_by(evals.c.id.desc()).limit(1)).first()
    newest_fields = (
        {"newest": newest.id, "newest_model": newest.model, "newest_scores": newest.scores} if newest else {}
    )
    return EvalsSummary(
        total=sum(counts.values()), running=sum(counts.get(status, 0) for status in ACTIVE_STATUSES), **newest_fields
    )


def registry_summary(connection: Connection) -> RegistrySummary:
    """Return model counts and the model in production."""
    query = select(func.count(models.c.name.distinct()), func.count())
    names, versions = connection.execute(query).one()
    prod_moves = select(aliases.c.name, aliases.c.hash).where(aliases.c.alias == "prod").order_by(aliases.c.id.desc())
    prod = connection.execute(prod_moves.limit(1)).first()
    trained = select(models.c.name, models.c.hash).where(models.c.run.is_not(None)).order_by(models.c.created_at.desc())
    newest = connection.execute(trained.limit(1)).first()
    decided = select(canaries.c.id).where(canaries.c.model == _format_ref(newest), canaries.c.decided_at.is_not(None))
    canary_decided = newest is not None and connection.execute(decided.limit(1)).first() is not None
    return RegistrySummary(
        models=names,
        versions=versions,
        prod=_format_ref(prod),
        newest=_format_ref(newest),
        canary_decided=canary_decided,
    )


def serving_summary(connection: Connection) -> ServingSummary:
    """Return the counts of deployments that should run."""
    ready = func.count().filter(deployments.c.state == "ready")
    counts = connection.execute(select(ready, func.count()).where(deployments.c.desired_state == "running")).one()
    return ServingSummary(ready=counts[0], total=counts[1])


def gateway_summary(connection: Connection) -> GatewaySummary:
    """Return the number of routes and the calls of the last 24 hours."""
    count = connection.scalar(select(func.count()).select_from(routes)) or 0
    totals = traces.get_usage(connection, since=now() - DAY, bucket="hour").totals
    if not totals or not totals[0].calls:
        return GatewaySummary(routes=count)
    total = totals[0]
    return GatewaySummary(
        routes=count,
        calls=total.calls,
        errors=total.errors,
        error_rate=total.errors / total.calls,
        latency_p50=total.latency_p50,
    )


def knowledge_summary(connection: Connection) -> KnowledgeSummary:
    """Return knowledge base counts. Chunks are summed from the documents' own counts."""
    count = connection.scalar(select(func.count()).select_from(bases)) or 0
    counts = connection.execute(select(func.count(), func.coalesce(func.sum(documents.c.chunks), 0))).one()
    return KnowledgeSummary(bases=count, documents=counts[0], chunks=counts[1])


def traces_summary(connection: Connection) -> TracesSummary:
    """Return the number of spans of any kind in the last 24 hours."""
    total = func.coalesce(func.sum(hourly.c.calls), 0)
    return TracesSummary(spans=int(connection.scalar(select(total).where(hourly.c.hour >= now() - DAY)) or 0))


def feedback_summary(connection: Connection) -> FeedbackOverview:
    """Return score counts of the last 7 days, and the corrections since the last harvest."""
    corrected = scores.c.correction.is_not(None)
    week = select(func.count(), func.count().filter(corrected)).where(scores.c.created_at >= now() - WEEK)
    total, corrections = connection.execute(week).one()
    harvests = select(func.max(datasets.c.created_at)).where(datasets.c.operation["name"].astext == "harvest")
    last_harvest = connection.scalar(harvests)
    open_corrections = select(func.count()).select_from(scores).where(corrected)
    open_corrections = (
        open_corrections if last_harvest is None else open_corrections.where(scores.c.created_at > last_harvest)
    )
    return FeedbackOverview(
        scores=total, corrections=corrections, open_corrections=connection.scalar(open_corrections) or 0
    )


def loop_summary(connection: Connection) -> LoopSummary:
    """Return the active loop runs, the running canary and the last decision."""
    active_runs = (
        select(func.count()).select_from(jobs).where(jobs.c.kind == "loop.run", jobs.c.status.in_(ACTIVE_STATUSES))
    )
    running = select(canaries.c.id).where(canaries.c.status == "running").order_by(canaries.c.id.desc())
    ids = list(connection.scalars(running))
    decided = select(canaries.c.status, canaries.c.decided_at).where(canaries.c.decided_at.is_not(None))
    last_decided = connection.execute(decided.order_by(canaries.c.decided_at.desc()).limit(1)).first()
    score_count = 0
    if ids:
        score_count = (
            connection.scalar(select(func.count()).select_from(counted).where(counted.c.canary_id == ids[0])) or 0
        )
    return LoopSummary(
        runs_running=connection.scalar(active_runs) or 0,
        canaries_running=len(ids),
        running_canary=ids[0] if ids else None,
        running_canary_scores=score_count,
        last_decision=last_decided.status if last_decided else None,
        last_decision_at=last_decided.decided_at if last_decided else None,
    )


def count_unfinished_jobs(connection: Connection) -> dict[str, int]:
    """Return the counts of queued and running jobs by kind."""
    return _count_by(connection, jobs.c.kind, jobs.c.status.in_(ACTIVE_STATUSES))


def list_recent_events(connection: Connection) -> tuple[ActivityEvent, ...]:
    """Return the most recent events, newest first.

    Of each dataset only the newest version counts: rows edited one by one would leave no room for other events.
    """
    newest = _newest_datasets()
    queries = [
        _events_of("dataset", newest, _ref_column(newest), _ref_column(newest), newest.c.created_at, literal(None)),
        _events_of("training_run", runs, runs.c.name, runs.c.id, runs.c.finished_at, runs.c.status),
        _events_of("model", models, _ref_column(models), _ref_column(models), models.c.created_at, models.c.kind),
        _events_of(
            "alias",
            aliases,
            aliases.c.name + ":" + aliases.c.alias,
            _ref_column(aliases),
            aliases.c.created_at,
            aliases.c.moved_by,
        ),
        _events_of("canary", canaries, canaries.c.route, canaries.c.id, canaries.c.decided_at, canaries.c.status),
        _events_of(
            "loop_run",
            jobs,
            func.coalesce(jobs.c.params["plan"]["name"].astext, "loop run"),
            jobs.c.id,
            jobs.c.finished_at,
            jobs.c.status,
        ).where(jobs.c.kind == "loop.run"),
    ]
    events = union_all(*(select(query.subquery()) for query in queries)).subquery()
    rows = connection.execute(select(events).order_by(events.c.occurred_at.desc()).limit(MAX_RECENT_EVENTS)).mappings()
    return tuple(ActivityEvent.model_validate(dict(row)) for row in rows)


def _newest_datasets() -> Subquery:
    newest = select(datasets.c.name, datasets.c.rows, datasets.c.hash, datasets.c.created_at)
    newest_per_name = newest.ext(distinct_on(datasets.c.name))
    return newest_per_name.order_by(datasets.c.name, datasets.c.number.desc()).subquery()


def _events_of(kind: str, table: Any, title: Any, ref: Any, at: Any, status: Any) -> Any:
    columns = (literal(kind).label("kind"), _as_text(title).label("title"), _as_text(ref).label("ref"))
    events = (
        select(*columns, _as_text(status).label("status"), at.label("occurred_at"))
        .select_from(table)
        .where(at.is_not(None))
    )
    return events.order_by(at.desc()).limit(MAX_RECENT_EVENTS)


def _as_text(column: Any) -> Any:
    return column.cast(Text)


def _ref_column(table: Any) -> Any:
    return table.c.name + "@" + func.left(table.c.hash, 12)


def _format_ref(row: Any) -> str | None:
    return f"{row.name}@{row.hash[:12]}" if row else None


def _count_by(connection: Connection, column: Any, *conditions: Any) -> dict[str, int]:
    query = select(column, func.count()).where(*conditions).group_by(column)
    return {value: count for value, count in connection.execute(query)}
