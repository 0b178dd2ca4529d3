"""A judgement of an answer."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from vong.records.record import Record


class Score(Record):
    """A score points at a span or at an example. `value` lies in 0..1 (1 is best); `correction` is the text that the
    answer should have been. `source` says who judged.
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
