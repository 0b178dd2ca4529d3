"""Score of a span or an example."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from vong.records.record import Record


class Score(Record):
    """Score of a span or an example by a person, a judge or a program.

    `value` is in 0..1 (1 is best). `correction` is the completion that would have been right. `source` is the type of
    the author.
    """

    id: UUID
    span_id: UUID | None = None
    example: str | None = None
    name: str = "quality"
    value: float | None = None
    comment: str | None = None
    correction: str | None = None
    source: Literal["human", "judge", "program", "replay"] = "human"
    author: str | None = None
    created_at: datetime
