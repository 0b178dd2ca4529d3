"""Put every example of a split to a model, score the answers, and remember them so that nothing is asked twice."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import InvalidInput, JobCancelled, UpstreamFailed, VongError
from vong.evals import runs, scoring, tables
from vong.evals.prompting import EvalSettings, build_messages, choose_examples, choose_shots
from vong.evals.runs import ScoredOutput
from vong.evals.scorers.texts import storable
from vong.records import EvalResult, Example, Message, Usage, now

ATTEMPTS = 3
PAUSE = 0.5
"""Seconds before a failed request is asked again; twice as long each time."""

GIVE_UP = 10
"""Failures one after the other that end the run: the model is not there, and an empty answer would slander it."""


class ModelOutput(NamedTuple):
    """What a model said: its text, the span that recorded it, milliseconds, tokens; or the `error` instead."""

    text: str
    span_id: UUID | None
    latency_ms: float
    usage: Usage
    error: str | None = None


Generate = Callable[[list[Message], dict[str, Any]], ModelOutput]
"""Asks a model. A failure of this one request is an Answer with `error`; a VongError ends the whole run."""

Scope = Callable[[], AbstractContextManager[Connection]]
"""Opens one transaction in the run's project."""


def run(
    scope: Scope,
    id: UUID,
    examples: Sequence[Example],
    generate: Generate,
    *,
    shots_pool: Sequence[Example] = (),
    progress: Callable[[int, int], None] | None = None,
) -> EvalResult:
    """Ask for every example of the split that has no answer yet, score it, and total the scores when all are there.

    `examples` is the whole split in the dataset's order, `shots_pool` the split that shots are drawn from. Answers are
    kept as they come, each in a transaction of its own: a run that was killed goes on with the missing ones. Failed
    requests are tried three times, then kept as empty answers with their error, and asked again when the run is run
    again. `progress(done, total)` may raise JobCancelled.
    """
    with scope() as connection:
        result = runs.get(connection, id)
        settings = EvalSettings.model_validate(result.settings)
        wanted = choose_examples(examples, settings)
        if not wanted:
            raise InvalidInput(
                f"{result.dataset}/{result.split} has no examples with an answer", "evaluate another split"
            )
        shots = choose_shots(shots_pool, list(wanted.values()), settings)
        kept = {one.position for one in runs.list_answers(connection, id, limit=None) if one.error is None}
        kept &= wanted.keys()
        runs.amend(connection, id, {"status": "running", "examples": len(wanted), "done": len(kept)})

    def report(answered: int) -> None:
        if progress is not None:
            progress(len(kept) + answered, len(wanted))

    try:
        missing = {position: example for position, example in wanted.items() if position not in kept}
        _ask_all(scope, result, missing, _asker(generate, shots, settings), report)
    except VongError as error:
        with scope() as connection:
            status = "cancelled" if isinstance(error, JobCancelled) else "failed"
            runs.amend(connection, id, {"status": status, "finished_at": now()})
        raise
    with scope() as connection:
        return finish(connection, id)


def finish(connection: Connection, id: UUID) -> EvalResult:
    """Total a run from its answers. Percentiles are of the requests that succeeded (nearest rank)."""
    result = runs.get(connection, id)
    answers = runs.list_answers(connection, id, limit=None)
    latencies = sorted(one.latency_ms for one in answers if one.error is None)
    costs = [one.cost for one in answers if one.error is None]
    known = [cost for cost in costs if cost is not None]
    runs.amend(
        connection,
        id,
        {
            "status": "finished",
            "done": len(answers),
            "failed": sum(one.error is not None for one in answers),
            "scores": scoring.totals(scoring.choose(result.scorers), (one.measures for one in answers)),
            "latency_p50": percentile(latencies, 50),
            "latency_p95": percentile(latencies, 95),
            "input_tokens": sum(one.input_tokens or 0 for one in answers),
            "output_tokens": sum(one.output_tokens or 0 for one in answers),
            "cost": sum(known) if known and len(known) == len(costs) else None,
            "finished_at": now(),
        },
    )
    return runs.get(connection, id)


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest of the ordered values that at least `percent` of them do not exceed; None where there are none."""
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)] if ordered else None


def _asker(generate: Generate, shots: Sequence[Example], settings: EvalSettings) -> Callable[[Example], ModelOutput]:
    params = {"max_tokens": settings.max_tokens, "temperature": settings.temperature}

    def ask(example: Example) -> ModelOutput:
        messages = build_messages(example, shots, settings)
        answer = generate(messages, params)
        for attempt in range(1, ATTEMPTS):
            if answer.error is None:
                break
            time.sleep(PAUSE * 2 ** (attempt - 1))
            answer = generate(messages, params)
        return answer

    return ask


def _ask_all(
    scope: Scope,
    result: EvalResult,
    missing: dict[int, Example],
    ask: Callable[[Example], ModelOutput],
    progress: Callable[[int], None],
) -> None:
    """Ask with `concurrency` threads, and keep each answer as soon as it is there."""
    concurrency = EvalSettings.model_validate(result.settings).concurrency
    chosen = scoring.choose(result.scorers)
    waiting = iter(missing.items())
    under_way: dict[Future[ModelOutput], int] = {}
    asked = failures = 0
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="evals")
    try:
        while True:
            while len(under_way) < concurrency and (following := next(waiting, None)):
                under_way[pool.submit(ask, following[1])] = following[0]
            if not under_way:
                return
            ended, _ = wait(under_way, timeout=1.0, return_when=FIRST_COMPLETED)
            answers: list[ScoredOutput] = []
            for future in ended:
                position, answer = under_way.pop(future), future.result()
                failures = failures + 1 if answer.error else 0
                answers.append(_scored(chosen, position, missing[position], answer))
            asked += len(answers)
            with scope() as connection:
                runs.keep(connection, result.id, answers)
                runs.amend(connection, result.id, {"done": tables.runs.c.done + len(answers)})
            if failures >= GIVE_UP:
                raise UpstreamFailed(
                    f"{GIVE_UP} requests in a row failed: {answers[-1].error}", "run it again to go on"
                )
            progress(asked)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _scored(
    chosen: Sequence[scoring.ConfiguredScorer], position: int, example: Example, answer: ModelOutput
) -> ScoredOutput:
    text = "" if answer.error else storable(answer.text)
    measures = scoring.measure(chosen, text, example.answer)
    return ScoredOutput(
        position=position,
        example=example.hash,
        prompt=storable(example.prompt_text),
        reference=storable(example.answer),
        answer=text,
        error=answer.error and storable(answer.error),
        span_id=answer.span_id,
        latency_ms=answer.latency_ms,
        input_tokens=answer.usage.input_tokens,
        output_tokens=answer.usage.output_tokens,
        cost=answer.usage.cost,
        scores={metric: one.value for metric, one in measures.items()},
        statistics={metric: list(one.statistics) for metric, one in measures.items()},
        created_at=now(),
    )
