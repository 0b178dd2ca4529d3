"""Cron expressions with five fields: minute, hour, day of month, month and day of week, in UTC."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
MAX_DAYS = 366 * 8
"""Days that are searched for the next time: the 29th of February occurs within eight years."""


class CronSchedule(NamedTuple):
    """Parsed cron expression. If both day fields are restricted, a day that matches either of them counts."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the schedule of an expression such as `30 2 * * 1-5`.

        Raises: ValueError if the expression is invalid or never occurs.
        """
        parts = text.split()
        if len(parts) != len(FIELDS):
            raise ValueError(f"cron {text!r} has {len(parts)} fields: write five, such as `30 2 * * 1-5`")
        minutes, hours, days, months, weekdays = (
            _parse_field(part, *field) for part, field in zip(parts, FIELDS, strict=True)
        )
        weekdays = frozenset(day % 7 for day in weekdays)
        any_day, any_weekday = parts[2].startswith("*"), parts[4].startswith("*")
        schedule = cls(minutes, hours, days, months, weekdays, any_day, any_weekday)
        if schedule.next_after(datetime(2024, 1, 1, tzinfo=UTC)) is None:
            raise ValueError(f"cron {text!r} never occurs: change the day of month or the month")
        return schedule

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment. Returns None if there is none within eight years."""
        start = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for number in range(MAX_DAYS):
            day = start + timedelta(days=number)
            if not self._is_on(day):
                continue
            earliest = (day.hour, day.minute) if number == 0 else (0, 0)
            times = ((hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes))
            found = next((time for time in times if time >= earliest), None)
            if found is not None:
                return day.replace(hour=found[0], minute=found[1])
        return None

    def _is_on(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day and by_weekday if self.any_day or self.any_weekday else by_day or by_weekday


def _parse_field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    """Return the numbers of a field: `*`, `5`, `1-5`, each with an optional `/step`, and lists of them."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = (str(low), "-", str(high)) if span == "*" else span.partition("-")
        numbers = [first, last if dash else (str(high) if step else first), step or "1"]
        if not all(one.isascii() and one.isdecimal() for one in numbers):
            raise ValueError(f"cron field {name!r} has {part!r}: write numbers, ranges, steps or *")
        start, end, every = map(int, numbers)
        if not low <= start <= end <= high or every < 1:
            raise ValueError(f"cron field {name!r} has {part!r}: use {low} to {high} in rising order")
        found.update(range(start, end + 1, every))
    return frozenset(found)
