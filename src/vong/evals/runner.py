"""Execution of an evaluation run: send every example to a model, score the outputs and store them at once."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from tenacity import retry_if_result, stop_after_attempt, wait_exponential

from vong.errors import InvalidInput, JobCancelled, UpstreamFailed, VongError
from vong.evals import runs, scoring, tables
from vong.evals.prompting import EvalSettings, build_messages, choose_examples, choose_shots
from vong.evals.references import collect_references
from vong.evals.runs import ScoredOutput
from vong.evals.scorers.texts import to_storable_text
from vong.records import EvalResult, Example, Message, Usage, now
from vong.retries import call_with_retries

MAX_ATTEMPTS = 3
RETRY_DELAY_SECONDS = 0.5
"""Delay before the first retry of a failed request. The delay doubles with each retry."""

MAX_CONSECUTIVE_FAILURES = 10
"""Number of consecutive failures that end the run: empty outputs would distort the scores of an unavailable model."""


class ModelOutput(NamedTuple):
    """Output of a model: text, recording span, latency in milliseconds and token usage, or an `error`."""

    text: str
    span_id: UUID | None
    latency_ms: float
    usage: Usage
    error: str | None = None


Generate = Callable[[list[Message], dict[str, Any]], ModelOutput]
"""Calls a model. A failure of one request is a `ModelOutput` with `error`; a VongError ends the whole run."""

OpenConnection = Callable[[], AbstractContextManager[Connection]]
"""Opens one transaction in the project of the run."""


def run(
    scope: OpenConnection,
    id: UUID,
    examples: Sequence[Example],
    generate: Generate,
    *,
    shots_pool: Sequence[Example] = (),
    progress: Callable[[int, int], None] | None = None,
) -> EvalResult:
    """Request and score an output for every example that has none yet, then compute the totals.

    `examples` is the whole split in the dataset's order, `shots_pool` the split that shots are drawn from. Outputs are
    stored as they arrive, in separate transactions: a killed run resumes with the missing ones. A request that failed
    three times is stored as an empty output with its error and requested again by the next `run`.
    `progress(done, total)` may raise JobCancelled.
    """
    with scope() as connection:
        result = runs.get_run(connection, id)
        settings = EvalSettings.model_validate(result.settings)
        selected = choose_examples(examples, settings)
        if not selected:
            raise InvalidInput(
                f"{result.dataset}/{result.split} has no examples with a completion", "evaluate another split"
            )
        references = collect_references(selected, settings.references)
        shots = choose_shots(shots_pool, list(selected.values()), settings)
        stored = {output.position for output in runs.list_outputs(connection, id, limit=None) if output.error is None}
        stored &= selected.keys()
        runs.update_run(connection, id, {"status": "running", "examples": len(selected), "done": len(stored)})

    def report_progress(newly_done: int) -> None:
        if progress is not None:
            progress(len(stored) + newly_done, len(selected))

    try:
        missing = {position: example for position, example in selected.items() if position not in stored}
        ask = _with_retries(generate, shots, settings)
        _request_outputs(scope, result, missing, references, ask, report_progress)
    except VongError as error:
        with scope() as connection:
            status = "cancelled" if isinstance(error, JobCancelled) else "failed"
            runs.update_run(connection, id, {"status": status, "finished_at": now()})
        raise
    with scope() as connection:
        return finish_run(connection, id)


def finish_run(connection: Connection, id: UUID) -> EvalResult:
    """Compute the totals of a run from its outputs. Percentiles cover the successful requests (nearest rank)."""
    result = runs.get_run(connection, id)
    outputs = runs.list_outputs(connection, id, limit=None)
    latencies = sorted(output.latency_ms for output in outputs if output.error is None)
    costs = [output.cost for output in outputs if output.error is None]
    known_costs = [cost for cost in costs if cost is not None]
    runs.update_run(
        connection,
        id,
        {
            "status": "finished",
            "done": len(outputs),
            "failed": sum(output.error is not None for output in outputs),
            "scores": scoring.compute_totals(
                scoring.build_scorers(result.scorers), (output.metric_values for output in outputs)
            ),
            "latency_p50": percentile(latencies, 50),
            "latency_p95": percentile(latencies, 95),
            "input_tokens": sum(output.input_tokens or 0 for output in outputs),
            "output_tokens": sum(output.output_tokens or 0 for output in outputs),
            "cost": sum(known_costs) if known_costs and len(known_costs) == len(costs) else None,
            "finished_at": now(),
        },
    )
    return runs.get_run(connection, id)


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the percentile of sorted values by nearest rank. Returns None if there are none."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)] if ordered else None


def _with_retries(
    generate: Generate, shots: Sequence[Example], settings: EvalSettings
) -> Callable[[Example], ModelOutput]:
    params = {"max_tokens": settings.max_tokens, "temperature": settings.temperature}

    def ask(example: Example) -> ModelOutput:
        messages = build_messages(example, shots, settings)
        return call_with_retries(
            lambda: generate(messages, params),
            retry=retry_if_result(lambda output: output.error is not None),
            wait=wait_exponential(multiplier=RETRY_DELAY_SECONDS),
            stop=stop_after_attempt(MAX_ATTEMPTS),
        )

    return ask


def _request_outputs(
    scope: OpenConnection,
    result: EvalResult,
    missing: dict[int, Example],
    references: Mapping[int, Sequence[str]],
    ask: Callable[[Example], ModelOutput],
    progress: Callable[[int], None],
) -> None:
    """Request outputs with `concurrency` threads and store each as soon as it arrives."""
    concurrency = EvalSettings.model_validate(result.settings).concurrency
    scorers = scoring.build_scorers(result.scorers)
    pending = iter(missing.items())
    running: dict[Future[ModelOutput], int] = {}
    requested = failures = 0
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="evals")
    try:
        while True:
            while len(running) < concurrency and (next_item := next(pending, None)):
                running[pool.submit(ask, next_item[1])] = next_item[0]
            if not running:
                return
            completed, _ = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
            outputs: list[ScoredOutput] = []
            for future in completed:
                position, output = running.pop(future), future.result()
                failures = failures + 1 if output.error else 0
                measures = scoring.score_output(scorers, _storable_output(output), *references[position])
                outputs.append(_build_output(position, missing[position], output, measures))
            requested += len(outputs)
            with scope() as connection:
                runs.insert_outputs(connection, result.id, outputs)
                runs.update_run(connection, result.id, {"done": tables.runs.c.done + len(outputs)})
            if failures >= MAX_CONSECUTIVE_FAILURES:
                raise UpstreamFailed(
                    f"{MAX_CONSECUTIVE_FAILURES} consecutive requests failed: {outputs[-1].error}",
                    "run it again to resume",
                )
            progress(requested)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _storable_output(output: ModelOutput) -> str:
    return "" if output.error else to_storable_text(output.text)


def _build_output(position: int, example: Example, output: ModelOutput, measures: scoring.MetricValues) -> ScoredOutput:
    return ScoredOutput(
        position=position,
        example=example.hash,
        prompt=to_storable_text(example.prompt_text),
        reference=to_storable_text(example.completion_text),
        answer=_storable_output(output),
        error=output.error and to_storable_text(output.error),
        span_id=output.span_id,
        latency_ms=output.latency_ms,
        input_tokens=output.usage.input_tokens,
        output_tokens=output.usage.output_tokens,
        cost=output.usage.cost,
        scores={metric: one.value for metric, one in measures.items()},
        statistics={metric: list(one.statistics) for metric, one in measures.items()},
        created_at=now(),
    )
