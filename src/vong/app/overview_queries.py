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
from vong.registry.tables import aliases
from vong.registry.tables import versions as models
from vong.serving.tables import deployments
from vong.traces.tables import hours

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LIVE = ("queued", "running")
RECENT = 10


def data_standing(connection: Connection) -> DataSummary:
    """Return dataset counts, over the newest version of each dataset."""
    newest = _newest_datasets()
    count, rows = connection.execute(
        select(func.count(), func.coalesce(func.sum(newest.c.rows), 0)).select_from(newest)
    ).one()
    latest = connection.execute(select(newest).order_by(newest.c.created_at.desc()).limit(1)).first()
    return DataSummary(datasets=count, rows=rows, newest=f"{latest.name}@{latest.hash[:12]}" if latest else None)


def training_standing(connection: Connection) -> TrainingSummary:
    """Return training run counts by state, and the best of the last 20 finished runs."""
    counts = _by(connection, runs.c.status)
    loss = runs.c.summary["best_eval_loss"].astext.cast(Float).label("loss")
    finished = (
        select(runs.c.id, runs.c.name, loss).where(runs.c.status == "finished").order_by(runs.c.id.desc()).limit(20)
    )
    recent = finished.subquery()
    query = select(recent).where(recent.c.loss.is_not(None)).order_by(recent.c.loss).limit(1)
    best = connection.execute(query).first()
    best_fields = {"best": best.id, "best_name": best.name, "best_loss": best.loss} if best else {}
    return TrainingSummary(
        running=sum(counts.get(status, 0) for status in LIVE), finished=counts.get("finished", 0), **best_fields
    )


def evals_standing(connection: Connection) -> EvalsSummary:
    """Return evaluation counts by state, and the newest finished run."""
    counts = _by(connection, evals.c.status)
    query = select(evals.c.id, evals.c.model, evals.c.scores).where(evals.c.status == "finished")
    newest = connection.execute(query.order_by(evals.c.id.desc()).limit(1)).first()
    newest_fields = (
        {"newest": newest.id, "newest_model": newest.model, "newest_scores": newest.scores} if newest else {}
    )
    return EvalsSummary(
        total=sum(counts.values()), running=sum(counts.get(status, 0) for status in LIVE), **newest_fields
    )


def registry_standing(connection: Connection) -> RegistrySummary:
    """Return model counts and the model in production."""
    query = select(func.count(models.c.name.distinct()), func.count())
    names, versions = connection.execute(query).one()
    prod_moves = select(aliases.c.name, aliases.c.hash).where(aliases.c.alias == "prod").order_by(aliases.c.id.desc())
    prod = connection.execute(prod_moves.limit(1)).first()
    trained = select(models.c.name, models.c.hash).where(models.c.run.is_not(None)).order_by(models.c.created_at.desc())
    newest = connection.execute(trained.limit(1)).first()
    decided = select(canaries.c.id).where(canaries.c.model == _ref(newest), canaries.c.decided_at.is_not(None))
    tried = newest is not None and connection.execute(decided.limit(1)).first() is not None
    return RegistrySummary(models=names, versions=versions, prod=_ref(prod), newest=_ref(newest), tried=tried)


def serving_standing(connection: Connection) -> ServingSummary:
    """Return the counts of deployments that should run."""
    ready = func.count().filter(deployments.c.state == "ready")
    counts = connection.execute(select(ready, func.count()).where(deployments.c.wanted == "running")).one()
    return ServingSummary(ready=counts[0], total=counts[1])


def gateway_standing(connection: Connection) -> GatewaySummary:
    """Return the number of routes and the calls of the last 24 hours."""
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
    """Return knowledge base counts. Chunks are summed from the documents' own counts."""
    count = connection.scalar(select(func.count()).select_from(bases)) or 0
    counts = connection.execute(select(func.count(), func.coalesce(func.sum(documents.c.chunks), 0))).one()
    return KnowledgeSummary(bases=count, documents=counts[0], chunks=counts[1])


def traces_standing(connection: Connection) -> TracesSummary:
    """Return the number of spans of any kind in the last 24 hours."""
    total = func.coalesce(func.sum(hours.c.calls), 0)
    return TracesSummary(spans=int(connection.scalar(select(total).where(hours.c.hour >= now() - DAY)) or 0))


def feedback_standing(connection: Connection) -> FeedbackOverview:
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


def loop_standing(connection: Connection) -> LoopSummary:
    """Return the active loop runs, the running canary and the last decision."""
    active_runs = select(func.count()).select_from(jobs).where(jobs.c.kind == "loop.turn", jobs.c.status.in_(LIVE))
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
        turns_running=connection.scalar(active_runs) or 0,
        canaries_running=len(ids),
        running_canary=ids[0] if ids else None,
        running_canary_scores=score_count,
        last_decision=last_decided.status if last_decided else None,
        last_decision_at=last_decided.decided_at if last_decided else None,
    )


def unfinished_jobs(connection: Connection) -> dict[str, int]:
    """Return the counts of queued and running jobs by kind."""
    return _by(connection, jobs.c.kind, jobs.c.status.in_(LIVE))


def recent_events(connection: Connection) -> tuple[ActivityEvent, ...]:
    """Return the most recent events, newest first.

    Of each dataset only the newest version counts: rows edited one by one would leave no room for other events.
    """
    newest = _newest_datasets()
    queries = [
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
    events = union_all(*(select(query.subquery()) for query in queries)).subquery()
    rows = connection.execute(select(events).order_by(events.c.at.desc()).limit(RECENT)).mappings()
    return tuple(ActivityEvent.model_validate(dict(row)) for row in rows)


def _newest_datasets() -> Subquery:
    newest = select(datasets.c.name, datasets.c.rows, datasets.c.hash, datasets.c.created_at)
    newest_per_name = newest.ext(distinct_on(datasets.c.name))
    return newest_per_name.order_by(datasets.c.name, datasets.c.number.desc()).subquery()


def _events(kind: str, table: Any, title: Any, ref: Any, at: Any, status: Any) -> Any:
    columns = (literal(kind).label("kind"), _text(title).label("title"), _text(ref).label("ref"))
    events = select(*columns, _text(status).label("status"), at.label("at")).select_from(table).where(at.is_not(None))
    return events.order_by(at.desc()).limit(RECENT)


def _text(column: Any) -> Any:
    return column.cast(Text)


def _named(table: Any) -> Any:
    return table.c.name + "@" + func.left(table.c.hash, 12)


def _ref(row: Any) -> str | None:
    return f"{row.name}@{row.hash[:12]}" if row else None


def _by(connection: Connection, column: Any, *conditions: Any) -> dict[str, int]:
    query = select(column, func.count()).where(*conditions).group_by(column)
    return {value: count for value, count in connection.execute(query)}
