"""Pairwise comparison of two runs by a judge: each pair of outputs, stored as a run of its own."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from vong.errors import Conflict, InvalidInput
from vong.evals import runs, scoring, tables
from vong.evals.judges.agreement import BiasEstimate, wilson_interval
from vong.evals.judges.inputs import JudgeInput, Judgement
from vong.evals.judges.metrics import METRIC
from vong.evals.judges.store import JudgeVersion
from vong.evals.runner import percentile
from vong.evals.runs import ScoredOutput
from vong.evals.scorers.base import mean_metric
from vong.evals.scorers.texts import to_storable_text
from vong.records import EvalResult, Record, now

SOURCE = "pairwise"
"""Source of the runs that hold comparisons by judges."""


class PairwiseComparison(Record):
    """Result of a pairwise comparison of run `b` with run `a`.

    `wins` counts the pairs in which b is better, `win_rate` is wins plus half of the ties as a share of the judged
    pairs, with its 95 % Wilson interval. `p` is the two-sided exact p-value of the sign test on wins and losses.
    `inconsistent` counts the ties whose verdicts changed with the positions.
    """

    result: EvalResult
    a: UUID
    b: UUID
    judge: str
    pairs: int
    wins: int
    losses: int
    ties: int
    errors: int
    inconsistent: int
    win_rate: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def check_pairs(connection: Connection, judge: JudgeVersion, a: UUID, b: UUID) -> tuple[EvalResult, EvalResult]:
    """Return both runs.

    Raises: InvalidInput if the judge is not pairwise or the runs have different examples; Conflict if a run has not
    finished.
    """
    if judge.definition.form != "pairwise":
        raise InvalidInput(
            f"the judge {judge.name!r} is a {judge.definition.kind} judge and cannot compare two outputs",
            "use a judge of kind pairwise; others score each run: vong evals run --scorer judge:name=NAME",
        )
    before, after = runs.get_run(connection, a), runs.get_run(connection, b)
    for result in (before, after):
        if result.status != "finished":
            raise Conflict(f"evaluation {str(result.id)!r} is {result.status}", "wait until it has finished")
    content = [(result.dataset.partition("@")[2], result.split) for result in (before, after)]
    if content[0] != content[1]:
        listed = " and ".join(f"{result.dataset}/{result.split}" for result in (before, after))
        raise InvalidInput(
            f"cannot compare runs over different examples: {listed}", "run both on the same dataset version and split"
        )
    return before, after


def create_pair_run(
    connection: Connection, judge: JudgeVersion, before: EvalResult, after: EvalResult, *, id: UUID, examples: int
) -> EvalResult:
    """Record the queued run of a comparison and return it. An existing one with this id is returned unchanged."""
    result = EvalResult(
        id=id,
        name=f"{after.name} compared with {before.name} by {judge.name}",
        model=after.model,
        dataset=after.dataset,
        split=after.split,
        scorers=(f"judge:name={judge.ref}",),
        status="queued",
        examples=examples,
        done=0,
        signatures={METRIC: f"judge|name:{judge.ref}|pairwise|positions:swapped"},
        settings={"a": str(before.id), "b": str(after.id), "judge": judge.ref, "compared_with": before.model},
        created_at=now(),
        source=SOURCE,
    )
    values = {**result.model_dump(), "scorers": list(result.scorers)}
    connection.execute(insert(tables.runs).values(values).on_conflict_do_nothing())
    return runs.get_run(connection, id)


def pair_outputs(
    before: Sequence[ScoredOutput], after: Sequence[ScoredOutput]
) -> list[tuple[ScoredOutput, ScoredOutput]]:
    """Return the outputs of both runs for the same examples, without failed requests."""
    old = {output.position: output for output in before if output.error is None}
    return [(old[one.position], one) for one in after if one.error is None and one.position in old]


def build_pair_input(
    old: ScoredOutput, new: ScoredOutput, conversation: str, metadata: Mapping[str, Any]
) -> JudgeInput:
    """Return the input of a judge: the output of the new run is the first, that of the old run the second."""
    return JudgeInput(
        input=conversation, output=new.answer, other=old.answer, reference=new.reference, metadata=dict(metadata)
    )


def build_pair_output(old: ScoredOutput, new: ScoredOutput, judgement: Judgement, cost: int | None) -> ScoredOutput:
    """Return the stored form of a judgement: the new output as the answer, the old one as the reference."""
    metrics = {f"{METRIC}.judged": mean_metric(float(judgement.error is None))}
    if judgement.error is None and judgement.score is not None:
        metrics[METRIC] = mean_metric(judgement.score)
        metrics[f"{METRIC}.consistent"] = mean_metric(float(judgement.consistent is not False))
    detail = judgement.error or judgement.reason
    return ScoredOutput(
        position=new.position,
        example=new.example,
        prompt=new.prompt,
        reference=old.answer,
        answer=new.answer,
        error=to_storable_text(judgement.error) if judgement.error else None,
        span_id=judgement.span_ids[-1] if judgement.span_ids else None,
        latency_ms=judgement.latency_ms,
        input_tokens=judgement.input_tokens,
        output_tokens=judgement.output_tokens,
        cost=cost,
        scores={metric: one.value for metric, one in metrics.items()},
        statistics={metric: list(one.statistics) for metric, one in metrics.items()},
        details={METRIC: to_storable_text(detail)} if detail else {},
        created_at=now(),
    )


def finish_pair_run(connection: Connection, id: UUID) -> EvalResult:
    """Compute the totals of a comparison from its outputs."""
    result = runs.get_run(connection, id)
    outputs = runs.list_outputs(connection, id, limit=None)
    latencies = sorted(output.latency_ms for output in outputs if output.error is None)
    known = [output.cost for output in outputs if output.cost is not None]
    scorers = scoring.build_scorers(result.scorers)
    values = {
        "status": "finished",
        "done": len(outputs),
        "failed": sum(output.error is not None for output in outputs),
        "scores": scoring.compute_totals(scorers, (output.metric_values for output in outputs)),
        "latency_p50": percentile(latencies, 50),
        "latency_p95": percentile(latencies, 95),
        "input_tokens": sum(output.input_tokens or 0 for output in outputs),
        "output_tokens": sum(output.output_tokens or 0 for output in outputs),
        "cost": sum(known) if known and len(known) == len(outputs) else None,
        "finished_at": now(),
    }
    runs.update_run(connection, id, values)
    return runs.get_run(connection, id)


def summarize_pairs(connection: Connection, id: UUID) -> PairwiseComparison:
    """Return the counts of a stored comparison.

    Raises: NotFound if there is no such run; InvalidInput if it is no comparison by a judge.
    """
    from vong.evals.paired_tests import mcnemar_p_value  # imports numpy, which the server loads on first use

    result = runs.get_run(connection, id)
    if result.source != SOURCE:
        raise InvalidInput(
            f"the run {str(id)!r} is no comparison by a judge", "start one with: vong evals judges compare"
        )
    outputs = runs.list_outputs(connection, id, limit=None)
    scores = [output.scores[METRIC] for output in outputs if METRIC in output.scores]
    wins, losses = sum(score > 0.5 for score in scores), sum(score < 0.5 for score in scores)
    rate = _win_rate(scores)
    return PairwiseComparison(
        result=result,
        a=UUID(str(result.settings["a"])),
        b=UUID(str(result.settings["b"])),
        judge=str(result.settings["judge"]),
        pairs=len(outputs),
        wins=wins,
        losses=losses,
        ties=len(scores) - wins - losses,
        errors=len(outputs) - len(scores),
        inconsistent=sum(output.scores.get(f"{METRIC}.consistent") == 0.0 for output in outputs),
        win_rate=rate and rate.value,
        low=rate and rate.low,
        high=rate and rate.high,
        p=mcnemar_p_value(wins, losses) if scores else None,
    )


def _win_rate(scores: Sequence[float]) -> BiasEstimate | None:
    return wilson_interval(sum(scores), len(scores))
