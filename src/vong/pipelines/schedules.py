"""Schedules: when a pipeline runs by itself, in which time zone, and what happens to runs that were missed."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from vong.cron import check_cron, next_cron_time
from vong.errors import Conflict, NotFound, did_you_mean
from vong.pipelines.publication_tables import schedules as table
from vong.records import Record, new_id, now
from vong.records.name import check_versioned_name

MissedPolicy = Literal["skip", "once", "all"]
MAX_MISSED_RUNS = 10
"""Missed runs that the policy `all` starts later. Older ones are skipped."""
GRACE = timedelta(seconds=60)
"""Delay up to which a run counts as on time."""
SHOWN_RUNS = 5
LIST_HINT = "vong pipelines schedules list NAME"


class ScheduleSettings(Record):
    """Settings of a schedule: five cron fields in a time zone, and the inputs of its runs.

    `missed` says what happens to times at which no server ran: `skip`, run `once` for all of them, or run `all` of the
    last ten. The results are sent by the webhook `webhook`, if one is named.
    """

    cron: str = Field(min_length=1, max_length=200)
    time_zone: str = Field(default="UTC", max_length=100)
    version: str | None = Field(default=None, max_length=100)
    inputs: dict[str, Any] = Field(default_factory=dict)
    missed: MissedPolicy = "once"
    webhook: str | None = Field(default=None, max_length=100)

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"unknown time zone {value!r}: use an IANA name such as Asia/Ho_Chi_Minh") from None
        return value

    @field_validator("cron")
    @classmethod
    def _check_cron(cls, value: str) -> str:
        check_cron(value)
        return value


class ScheduleCreate(ScheduleSettings):
    """New schedule with its name."""

    name: str = Field(min_length=1, max_length=100)
    paused: bool = False


class ScheduleUpdate(Record):
    """Change of a schedule. Omitted fields stay as they are."""

    settings: ScheduleSettings | None = None
    paused: bool | None = None


class Schedule(Record):
    """Schedule of a pipeline, with its last run and its next ones."""

    id: UUID
    pipeline: str
    name: str
    settings: ScheduleSettings
    is_paused: bool
    created_by: str
    created_at: datetime
    next_run_at: datetime | None = None
    last_run_at: datetime | None = None
    last_run_id: UUID | None = None
    last_error: str | None = None
    upcoming: tuple[datetime, ...] = ()


def next_time(settings: ScheduleSettings, after: datetime) -> datetime:
    """Return the first time of a schedule after a moment, in UTC.

    A local time that does not exist, because clocks go forward, is moved behind the change. One that occurs twice is
    used once, except by schedules of every hour, which continue with the elapsed time.
    """
    zone = ZoneInfo(settings.time_zone)
    local = after.astimezone(zone)
    if settings.cron.split()[1].startswith("*"):
        local = local.astimezone(timezone(local.utcoffset() or timedelta()))
        return next_cron_time(settings.cron, local).astimezone(UTC)
    found = local.replace(tzinfo=None)
    while True:
        found = next_cron_time(settings.cron, found)
        at = found.replace(tzinfo=zone).astimezone(UTC)
        if at > after:
            return at


def list_times(settings: ScheduleSettings, after: datetime, count: int) -> list[datetime]:
    """Return the next times of a schedule after a moment."""
    times: list[datetime] = []
    for _ in range(count):
        after = next_time(settings, after)
        times.append(after)
    return times


def due_times(settings: ScheduleSettings, planned: datetime, at: datetime) -> list[datetime]:
    """Return the times for which runs start at a moment, of which `planned` was the next one."""
    times = [planned]
    while (following := next_time(settings, times[-1])) <= at:
        times = [*times[-MAX_MISSED_RUNS:], following]
    on_time = [time for time in times if time > at - GRACE]
    if settings.missed == "all":
        return times[-MAX_MISSED_RUNS:]
    return on_time[-1:] if settings.missed == "skip" else times[-1:]


def create_schedule(
    connection: Connection,
    pipeline: str,
    request: ScheduleCreate,
    *,
    key_id: UUID | None,
    user_id: UUID | None,
    created_by: str,
) -> Schedule:
    """Create a schedule, whose runs call models on behalf of the key or user. Raises Conflict if the name is taken."""
    check_versioned_name(request.name, "schedule")
    at = now()
    settings = ScheduleSettings.model_validate(request.model_dump(exclude={"name", "paused"}))
    values: dict[str, Any] = {
        "id": new_id(),
        "pipeline": pipeline,
        "name": request.name,
        "settings": settings.model_dump(mode="json"),
        "is_paused": request.paused,
        "key_id": key_id,
        "user_id": user_id,
        "created_by": created_by,
        "created_at": at,
        "next_run_at": None if request.paused else next_time(settings, at),
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(values))
    except IntegrityError as error:
        message = f"pipeline {pipeline!r} has a schedule named {request.name!r}"
        raise Conflict(message, "choose another name, or update that schedule") from error
    return get_schedule(connection, pipeline, request.name)


def update_schedule(connection: Connection, pipeline: str, name: str, change: ScheduleUpdate) -> Schedule:
    """Change, pause or resume a schedule. Times that passed while it was paused are not run later."""
    known = get_schedule(connection, pipeline, name)
    settings = change.settings or known.settings
    paused = known.is_paused if change.paused is None else change.paused
    values = {
        "settings": settings.model_dump(mode="json"),
        "is_paused": paused,
        "next_run_at": None if paused else next_time(settings, now()),
    }
    connection.execute(update(table).where(table.c.id == known.id).values(values))
    return get_schedule(connection, pipeline, name)


def delete_schedule(connection: Connection, pipeline: str, name: str) -> None:
    """Delete a schedule. Its runs are kept."""
    connection.execute(delete(table).where(table.c.id == get_schedule(connection, pipeline, name).id))


def get_schedule(connection: Connection, pipeline: str, name: str) -> Schedule:
    """Return a schedule with its next times. Raises NotFound if there is none."""
    found = {schedule.name: schedule for schedule in list_schedules(connection, pipeline)}
    if name not in found:
        hint = did_you_mean(name, list(found), LIST_HINT)
        raise NotFound(f"pipeline {pipeline!r} has no schedule {name!r}", hint)
    return found[name]


def list_schedules(connection: Connection, pipeline: str | None = None) -> list[Schedule]:
    """Return the schedules of a pipeline or of the project, by name."""
    query = select(table).order_by(table.c.pipeline, table.c.name)
    if pipeline is not None:
        query = query.where(table.c.pipeline == pipeline)
    return [to_schedule(row) for row in connection.execute(query).mappings()]


def to_schedule(row: RowMapping) -> Schedule:
    """Convert a row to a schedule with its next times."""
    values = {name: row[name] for name in Schedule.model_fields if name != "upcoming"}
    settings = ScheduleSettings.model_validate(row["settings"])
    upcoming = () if row["is_paused"] else tuple(list_times(settings, now(), SHOWN_RUNS))
    return Schedule.model_validate({**values, "settings": settings, "upcoming": upcoming})
