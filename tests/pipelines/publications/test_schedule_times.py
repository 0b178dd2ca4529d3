"""Times of schedules: time zones, changes of the clock, and missed runs."""

from datetime import UTC, datetime, timedelta

import pytest

from vong.pipelines.schedules import MAX_MISSED_RUNS, MissedPolicy, ScheduleSettings, due_times, list_times


def local_times(cron: str, zone: str, start: datetime, count: int) -> list[str]:
    from zoneinfo import ZoneInfo

    times = list_times(ScheduleSettings(cron=cron, time_zone=zone), start, count)
    return [time.astimezone(ZoneInfo(zone)).strftime("%d %H:%M") for time in times]


def test_time_that_does_not_exist_is_moved_behind_the_change() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)  # clocks go from 02:00 to 03:00 on the 29th
    assert local_times("30 2 * * *", "Europe/Berlin", before, 3) == ["29 03:30", "30 02:30", "31 02:30"]


def test_time_that_occurs_twice_is_used_once() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)  # clocks go from 03:00 to 02:00 on the 25th
    assert local_times("30 2 * * *", "Europe/Berlin", before, 2) == ["25 02:30", "26 02:30"]


@pytest.mark.parametrize("start", [datetime(2026, 3, 29, 0, 20, tzinfo=UTC), datetime(2026, 10, 25, 0, 20, tzinfo=UTC)])
def test_hourly_schedule_runs_every_hour_also_when_the_clock_changes(start: datetime) -> None:
    times = list_times(ScheduleSettings(cron="30 * * * *", time_zone="Europe/Berlin"), start, 4)
    assert times == [start.replace(minute=30) + timedelta(hours=number) for number in range(4)]


@pytest.mark.parametrize(
    ("policy", "runs"), [("skip", 0), ("once", 1), ("all", MAX_MISSED_RUNS)], ids=["skip", "once", "all"]
)
def test_missed_runs(policy: MissedPolicy, runs: int) -> None:
    settings = ScheduleSettings(cron="0 * * * *", missed=policy)
    planned, at = datetime(2026, 1, 1, 0, 0, tzinfo=UTC), datetime(2026, 1, 1, 20, 30, tzinfo=UTC)
    times = due_times(settings, planned, at)
    assert len(times) == runs
    assert not times or times[-1] == datetime(2026, 1, 1, 20, 0, tzinfo=UTC)


def test_run_on_time_is_started_with_every_policy() -> None:
    at = datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC)
    for policy in ("skip", "once", "all"):
        settings = ScheduleSettings(cron="0 * * * *", missed=policy)
        assert due_times(settings, at.replace(second=0), at) == [at.replace(second=0)]


@pytest.mark.parametrize("cron", ["* * * *", "61 * * * *", "0 0 30 2 *", "x 0 * * *"])
def test_invalid_cron_is_rejected(cron: str) -> None:
    with pytest.raises(ValueError, match="cron"):
        ScheduleSettings(cron=cron)
