"""Execution of an evaluation run: send every example to a model, score the outputs and store them as they arrive."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Connection
from tenacity import retry_if_result, stop_after_attempt, wait_exponential

from vong.errors import InvalidInput, JobCancelled, UpstreamFailed, VongError
from vong.evals import runs, scoring, tables
from vong.evals.model_output import ModelOutput, merge_samples
from vong.evals.prompting import EvalSettings, build_messages, build_params, choose_examples, choose_shots
from vong.evals.references import collect_references
from vong.evals.runs import ScoredOutput
from vong.evals.scorers import NO_SERVICES, ScorerInput, ScorerServices
from vong.evals.scorers.texts import to_storable_json, to_storable_text
from vong.evals.scorers.tool_calls import render
from vong.evals.specs import parse
from vong.records import EvalResult, Example, Message, now
from vong.retries import call_with_retries

MAX_ATTEMPTS = 3
RETRY_DELAY_SECONDS = 0.5
"""Delay before the first retry of a failed request. The delay doubles with each retry."""

TRUNCATED = "length"
"""Finish reason of an output that reached the maximum number of tokens."""

MAX_CONSECUTIVE_FAILURES = 10
"""Number of consecutive failures that end the run: empty outputs would distort the scores of an unavailable model."""

STORE_INTERVAL_SECONDS = 0.5
"""Interval in which outputs are stored. A transaction for each output would compete with a local engine for the CPU."""
MAX_WAIT_SECONDS = 1.0
"""Longest interval between two reports of progress, at which a cancellation is noticed."""


Generate = Callable[[list[Message], dict[str, Any]], ModelOutput]
"""Calls a model with messages and parameters, which contain the example's tools. A failure of one request is a
`ModelOutput` with `error`; a VongError ends the whole run."""


class AnswersRows(Protocol):
    """Subject that builds its requests from rows itself, such as a prompt or a pipeline."""

    def answer_row(self, example: Example) -> ModelOutput:
        """Return the output for a row. A failure is an output with `error`."""
        ...


OpenConnection = Callable[[], AbstractContextManager[Connection]]
"""Opens one transaction in the project of the run."""


def run(
    scope: OpenConnection,
    id: UUID,
    examples: Sequence[Example],
    generate: Generate | AnswersRows,
    *,
    shots_pool: Sequence[Example] = (),
    progress: Callable[[int, int], None] | None = None,
    services: ScorerServices = NO_SERVICES,
) -> EvalResult:
    """Request and score an output for every example that has none yet, then compute the totals.

    `examples` is the whole split in the dataset's order, `shots_pool` the split that shots are drawn from. Outputs are
    stored twice a second, in separate transactions: a killed run resumes with the missing ones. A request that failed
    three times is stored as an empty output with its error and requested again by the next `run`.
    `progress(done, total)` may raise JobCancelled. `services` are the models that scorers call.
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
        scorers = scoring.build_scorers(result.scorers, services)
        _request_outputs(scope, result, missing, _Scoring(ask, scorers, references), report_progress)
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
            "truncated": sum(output.finish_reason == TRUNCATED for output in outputs),
            "warnings": [*_collect_warnings(outputs), *_find_unscored(result, outputs)],
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


def _collect_warnings(outputs: Sequence[ScoredOutput]) -> list[str]:
    """Return each warning of the outputs once, with the number of outputs that have it, the most frequent first."""
    counts = Counter(warning for output in outputs for warning in output.warnings)
    return [f"{warning} ({count} of {len(outputs)} outputs)" for warning, count in counts.most_common()]


def _find_unscored(result: EvalResult, outputs: Sequence[ScoredOutput]) -> list[str]:
    """Return a warning for each scorer that scored only some outputs: its total is a mean of those."""
    labels = {spec: parse(spec).label for spec in result.scorers}
    counts = Counter(metric for output in outputs for metric in output.scores)
    return [
        f"{label}: only {counts[label]} of {len(outputs)} outputs could be scored"
        for label in labels.values()
        if 0 < counts[label] < len(outputs)
    ]


def _with_retries(
    generate: Generate | AnswersRows, shots: Sequence[Example], settings: EvalSettings
) -> Callable[[Example], ModelOutput]:
    def ask(example: Example) -> ModelOutput:
        request = _build_request(generate, example, shots, settings)
        outputs: list[ModelOutput] = []
        while len(outputs) < settings.samples and not (outputs and outputs[-1].error):
            output = call_with_retries(
                request,
                retry=retry_if_result(lambda output: output.error is not None),
                wait=wait_exponential(multiplier=RETRY_DELAY_SECONDS),
                stop=stop_after_attempt(MAX_ATTEMPTS),
            )
            outputs.append(output)
        return merge_samples(outputs)

    return ask


def _build_request(
    generate: Generate | AnswersRows, example: Example, shots: Sequence[Example], settings: EvalSettings
) -> Callable[[], ModelOutput]:
    if not callable(generate):
        return partial(generate.answer_row, example)
    return partial(generate, build_messages(example, shots, settings), build_params(example, settings))


class _Scoring(NamedTuple):
    """How the output of an example is requested and scored. Both happen in the thread of the request."""

    ask: Callable[[Example], ModelOutput]
    scorers: Sequence[scoring.ConfiguredScorer]
    references: Mapping[int, Sequence[str]]

    def __call__(self, position: int, example: Example) -> ScoredOutput:
        output = self.ask(example)
        scored = build_scorer_input(example, output, self.references[position])
        measures = scoring.score_input(self.scorers, scored)
        warnings = scoring.collect_warnings(self.scorers, scored)
        return _build_output(position, example, output, scored, measures).model_copy(update={"warnings": warnings})


def build_scorer_input(example: Example, output: ModelOutput, references: Sequence[str]) -> ScorerInput:
    """Return what scorers know of the output of an example. A failed request is an empty output."""
    message = None if output.error else output.message
    text = "" if output.error else output.text
    return ScorerInput(
        output=to_storable_text(render(message) if message else text),
        references=tuple(references),
        messages=example.messages,
        message=message,
        expected=example.completion,
        tools=example.tools,
        metadata=example.metadata,
        finish_reason=output.finish_reason,
        latency_ms=output.latency_ms,
        cost=output.usage.cost,
        input_tokens=output.usage.input_tokens,
        output_tokens=output.usage.output_tokens,
        error=output.error,
        samples=tuple(map(to_storable_text, output.samples)),
    )


def _request_outputs(
    scope: OpenConnection,
    result: EvalResult,
    missing: dict[int, Example],
    request: _Scoring,
    progress: Callable[[int], None],
) -> None:
    """Request outputs with `concurrency` threads and store those that arrived twice a second, in one transaction."""
    concurrency = EvalSettings.model_validate(result.settings).concurrency
    pending = iter(missing.items())
    running: set[Future[ScoredOutput]] = set()
    arrived = _Arrived(scope, result.id)
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="evals")

    def start_requests() -> None:
        while len(running) < concurrency and (next_item := next(pending, None)):
            running.add(pool.submit(request, *next_item))

    try:
        start_requests()
        while running or arrived.outputs:
            completed, unfinished = wait(running, timeout=arrived.seconds_left, return_when=FIRST_COMPLETED)
            running.intersection_update(unfinished)
            arrived.add(completed)
            start_requests()  # before outputs are stored, so that the model does not wait for the database
            if not (completed and running) or arrived.is_due:
                progress(arrived.store())
    except VongError:
        arrived.store()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Arrived:
    """Outputs that have arrived and are not stored yet."""

    def __init__(self, scope: OpenConnection, run_id: UUID) -> None:
        self.outputs: list[ScoredOutput] = []
        self._scope, self._run_id = scope, run_id
        self._stored = self._failures = 0
        self._store_at = time.monotonic() + STORE_INTERVAL_SECONDS

    @property
    def seconds_left(self) -> float:
        """Return the seconds until outputs are stored, or until the progress is reported if there are none."""
        return max(0.0, self._store_at - time.monotonic()) if self.outputs else MAX_WAIT_SECONDS

    @property
    def is_due(self) -> bool:
        """Return True if outputs must be stored now."""
        return time.monotonic() >= self._store_at

    def add(self, completed: Iterable[Future[ScoredOutput]]) -> None:
        """Add the outputs of completed requests.

        Raises: the error of a request that ends the run; UpstreamFailed after too many consecutive failures.
        """
        for future in completed:
            output = future.result()
            self.outputs.append(output)
            self._failures = self._failures + 1 if output.error else 0
            if self._failures >= MAX_CONSECUTIVE_FAILURES:
                raise UpstreamFailed(
                    f"{MAX_CONSECUTIVE_FAILURES} consecutive requests failed: {output.error}", "run it again to resume"
                )

    def store(self) -> int:
        """Store the outputs, and return how many were stored since the start."""
        if self.outputs:
            with self._scope() as connection:
                runs.insert_outputs(connection, self._run_id, self.outputs)
                runs.update_run(connection, self._run_id, {"done": tables.runs.c.done + len(self.outputs)})
        self._stored += len(self.outputs)
        self.outputs = []
        self._store_at = time.monotonic() + STORE_INTERVAL_SECONDS
        return self._stored


def _build_output(
    position: int, example: Example, output: ModelOutput, scored: ScorerInput, measures: scoring.MetricValues
) -> ScoredOutput:
    message = scored.message.model_dump(mode="json", exclude_none=True) if scored.message else None
    return ScoredOutput(
        position=position,
        example=example.hash,
        prompt=to_storable_text(example.prompt_text),
        reference=to_storable_text(scored.reference),
        answer=scored.output,
        message=to_storable_json(message),
        samples=list(scored.samples) or None,
        finish_reason=scored.finish_reason and to_storable_text(scored.finish_reason),
        error=output.error and to_storable_text(output.error),
        span_id=output.span_id,
        latency_ms=output.latency_ms,
        input_tokens=output.usage.input_tokens,
        output_tokens=output.usage.output_tokens,
        cost=output.usage.cost,
        scores={metric: one.value for metric, one in measures.items()},
        statistics={metric: list(one.statistics) for metric, one in measures.items()},
        details={metric: to_storable_text(one.detail) for metric, one in measures.items() if one.detail},
        created_at=now(),
    )
