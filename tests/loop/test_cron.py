"""Cron expressions of schedules."""

from datetime import UTC, datetime

import pytest

from vong.loop.cron import CronSchedule

MONDAY = datetime(2026, 11, 30, 14, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("* * * * *", "2026-11-30T14:13"),
        ("*/15 * * * *", "2026-11-30T14:15"),
        ("12 14 * * *", "2026-12-01T14:12"),
        ("30 2 * * 1-5", "2026-12-01T02:30"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 9 * * 7", "2026-12-06T09:00"),
        ("0 9 * * 0", "2026-12-06T09:00"),
        ("0 0 3 * 2", "2026-12-01T00:00"),  # both day fields are set: either of them counts
        ("0 0 */2 * 2", "2026-12-01T00:00"),
        ("5,10 8-10/2 1 1 *", "2027-01-01T08:05"),
    ],
)
def test_the_next_time_of_an_expression(text: str, expected: str) -> None:
    found = CronSchedule.parse(text).next_after(MONDAY)
    assert found is not None and found.isoformat().startswith(expected)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("* * * *", "has 4 fields"),
        ("60 * * * *", "'minute' has '60'"),
        ("* 5-2 * * *", "'hour' has '5-2'"),
        ("*/0 * * * *", "'*/0'"),
        ("a * * * *", "'a'"),
        ("0 0 31 2 *", "never occurs"),
    ],
)
def test_an_invalid_expression_is_one_error(text: str, part: str) -> None:
    with pytest.raises(ValueError, match="cron") as error:
        CronSchedule.parse(text)
    assert part in str(error.value)
