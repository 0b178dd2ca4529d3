"""Durations as text: `15m`, `24h`, `30d`."""

from datetime import timedelta

DURATION_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(text: str, units: str = "smhd") -> timedelta | None:
    """Return the duration of a number with one of the units. Returns None if the text is not a duration."""
    number, unit = text[:-1], text[-1:]
    if not unit or unit not in units or not (number.isascii() and number.isdecimal()):
        return None
    try:
        return timedelta(**{DURATION_UNITS[unit]: int(number)})
    except (OverflowError, ValueError):  # longer than a timedelta, or more digits than Python converts
        return None
