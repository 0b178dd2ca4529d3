"""Cron expressions with five fields: minute, hour, day of month, month and day of week."""

import re
from datetime import datetime

FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of month", "1 to 31"),
    ("month", "1 to 12"),
    ("day of week", "0 to 7"),
)
"""Name and numbers of each field."""
RANDOM_FIELD = re.compile(r"(^|[,/])[rh](?![a-z])", re.IGNORECASE)
"""Fields such as `R` or `H(0-5)`, with which each calculation of the next time would give another one."""


def check_cron(expression: str) -> None:
    """Raise ValueError if a cron expression is invalid, does not have five fields, or never occurs."""
    fields = expression.split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"cron {expression!r} has {len(fields)} fields: write five, such as `30 2 * * 1-5`")
    if any(RANDOM_FIELD.search(field) for field in fields):
        raise ValueError(f"cron {expression!r} has a random field: write numbers, ranges, steps or *")
    for position, (name, numbers) in enumerate(FIELDS):
        if not _is_field(fields[position], position):
            message = f"cron field {name!r} has {fields[position]!r}: use {numbers}, with ranges, steps, lists or *"
            raise ValueError(message)
    next_cron_time(expression, datetime(2024, 1, 1))


def next_cron_time(expression: str, after: datetime) -> datetime:
    """Return the first time after a moment, in the time zone of the moment.

    If both day fields are restricted, a day that matches either of them counts. If one of them starts with `*`, such as
    `*/2`, a day must match both.

    Raises: ValueError if the expression is invalid or never occurs.
    """
    from croniter import croniter
    from croniter.croniter import CroniterError

    try:
        return croniter(expression, after, implement_cron_bug=True).get_next(datetime)
    except (CroniterError, ValueError, KeyError):
        raise ValueError(f"cron {expression!r} never occurs: change the day of month or the month") from None


def _is_field(field: str, position: int) -> bool:
    """Return True if one field of an expression is valid, whatever the others are."""
    from croniter import croniter

    others = ["*"] * len(FIELDS)
    return croniter.is_valid(" ".join([*others[:position], field, *others[position + 1 :]]))
