"""Overview of all stages and the recommended next action."""

from sqlalchemy import Connection

from vong.app import overview_queries
from vong.app.overview_records import NextAction, Overview


def overview(connection: Connection) -> Overview:
    """Return the overview of the connection's project."""
    result = Overview(
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
    return result.model_copy(update={"next": next_action(result)})


def next_action(now: Overview) -> NextAction:
    """Return the recommended next action: that of the first matching rule.

    While a loop run or a training run is active there is nothing to do but wait.
    """
    loop, training, gateway = now.loop, now.training, now.gateway
    if loop.turns_running or training.running:
        return NextAction(action="none", figures={"turns": loop.turns_running, "runs": training.running})
    if loop.canaries_running:
        return NextAction(
            action="decide_canary", figures={"canary": str(loop.running_canary), "scores": loop.running_canary_scores}
        )
    if not now.data.datasets:
        return NextAction(action="import_data", figures={"datasets": 0})
    if not training.finished and not now.registry.newest:
        return NextAction(action="train", figures={"datasets": now.data.datasets, "rows": now.data.rows})
    if not now.evals.total:
        return NextAction(action="evaluate", figures={"model": now.registry.newest})
    return _served(now) or _learnt(now) or NextAction(action="none", figures={"calls": gateway.calls})


def _served(now: Overview) -> NextAction | None:
    """Return the next action between a trained model and its first calls, or None."""
    if not now.serving.total and not now.gateway.calls:
        return NextAction(action="deploy", figures={"model": now.registry.newest, "deployments": 0})
    if not now.gateway.routes:
        return NextAction(action="route", figures={"deployments": now.serving.total, "routes": 0})
    if not now.gateway.calls:
        return NextAction(action="send_traffic", figures={"routes": now.gateway.routes, "calls": 0})
    return None


def _learnt(now: Overview) -> NextAction | None:
    """Return the next action between feedback and the next model, or None."""
    if not now.feedback.scores:
        return NextAction(action="give_feedback", figures={"calls": now.gateway.calls, "scores": 0})
    if now.feedback.open_corrections:
        return NextAction(action="harvest", figures={"corrections": now.feedback.open_corrections})
    if now.registry.newest not in {None, now.registry.prod} and not now.registry.tried:
        return NextAction(action="start_canary", figures={"model": now.registry.newest, "prod": now.registry.prod})
    return None
