"""Storage of evaluation runs and their scored outputs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert

from vong.errors import InvalidInput, NotFound
from vong.evals import scoring, tables
from vong.evals.prompting import EvalSettings
from vong.evals.scorers import MetricValue
from vong.evals.specs import ScorerSpec, parse, to_text
from vong.records import DatasetVersion, EvalResult, Record, Usage, new_id, now


class ScoredOutput(Record):
    """One model output of a run with its scores.

    `position` is that of the example in the split, `example` its hash. `scores` holds the metrics of this output
    alone, `statistics` its contribution to the totals, `details` explanations of scorers. `answer` is the text with
    tool calls written as JSON, `message` the whole message of the model with tool calls and reasoning, `samples` the
    texts of all outputs if several were requested. The `finish_reason` `length` means that the output was truncated. A
    failed request counts as an empty output with the reason in `error`.
    """

    position: int
    example: str
    prompt: str
    reference: str
    answer: str
    message: dict[str, Any] | None = None
    samples: list[str] | None = None
    finish_reason: str | None = None
    error: str | None = None
    span_id: UUID | None = None
    latency_ms: float
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: int | None = None
    scores: dict[str, float] = {}
    statistics: dict[str, list[float]] = {}
    details: dict[str, str] = {}
    warnings: list[str] = []
    created_at: datetime

    @property
    def metric_values(self) -> dict[str, MetricValue]:
        """Return the scores with their statistics."""
        return {metric: MetricValue(value, tuple(self.statistics[metric])) for metric, value in self.scores.items()}


def create_run(
    connection: Connection,
    *,
    model: str,
    dataset: DatasetVersion,
    split: str,
    scorers: Sequence[str | ScorerSpec],
    settings: EvalSettings,
    name: str = "",
    id: UUID | None = None,
) -> EvalResult:
    """Record a queued run and return it. An existing run with this id is returned unchanged.

    Raises: InvalidInput if the dataset lacks the split or the settings contradict each other.
    """
    if split not in dataset.splits:
        available = ", ".join(dataset.splits) or "none; create splits with: vong data split"
        raise InvalidInput(f"{dataset.ref} has no split {split!r}", f"it has: {available}")
    settings.check(split)
    if settings.shots and settings.shots_split not in dataset.splits:
        raise InvalidInput(
            f"{dataset.ref} has no split {settings.shots_split!r}", f"it has: {', '.join(dataset.splits)}"
        )
    specs = [to_text(spec) for spec in scorers]
    latency = f"wall time of one request, {settings.concurrency} concurrent requests"
    result = EvalResult(
        id=id or new_id(),
        name=name or f"{model} on {dataset.name}/{split}",
        model=model,
        dataset=dataset.ref,
        split=split,
        scorers=tuple(specs),
        status="queued",
        examples=min(dataset.splits[split], settings.limit or dataset.splits[split]),
        done=0,
        signatures={
            **scoring.collect_signatures(
                scoring.build_scorers(specs), several_references=settings.references is not None
            ),
            "latency": latency,
        },
        settings=settings.model_dump(mode="json"),
        created_at=now(),
    )
    values = {**result.model_dump(), "scorers": specs}
    connection.execute(insert(tables.runs).values(values).on_conflict_do_nothing())
    return get_run(connection, result.id)


def get_run(connection: Connection, id: UUID) -> EvalResult:
    """Return a run by its id.

    Raises: NotFound if the project has no such run.
    """
    result = find_run(connection, id)
    if result is None:
        raise NotFound(f"no evaluation {str(id)!r}", "list them with: vong evals list")
    return result


def find_run(connection: Connection, id: UUID) -> EvalResult | None:
    """Return a run by its id. Returns None if the project has no such run."""
    row = connection.execute(select(*RESULT_COLUMNS).where(tables.runs.c.id == id)).mappings().first()
    return None if row is None else _to_result(row)


def list_runs(
    connection: Connection, *, model: str | None = None, after: UUID | None = None, limit: int = 50
) -> list[EvalResult]:
    """Return runs, newest first. `after` is the last id of the previous page."""
    runs = tables.runs.c
    query = select(*RESULT_COLUMNS).order_by(runs.id.desc()).limit(limit)
    if model is not None:
        query = query.where(runs.model == model)
    if after is not None:
        query = query.where(runs.id < after)
    return [_to_result(row) for row in connection.execute(query).mappings()]


def update_run(connection: Connection, id: UUID, values: Mapping[str, Any]) -> None:
    """Update fields of a run."""
    connection.execute(update(tables.runs).where(tables.runs.c.id == id).values(dict(values)))


def insert_outputs(connection: Connection, run_id: UUID, outputs: Sequence[ScoredOutput]) -> None:
    """Store outputs. An earlier failed output is replaced, a successful one is not."""
    if not outputs:
        return
    statement = insert(tables.outputs).values([{"run_id": run_id, **answer.model_dump()} for answer in outputs])
    replaced = {
        column.name: statement.excluded[column.name] for column in tables.outputs.c if column.name in REPLACED_FIELDS
    }
    previous_failed = tables.outputs.c.error.is_not(None)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["run_id", "position"], set_=replaced, where=previous_failed)
    )


def set_output_tokens(connection: Connection, run_id: UUID, counts: Mapping[int, Usage]) -> None:
    """Store the token counts of outputs by position, and their sums over all outputs of the run."""
    outputs = tables.outputs.c
    for position, usage in counts.items():
        values = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
        connection.execute(
            update(tables.outputs).where(outputs.run_id == run_id, outputs.position == position).values(values)
        )
    sums = select(sa.func.sum(outputs.input_tokens), sa.func.sum(outputs.output_tokens)).where(outputs.run_id == run_id)
    received, generated = connection.execute(sums).one()
    update_run(connection, run_id, {"input_tokens": int(received or 0), "output_tokens": int(generated or 0)})


def list_outputs(
    connection: Connection,
    run_id: UUID,
    *,
    after: int = -1,
    limit: int | None = 50,
    failed: bool = False,
    changed_from: UUID | None = None,
) -> list[ScoredOutput]:
    """Return the outputs of a run by position. `after` is the last position of the previous page.

    `failed` selects failed requests only. `changed_from` selects outputs whose text differs from that run's.
    """
    outputs = tables.outputs
    get_run(connection, run_id)
    query = select(outputs).where(outputs.c.run_id == run_id, outputs.c.position > after)
    if failed:
        query = query.where(outputs.c.error.is_not(None))
    if changed_from is not None:
        get_run(connection, changed_from)
        other = outputs.alias("other")
        same_example = sa.and_(other.c.position == outputs.c.position, other.c.run_id == changed_from)
        query = query.join(other, same_example).where(other.c.answer != outputs.c.answer)
    rows = connection.execute(query.order_by(outputs.c.position).limit(limit)).mappings()
    return [ScoredOutput.model_validate({name: row[name] for name in ScoredOutput.model_fields}) for row in rows]


def _to_result(row: RowMapping) -> EvalResult:
    """Return the result of a row with metrics in the order of their scorers, which JSONB does not preserve."""
    names = [parse(spec).label for spec in row["scorers"]]

    def sort_key(metric: str) -> tuple[int, str]:
        return next((i for i, name in enumerate(names) if metric.startswith(name)), len(names)), metric

    ordered = {
        field: {name: row[field][name] for name in sorted(row[field], key=sort_key)} for field in SCORER_ORDERED_FIELDS
    }
    return EvalResult.model_validate({**row, **ordered})


SCORER_ORDERED_FIELDS = ("scores", "signatures")


RESULT_COLUMNS = [tables.runs.c[name] for name in EvalResult.model_fields]
REPLACED_FIELDS = set(ScoredOutput.model_fields) - {"position"}
