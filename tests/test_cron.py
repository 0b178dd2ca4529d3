"""Cron expressions of schedules."""

from datetime import UTC, datetime

import pytest

from vong.cron import check_cron, next_cron_time

MONDAY = datetime(2026, 11, 30, 14, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * *", "2026-11-30T14:13"),
        ("*/15 * * * *", "2026-11-30T14:15"),
        ("12 14 * * *", "2026-12-01T14:12"),
        ("30 2 * * 1-5", "2026-12-01T02:30"),
        ("0 9 * * mon", "2026-12-07T09:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 9 * * 7", "2026-12-06T09:00"),
        ("0 9 * * 0", "2026-12-06T09:00"),
        ("0 0 3 * 2", "2026-12-01T00:00"),  # both day fields are set: either of them counts
        ("0 0 */2 * 3", "2026-12-09T00:00"),  # one starts with *: both must match
        ("5,10 8-10/2 1 1 *", "2027-01-01T08:05"),
    ],
)
def test_the_next_time_of_an_expression(expression: str, expected: str) -> None:
    check_cron(expression)
    assert next_cron_time(expression, MONDAY).isoformat().startswith(expected)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("* * * *", "has 4 fields"),
        ("@daily", "has 1 fields"),
        ("* * 0 13 *", "'day of month' has '0'"),
        ("60 * * * *", "'minute' has '60': use 0 to 59"),
        ("* */0 * * *", "'hour' has '*/0'"),
        ("* * * * fry", "'day of week' has 'fry'"),
        ("0 0 31 2 *", "never occurs"),
        ("R 3 * * *", "random field"),
        ("H H(0-5) * * *", "random field"),
    ],
)
def test_an_invalid_expression_is_one_error(expression: str, part: str) -> None:
    with pytest.raises(ValueError, match="cron") as error:
        check_cron(expression)
    assert part in str(error.value)
