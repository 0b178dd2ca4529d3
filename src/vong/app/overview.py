"""Overview of all stages and the recommended next action."""

from sqlalchemy import Connection

from vong.app import overview_queries
from vong.app.overview_records import NextAction, Overview


def overview(connection: Connection) -> Overview:
    """Return the overview of the connection's project."""
    result = Overview(
        data=overview_queries.data_summary(connection),
        training=overview_queries.training_summary(connection),
        evals=overview_queries.evals_summary(connection),
        registry=overview_queries.registry_summary(connection),
        serving=overview_queries.serving_summary(connection),
        gateway=overview_queries.gateway_summary(connection),
        knowledge=overview_queries.knowledge_summary(connection),
        traces=overview_queries.traces_summary(connection),
        feedback=overview_queries.feedback_summary(connection),
        loop=overview_queries.loop_summary(connection),
        jobs=overview_queries.count_unfinished_jobs(connection),
        recent=overview_queries.list_recent_events(connection),
        next=NextAction(action="none"),
    )
    return result.model_copy(update={"next": next_action(result)})


def next_action(current: Overview) -> NextAction:
    """Return the recommended next action: that of the first matching rule.

    While a loop run or a training run is active there is nothing to do but wait.
    """
    loop, training, gateway = current.loop, current.training, current.gateway
    if loop.runs_running or training.running:
        return NextAction(action="none", details={"loop_runs": loop.runs_running, "training_runs": training.running})
    if loop.canaries_running:
        return NextAction(
            action="decide_canary", details={"canary": str(loop.running_canary), "scores": loop.running_canary_scores}
        )
    if not current.data.datasets:
        return NextAction(action="import_data", details={"datasets": 0})
    if not training.finished and not current.registry.newest:
        return NextAction(action="train", details={"datasets": current.data.datasets, "rows": current.data.rows})
    if not current.evals.total:
        return NextAction(action="evaluate", details={"model": current.registry.newest})
    return (
        _next_serving_action(current)
        or _next_feedback_action(current)
        or NextAction(action="none", details={"calls": gateway.calls})
    )


def _next_serving_action(current: Overview) -> NextAction | None:
    """Return the next action between a trained model and its first calls, or None."""
    if not current.serving.total and not current.gateway.calls:
        return NextAction(action="deploy", details={"model": current.registry.newest, "deployments": 0})
    if not current.gateway.routes:
        return NextAction(action="route", details={"deployments": current.serving.total, "routes": 0})
    if not current.gateway.calls:
        return NextAction(action="send_traffic", details={"routes": current.gateway.routes, "calls": 0})
    return None


def _next_feedback_action(current: Overview) -> NextAction | None:
    """Return the next action between feedback and the next model, or None."""
    if not current.feedback.scores:
        return NextAction(action="give_feedback", details={"calls": current.gateway.calls, "scores": 0})
    if current.feedback.open_corrections:
        return NextAction(action="harvest", details={"corrections": current.feedback.open_corrections})
    if current.registry.newest not in {None, current.registry.prod} and not current.registry.canary_decided:
        return NextAction(
            action="start_canary", details={"model": current.registry.newest, "prod": current.registry.prod}
        )
    return None
