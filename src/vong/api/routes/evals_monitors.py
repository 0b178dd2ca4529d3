"""Routes of monitors: scores of live answers, their drift and alarms. Part of the evals API."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from vong.api.http.dependencies import CurrentUser
from vong.app import monitors as monitors_app
from vong.evals.monitors import alarms, samples, store
from vong.evals.monitors.definitions import (
    AlarmStatus,
    DriftRules,
    Monitor,
    MonitorAlarm,
    MonitorFilter,
    MonitorSample,
    MonitorSettings,
    SampleStatus,
    ScorePoint,
)
from vong.evals.monitors.samples import Bucket
from vong.evals.specs import ScorerSpec
from vong.records import Record

routes = APIRouter(prefix="/api/v1/evals", tags=["evals"])
Limit = Annotated[int, Query(ge=1, le=500)]


class MonitorCreate(MonitorSettings):
    """Monitor to create: its name and its settings."""

    name: str = Field(min_length=1, max_length=63)


class MonitorUpdate(Record):
    """Settings of a monitor to change. Omitted fields keep their values; `enabled` pauses or resumes it."""

    enabled: bool | None = None
    filter: MonitorFilter = MonitorFilter()
    scorers: tuple[str | ScorerSpec, ...] = ()
    suite: str | None = None
    share: float = Field(default=0.1, gt=0, le=1)
    max_per_hour: int = Field(default=100, ge=1)
    daily_budget: int = Field(default=1_000_000, ge=1)
    review_below: float | None = None
    drift: DriftRules | None = None
    webhook: str | None = None


class MonitorChanged(Record):
    """Monitor after a change. `webhook_secret` signs its alarms and is returned only once, with a new webhook."""

    monitor: Monitor
    webhook_secret: str | None = None


class AlarmResolution(Record):
    """Resolution of an alarm. Without `keep_reference` the next scores become the new reference."""

    keep_reference: bool = True


@routes.get("/monitors")
def list_monitors(context: CurrentUser) -> list[Monitor]:
    """List the monitors by name, with counts, cost and open alarms."""
    with context.project_transaction() as connection:
        return store.list_monitors(connection)


@routes.post("/monitors", status_code=201)
def create_monitor(body: MonitorCreate, context: CurrentUser) -> MonitorChanged:
    """Create a monitor that scores a sample of the calls from now on, with the caller's rights and limits."""
    settings = MonitorSettings.model_validate(body.model_dump(exclude={"name"}))
    with context.project_transaction() as connection:
        created = monitors_app.create(context.platform, connection, body.name, settings, context.principal)
    return MonitorChanged(monitor=created.monitor, webhook_secret=created.webhook_secret)


@routes.get("/monitors/{name}")
def get_monitor(name: str, context: CurrentUser) -> Monitor:
    """Return a monitor with counts, cost and open alarms."""
    with context.project_transaction() as connection:
        return store.get_monitor(connection, name)


@routes.patch("/monitors/{name}")
def update_monitor(name: str, body: MonitorUpdate, context: CurrentUser) -> MonitorChanged:
    """Change settings of a monitor, pause or resume it. New scorers or drift rules begin with a new reference."""
    changes = body.model_dump(include=body.model_fields_set - {"enabled"})
    with context.project_transaction() as connection:
        changed = monitors_app.update(
            context.platform, connection, name, changes, enabled=body.enabled, principal=context.principal
        )
    return MonitorChanged(monitor=changed.monitor, webhook_secret=changed.webhook_secret)


@routes.delete("/monitors/{name}", status_code=204)
def delete_monitor(name: str, context: CurrentUser) -> None:
    """Delete a monitor with its samples and alarms. Scores of answers and review items are kept."""
    with context.project_transaction() as connection:
        monitors_app.delete(connection, name)


@routes.get("/monitors/{name}/samples")
def list_monitor_samples(
    name: str, context: CurrentUser, status: SampleStatus | None = None, limit: Limit = 50
) -> list[MonitorSample]:
    """List sampled calls with their scores, newest first."""
    with context.project_transaction() as connection:
        monitor = store.get_monitor(connection, name)
        return samples.list_samples(connection, monitor.id, status=status, limit=limit)


@routes.get("/monitors/{name}/history")
def get_monitor_history(
    name: str, context: CurrentUser, since: datetime | None = None, bucket: Bucket = "hour"
) -> list[ScorePoint]:
    """Return the mean scores by hour (two days by default) or day (60 days), with counts and cost."""
    with context.project_transaction() as connection:
        monitor = store.get_monitor(connection, name)
        return samples.score_history(connection, monitor.id, since=since, bucket=bucket)


@routes.get("/alarms")
def list_alarms(
    context: CurrentUser,
    monitor: str | None = None,
    route: str | None = None,
    status: AlarmStatus | None = None,
    since: datetime | None = None,
    after: UUID | None = None,
    limit: Limit = 50,
) -> list[MonitorAlarm]:
    """List the alarms of monitors, newest first."""
    with context.project_transaction() as connection:
        return alarms.list_alarms(
            connection, monitor=monitor, route=route, status=status, since=since, after=after, limit=limit
        )


@routes.post("/alarms/{id}/resolve")
def resolve_alarm(id: UUID, body: AlarmResolution, context: CurrentUser) -> MonitorAlarm:
    """Mark an alarm as resolved, and test the score again from now on."""
    with context.project_transaction() as connection:
        return monitors_app.resolve_alarm(connection, id, context.principal.actor, keep_reference=body.keep_reference)
