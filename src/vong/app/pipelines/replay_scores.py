"""Scores of a replay: the original outputs and the new ones as two evaluations over the same examples."""

import json
from typing import Any
from uuid import UUID

from vong.app.platform import Platform
from vong.app.scorer_services import PlatformScorerServices
from vong.evals import recorded_runs, scoring
from vong.evals.recorded_runs import RecordedOutput, RecordedRun
from vong.evals.scorers import ScorerInput
from vong.evals.scorers.texts import to_storable_text
from vong.jobs import JobContext
from vong.pipelines import replay_store, run_store
from vong.pipelines.chat_inputs import find_answer
from vong.pipelines.publications import ChatMapping
from vong.pipelines.replay_store import PipelineReplay
from vong.pipelines.run_records import PipelineRun
from vong.records import Message

SOURCE = "replay"
COMPARED_STATES = ("succeeded", "failed")
MAX_REFERENCE_CHARS = 100_000


def score_replay(job: JobContext, platform: Platform, replay: PipelineReplay) -> tuple[UUID, ...]:
    """Store both sides as evaluations and return their ids, or nothing if no pair of runs has ended.

    The reference of each example is the original answer. A run that failed is an empty output with its error. The
    metric `succeeded` is the share of runs that succeeded, `cost_usd` the cost of all steps of a run, of those whose
    results were used again as well.
    """
    pairs = _read_pairs(job, platform, replay)
    if not pairs:
        return ()
    services = PlatformScorerServices(platform, job)
    try:
        scorers = scoring.build_scorers(replay.scorers, services)
        sides: list[list[RecordedOutput]] = [[], []]
        for position, pair in enumerate(pairs):
            reference = _answer(pair[0])
            reused = _reused_cost(job, platform, pair)
            for side, run in enumerate(pair):
                cost = run.cost + (reused if side else 0)
                sides[side].append(_score(run, reference, scorers, cost))
            job.progress(position + 1, len(pairs), unit="comparisons")
    finally:
        services.close()
    names = (f"pipeline/{replay.pipeline} (original)", f"pipeline/{replay.pipeline} (replay)")
    signatures = scoring.collect_signatures(scorers, several_references=False)
    with platform.scope(job.project_id) as connection:
        stored = [
            recorded_runs.store(
                connection,
                RecordedRun(
                    source=SOURCE,
                    model=name,
                    dataset=f"runs-of-{replay.pipeline}",
                    split=str(replay.id)[:8],
                    name=f"{name} {replay.id}",
                    signatures=signatures,
                    outputs=tuple(outputs),
                ),
            )
            for name, outputs in zip(names, sides, strict=True)
        ]
    return tuple(one.id for one in stored)


def _read_pairs(job: JobContext, platform: Platform, replay: PipelineReplay) -> list[tuple[PipelineRun, PipelineRun]]:
    pairs: list[tuple[PipelineRun, PipelineRun]] = []
    with platform.scope(job.project_id) as connection:
        for item in replay_store.list_replayed_runs(connection, replay.id):
            if item.state in COMPARED_STATES and item.run_id != item.source_id:
                pair = (run_store.get_run(connection, item.source_id), run_store.get_run(connection, item.run_id))
                pairs.append(pair)
    return pairs


def _reused_cost(job: JobContext, platform: Platform, pair: tuple[PipelineRun, PipelineRun]) -> int:
    """Return the original cost of the steps whose results the new run has used again."""
    with platform.scope(job.project_id) as connection:
        before, after = (run_store.list_steps(connection, run.id) for run in pair)
    spans = {step.span_id for step in after if step.span_id is not None}
    return sum(step.cost for step in before if step.span_id in spans)


def _score(run: PipelineRun, reference: str, scorers: list[scoring.ConfiguredScorer], cost: int) -> RecordedOutput:
    answer = _answer(run)
    error = run.error.message if run.error else None
    prompt = json.dumps(run.inputs, ensure_ascii=False, default=str)[:MAX_REFERENCE_CHARS]
    latency = (run.ended_at - run.started_at).total_seconds() * 1000 if run.ended_at and run.started_at else 0.0
    values: dict[str, Any] = {
        metric: one.value
        for metric, one in scoring.score_input(
            scorers,
            ScorerInput(
                output=to_storable_text(answer),
                references=(to_storable_text(reference),),
                messages=(Message(role="user", content=prompt),),
                message=Message(role="assistant", content=answer),
                expected=Message(role="assistant", content=reference),
                metadata=run.inputs,
                latency_ms=latency,
                cost=cost,
                error=error,
            ),
        ).items()
    }
    values |= {"succeeded": float(run.state == "succeeded"), "cost_usd": cost / 1e6}
    return RecordedOutput(
        prompt=prompt,
        reference=reference,
        answer=answer[:MAX_REFERENCE_CHARS],
        error=error,
        latency_ms=max(0.0, latency),
        cost=cost,
        scores=values,
    )


def _answer(run: PipelineRun) -> str:
    return find_answer(run.outputs or {}, ChatMapping())[:MAX_REFERENCE_CHARS]
