"""Schedules of pipelines: a thread of the worker starts the runs whose time has come."""

import logging
from threading import Event
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, select, update

from vong.access.principal import Principal
from vong.app.periodic import repeat
from vong.app.pipelines.callers import find_caller
from vong.app.pipelines.runs import RunRequest, enqueue
from vong.app.pipelines.webhooks import deliver_due, find_served_version
from vong.app.platform import Platform
from vong.errors import Forbidden, InvalidInput, VongError
from vong.pipelines import webhooks
from vong.pipelines.conversations import store as conversation_store
from vong.pipelines.execution.compiled import compile_pipeline
from vong.pipelines.publication_tables import schedules as table
from vong.pipelines.schedules import Schedule, ScheduleCreate, ScheduleSettings, create_schedule, due_times, next_time
from vong.records import now

log = logging.getLogger(__name__)
TICK_SECONDS = 1.0
CLEANUP_SECONDS = 600.0
MAX_ERROR_CHARS = 300


def run_pipeline_schedules(platform: Platform, stop: Event) -> None:
    """Start scheduled runs and send results of runs until `stop` is set."""
    repeat("pipeline schedules", lambda: tick(platform), stop, seconds=TICK_SECONDS)


def delete_expired_conversations(platform: Platform, stop: Event) -> None:
    """Delete conversations after their retention until `stop` is set."""

    def delete() -> None:
        with platform.database.owner() as connection:
            if deleted := conversation_store.delete_expired(connection, now()):
                log.info("deleted %d expired conversations", deleted)

    repeat("expired conversations", delete, stop, seconds=CLEANUP_SECONDS)


def tick(platform: Platform) -> int:
    """Start the runs that are due, send the results that are due, and return the number of started runs."""
    started = 0
    while (due := _claim(platform)) is not None:
        started += _run(platform, due)
    deliver_due(platform)
    return started


def add_schedule(platform: Platform, principal: Principal, pipeline: str, request: ScheduleCreate) -> Schedule:
    """Create a schedule, whose runs call models on behalf of its creator.

    Raises: InvalidInput if its inputs do not fit the pipeline; NotFound if it names an unknown webhook.
    """
    with platform.scope(principal.project_id) as connection:
        check_settings(connection, pipeline, request)
        return create_schedule(
            connection,
            pipeline,
            request,
            key_id=principal.key_id,
            user_id=principal.user_id,
            created_by=principal.actor,
        )


def check_settings(connection: Connection, pipeline: str, settings: ScheduleSettings) -> None:
    """Raise InvalidInput or NotFound if the settings of a schedule do not fit the pipeline."""
    version = find_served_version(connection, pipeline, settings.version)
    compile_pipeline(version.definition).check_inputs(settings.inputs)
    if (
        settings.webhook is not None
        and webhooks.get_webhook(connection, pipeline, settings.webhook).settings.url is None
    ):
        message = f"webhook {settings.webhook!r} has no address for results"
        raise InvalidInput(message, "create a webhook with a url")


def _claim(platform: Platform) -> RowMapping | None:
    """Return a due schedule, and plan its next run. Each time is claimed by one worker only."""
    at = now()
    with platform.database.owner() as connection:
        due = table.c.next_run_at <= at, table.c.is_paused.is_(False)
        query = select(table).where(*due).order_by(table.c.next_run_at).limit(1).with_for_update(skip_locked=True)
        row = connection.execute(query).mappings().first()
        if row is not None:
            following = next_time(ScheduleSettings.model_validate(row["settings"]), at)
            connection.execute(update(table).where(table.c.id == row["id"]).values(next_run_at=following))
        return row


def _run(platform: Platform, row: RowMapping) -> int:
    """Start the runs of a due schedule and return their number."""
    settings, at = ScheduleSettings.model_validate(row["settings"]), now()
    times = due_times(settings, row["next_run_at"], at)
    values: dict[str, Any] = {"last_error": None}
    started = 0
    try:
        for time in times:
            key = f"schedule/{row['id']}/{time.isoformat()}"
            values |= {"last_run_id": _start(platform, row, settings, key), "last_run_at": at}
            started += 1
    except VongError as error:
        values["last_error"] = str(error)[:MAX_ERROR_CHARS]
        log.warning("schedule %r of pipeline %r did not start a run: %s", row["name"], row["pipeline"], error)
    with platform.scope(row["project_id"]) as connection:
        connection.execute(update(table).where(table.c.id == row["id"]).values(values))
    return started


def _start(platform: Platform, row: RowMapping, settings: ScheduleSettings, key: str) -> UUID:
    caller = {name: str(row[name]) if row[name] else None for name in ("key_id", "user_id")}
    principal = find_caller(platform, row["project_id"], caller)
    if principal.role == "viewer":
        raise Forbidden("the creator of the schedule may no longer start runs", "create the schedule again")
    with platform.scope(row["project_id"]) as connection:
        version = find_served_version(connection, row["pipeline"], settings.version)
    request = RunRequest(
        principal._replace(scope=None),
        settings.inputs,
        version,
        tags=("vong:schedule",),
        idempotency_key=key,
        is_published=True,
    )
    run = enqueue(platform, request)
    if settings.webhook is not None:
        with platform.scope(row["project_id"]) as connection:
            hook = webhooks.get_webhook(connection, row["pipeline"], settings.webhook)
            webhooks.add_delivery(connection, hook.id, run.id)
    return run.id
