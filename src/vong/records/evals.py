"""What an evaluation of one model on one dataset split found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.records.record import Record


class EvalResult(Record):
    """A finished (or running) evaluation.

    `scores` maps a metric to its value over all examples (`exact_match`, `rougeL`, `json_fields.urgency`, ...),
    each in its library's own unit; `signatures` says exactly how each was computed. Latencies are milliseconds,
    `cost` is in millionths of a US dollar (null where a price is unknown).
    """

    id: UUID
    name: str
    model: str
    dataset: str
    split: str
    scorers: tuple[str, ...]
    status: str
    examples: int
    done: int
    failed: int = 0
    scores: dict[str, float] = {}
    signatures: dict[str, str] = {}
    settings: dict[str, Any] = {}
    latency_p50: float | None = None
    latency_p95: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost: int | None = None
    created_at: datetime
    finished_at: datetime | None = None
