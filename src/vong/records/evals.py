"""Result of the evaluation of one model on one dataset split."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vong.records.job import Job
from vong.records.record import Record


class EvalResult(Record):
    """Finished or running evaluation.

    `scores` maps a metric to its value over all examples (`exact_match`, `rougeL`, `json_fields.urgency`, ...), in the
    unit of its library. `signatures` records exactly how each metric was computed. Latencies are in milliseconds,
    `cost` in millionths of a US dollar (null if a price is unknown). `truncated` counts the outputs that ended at
    `max_tokens`, `warnings` lists what scorers cannot score well. `suite_run` is the id of the suite run that the
    evaluation is part of, `source` the program whose result was imported.
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
    truncated: int = 0
    warnings: tuple[str, ...] = ()
    suite_run: UUID | None = None
    source: str | None = None
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


class EvalStarted(Record):
    """Evaluation run and its job. Both have the same id."""

    result: EvalResult
    job: Job
