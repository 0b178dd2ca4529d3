"""Finished runs whose outputs another program requested and scored."""

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import Field
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from vong.errors import InvalidInput
from vong.evals import runs, tables
from vong.evals.runner import TRUNCATED, percentile
from vong.evals.runs import ScoredOutput
from vong.evals.scorers.texts import to_storable_text
from vong.records import EvalResult, Record, new_id, now
from vong.records.record import canonical_json

MAX_OUTPUTS = 200_000
MAX_TEXT_CHARS = 1_000_000
INSERTED_ROWS = 1_000
MEAN_SUFFIX = ".mean"
"""Suffix of the mean of single outputs if the program's own total of the metric is not their mean."""


class RecordedOutput(Record):
    """Output with the scores that another program gave it."""

    prompt: str = Field(default="", max_length=MAX_TEXT_CHARS)
    reference: str = Field(default="", max_length=MAX_TEXT_CHARS)
    answer: str = Field(default="", max_length=MAX_TEXT_CHARS)
    error: str | None = Field(default=None, max_length=10_000)
    finish_reason: str | None = None
    latency_ms: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    cost: int | None = Field(default=None, ge=0)
    scores: dict[str, float] = {}


class RecordedRun(Record):
    """Run of another program: `source` is the program, `dataset` the name of its task.

    `signatures` says how each metric was computed. `scores` are the program's own totals; a metric without one has the
    mean of the outputs.
    """

    source: str = Field(min_length=1, max_length=100)
    model: str = Field(min_length=1, max_length=300)
    dataset: str = Field(min_length=1, max_length=200)
    split: str = Field(default="test", min_length=1, max_length=200)
    name: str = Field(default="", max_length=300)
    signatures: dict[str, str] = {}
    scores: dict[str, float] = {}
    settings: dict[str, Any] = {}
    outputs: tuple[RecordedOutput, ...] = Field(min_length=1, max_length=MAX_OUTPUTS)


def store(connection: Connection, run: RecordedRun, *, model: str | None = None, name: str = "") -> EvalResult:
    """Store a recorded run as finished. Runs over the same prompts and references are comparable.

    Raises: InvalidInput if a score is not finite.
    """
    rows = [(output.prompt, output.reference) for output in run.outputs]
    digest = hashlib.sha256(canonical_json(rows)).hexdigest()
    scores, renamed = _compute_scores(run)
    latencies = sorted(output.latency_ms for output in run.outputs if output.error is None and output.latency_ms)
    costs = [output.cost for output in run.outputs if output.error is None]
    known = [cost for cost in costs if cost is not None]
    subject = model or run.model
    result = EvalResult(
        id=new_id(),
        name=name or run.name or f"{subject} on {run.dataset} ({run.source})",
        model=subject,
        dataset=f"{run.dataset}@{digest[:12]}",
        split=run.split,
        scorers=(),
        status="finished",
        examples=len(run.outputs),
        done=len(run.outputs),
        failed=sum(output.error is not None for output in run.outputs),
        truncated=sum(output.finish_reason == TRUNCATED for output in run.outputs),
        source=run.source,
        scores=scores,
        signatures={metric: run.signatures.get(metric, f"{run.source}|{metric}") for metric in scores},
        settings=run.settings,
        latency_p50=percentile(latencies, 50),
        latency_p95=percentile(latencies, 95),
        input_tokens=sum(output.input_tokens or 0 for output in run.outputs),
        output_tokens=sum(output.output_tokens or 0 for output in run.outputs),
        cost=sum(known) if known and len(known) == len(costs) else None,
        created_at=now(),
        finished_at=now(),
    )
    values = {**result.model_dump(), "scorers": []}
    connection.execute(insert(tables.runs).values(values))
    outputs = [_to_output(position, output, renamed) for position, output in enumerate(run.outputs)]
    for first in range(0, len(outputs), INSERTED_ROWS):
        runs.insert_outputs(connection, result.id, outputs[first : first + INSERTED_ROWS])
    return runs.get_run(connection, result.id)


def _compute_scores(run: RecordedRun) -> tuple[dict[str, float], dict[str, str]]:
    """Return the totals, and new names of the scores of outputs whose mean is not the program's total."""
    columns: dict[str, list[float]] = {}
    for number, output in enumerate(run.outputs, 1):
        for metric, value in output.scores.items():
            if value != value or value in (float("inf"), float("-inf")):
                raise InvalidInput(f"score {metric!r} of output {number} is {value}", "leave such scores out")
            columns.setdefault(metric, []).append(value)
    scores, renamed = dict(run.scores), dict[str, str]()
    for metric, values in columns.items():
        mean = sum(values) / len(values)
        if abs(scores.setdefault(metric, mean) - mean) > 1e-6 * max(1.0, abs(mean)):
            renamed[metric] = metric + MEAN_SUFFIX
            scores[metric + MEAN_SUFFIX] = mean
    return scores, renamed


def _to_output(position: int, output: RecordedOutput, renamed: dict[str, str]) -> ScoredOutput:
    content: Sequence[str] = (output.prompt, output.reference)
    scores = {renamed.get(metric, metric): value for metric, value in output.scores.items()}
    return ScoredOutput(
        position=position,
        example=hashlib.sha256(canonical_json(content)).hexdigest(),
        prompt=to_storable_text(output.prompt),
        reference=to_storable_text(output.reference),
        answer=to_storable_text(output.answer),
        finish_reason=output.finish_reason,
        error=output.error and to_storable_text(output.error),
        latency_ms=output.latency_ms,
        input_tokens=output.input_tokens,
        output_tokens=output.output_tokens,
        cost=output.cost,
        scores=scores,
        statistics={metric: [value, 1.0] for metric, value in scores.items()},
        created_at=now(),
    )
