"""Type of times in requests."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator


def _reject_number(value: Any) -> Any:
    """Raise ValueError for a number: pydantic would read 0.5 as half a second after 1970."""
    try:
        float(value)
    except (TypeError, ValueError):
        return value
    raise ValueError("a time must be written as 2026-11-30T12:00:00Z")


def _assume_utc(value: datetime) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


Timestamp = Annotated[datetime, BeforeValidator(_reject_number), AfterValidator(_assume_utc)]
"""Time in ISO 8601. UTC if it has no time zone."""
