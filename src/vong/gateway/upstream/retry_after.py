"""Delay that a response requests before a retry."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

from vong.records import now

UNIT_SECONDS = {"retry-after-ms": 0.001, "retry-after": 1.0}
"""Headers with a delay, in order of preference, and the seconds of their units."""


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return the delay in seconds that the response headers request, or 0 if they request none.

    A date is compared to the `date` of the response if it has one, because both come from the clock of the sender.
    """
    for name, unit in UNIT_SECONDS.items():
        value = headers.get(name, "")
        try:
            seconds = float(value) * unit
        except ValueError:
            retry_at = _parse_date(value)
            seconds = (retry_at - (_parse_date(headers.get("date", "")) or now())).total_seconds() if retry_at else -1.0
        if seconds >= 0 and isfinite(seconds):
            return seconds
    return 0.0


def _parse_date(value: str) -> datetime | None:
    """Return an HTTP date, or None if the value is not one."""
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
