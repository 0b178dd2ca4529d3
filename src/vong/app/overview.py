"""The overview: how every stage stands, and the next step that is worth taking."""

from sqlalchemy import Connection

from vong.app import overview_queries
from vong.app.overview_records import NextAction, Overview


def overview(connection: Connection) -> Overview:
    """The loop as it stands in the connection's project."""
    found = Overview(
        data=overview_queries.data_standing(connection),
        training=overview_queries.training_standing(connection),
        evals=overview_queries.evals_standing(connection),
        registry=overview_queries.registry_standing(connection),
        serving=overview_queries.serving_standing(connection),
        gateway=overview_queries.gateway_standing(connection),
        knowledge=overview_queries.knowledge_standing(connection),
        traces=overview_queries.traces_standing(connection),
        feedback=overview_queries.feedback_standing(connection),
        loop=overview_queries.loop_standing(connection),
        jobs=overview_queries.unfinished_jobs(connection),
        recent=overview_queries.recent_events(connection),
        next=NextAction(action="none"),
    )
    return found.model_copy(update={"next": next_action(found)})


def next_action(now: Overview) -> NextAction:
    """The first rule that holds says what to do next. What runs already is waited for: while a turn or a training run
    is on its way there is nothing to do.
    """
    loop, taught, live = now.loop, now.training, now.gateway
    if loop.turns_running or taught.running:
        return NextAction(action="none", figures={"turns": loop.turns_running, "runs": taught.running})
    if loop.canaries_running:
        return NextAction(
            action="decide_canary", figures={"canary": str(loop.running_canary), "scores": loop.running_canary_scores}
        )
    if not now.data.datasets:
        return NextAction(action="import_data", figures={"datasets": 0})
    if not taught.finished and not now.registry.newest:
        return NextAction(action="train", figures={"datasets": now.data.datasets, "rows": now.data.rows})
    if not now.evals.total:
        return NextAction(action="evaluate", figures={"model": now.registry.newest})
    return _served(now) or _learnt(now) or NextAction(action="none", figures={"calls": live.calls})


def _served(now: Overview) -> NextAction | None:
    """What is missing between a model and its users."""
    if not now.serving.total and not now.gateway.calls:
        return NextAction(action="deploy", figures={"model": now.registry.newest, "deployments": 0})
    if not now.gateway.routes:
        return NextAction(action="route", figures={"deployments": now.serving.total, "routes": 0})
    if not now.gateway.calls:
        return NextAction(action="send_traffic", figures={"routes": now.gateway.routes, "calls": 0})
    return None


def _learnt(now: Overview) -> NextAction | None:
    """What is missing between the users and the next model."""
    if not now.feedback.scores:
        return NextAction(action="give_feedback", figures={"calls": now.gateway.calls, "scores": 0})
    if now.feedback.open_corrections:
        return NextAction(action="harvest", figures={"corrections": now.feedback.open_corrections})
    if now.registry.newest not in {None, now.registry.prod} and not now.registry.tried:
        return NextAction(action="start_canary", figures={"model": now.registry.newest, "prod": now.registry.prod})
    return None
