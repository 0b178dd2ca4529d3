"""Comparison of two evaluation runs over the same examples."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import Conflict, InvalidInput
from vong.evals import runs, scoring
from vong.evals.runs import ScoredOutput
from vong.records import EvalResult, Record

CONFIDENCE = 0.95
BOOTSTRAP_RESAMPLES = 10_000
BOOTSTRAP_SEED = 20_260


class MetricComparison(Record):
    """One metric of both runs over `n` shared examples, with the evidence for a difference.

    `low` and `high` bound `difference` (b minus a) by a paired bootstrap at `confidence`. `wins` counts the examples
    that b scored higher than a, `losses` those that b scored lower. `mcnemar_p` is the exact p-value if every score is
    0 or 1. `minimum_detectable` is the difference that this number of examples detects with a power of 80 %; null if
    the runs never differed.
    """

    n: int
    a: float
    b: float
    difference: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int
    mcnemar_p: float | None = None
    minimum_detectable: float | None = None


class EvalChange(Record):
    """An example with different outputs in the two runs: both texts and their scores."""

    position: int
    example: str
    prompt: str
    reference: str
    a: str
    b: str
    a_scores: dict[str, float]
    b_scores: dict[str, float]


class EvalComparison(Record):
    """Comparison of run b with run a over the `n` examples that both contain.

    `left_out` counts the examples that only one run contains (the runs have different limits). `changed` counts the
    outputs whose text differs; `changes` lists those that changed the first metric most.
    """

    a: EvalResult
    b: EvalResult
    n: int
    left_out: int
    confidence: float = CONFIDENCE
    resamples: int = BOOTSTRAP_RESAMPLES
    seed: int = BOOTSTRAP_SEED
    metrics: dict[str, MetricComparison]
    changed: int
    changes: tuple[EvalChange, ...]


def compare(connection: Connection, a: UUID, b: UUID, *, changes: int = 20) -> EvalComparison:
    """Compare run `b` with run `a` on every metric that both have.

    Raises: Conflict if a run has not finished; InvalidInput if datasets, splits or scorers differ.
    """
    before, after = runs.get_run(connection, a), runs.get_run(connection, b)
    _check_comparable(before, after)
    scorers = scoring.build_scorers(sorted(set(before.scorers) & set(after.scorers), key=before.scorers.index))
    old, new = ({output.position: output for output in runs.list_outputs(connection, id, limit=None)} for id in (a, b))
    shared = sorted(old.keys() & new.keys())
    if not shared:
        raise InvalidInput("the two runs have no example in common", "run both with the same limit and seed")
    pairs = [(old[position], new[position]) for position in shared]
    metrics = {
        metric: _compare_metric(scorers, metric, pairs)
        for metric in before.scores
        if _has_metric(scorers, metric, pairs)
    }
    changed_pairs = [pair for pair in pairs if pair[0].answer != pair[1].answer]
    first = next(iter(metrics), "")
    changed_pairs.sort(key=lambda pair: -abs(pair[1].scores.get(first, 0.0) - pair[0].scores.get(first, 0.0)))
    return EvalComparison(
        a=before,
        b=after,
        n=len(shared),
        left_out=len(old.keys() ^ new.keys()),
        metrics=metrics,
        changed=len(changed_pairs),
        changes=tuple(_build_change(*pair) for pair in changed_pairs[:changes]),
    )


def _check_comparable(before: EvalResult, after: EvalResult) -> None:
    for result in (before, after):
        if result.status != "finished":
            raise Conflict(
                f"evaluation {str(result.id)!r} is {result.status}", "wait until it has finished, or run it again"
            )
    content = [(result.dataset.partition("@")[2], result.split) for result in (before, after)]
    if content[0] != content[1]:
        listed = " and ".join(f"{result.dataset}/{result.split}" for result in (before, after))
        message = f"cannot compare runs over different examples: {listed}"
        raise InvalidInput(message, "run both on the same dataset version and split")
    fields = [result.settings.get("references") for result in (before, after)]
    if fields[0] != fields[1]:
        message = f"cannot compare runs with different references: {' and '.join(map(_name_references, fields))}"
        raise InvalidInput(message, "run both with the same setting references")
    if not set(before.scorers) & set(after.scorers):
        message = "the two runs have no scorer with the same options in common"
        raise InvalidInput(message, "run both with the same scorers and options")


def _name_references(field: str | None) -> str:
    return "the completion only" if field is None else f"the completion and the metadata field {field!r}"


def _has_metric(
    scorers: Sequence[scoring.ConfiguredScorer], metric: str, pairs: Sequence[tuple[ScoredOutput, ScoredOutput]]
) -> bool:
    both = any(metric in one.scores and metric in other.scores for one, other in pairs)
    return both and scoring.find_scorer(scorers, metric) is not None


def _compare_metric(
    scorers: Sequence[scoring.ConfiguredScorer], metric: str, pairs: Sequence[tuple[ScoredOutput, ScoredOutput]]
) -> MetricComparison:
    import numpy as np

    from vong.evals.statistics import mcnemar_p_value, minimum_detectable_difference, paired_bootstrap

    scorer = scoring.find_scorer(scorers, metric)
    measured = [pair for pair in pairs if metric in pair[0].scores and metric in pair[1].scores]
    statistics = [[one.statistics[metric] for one in side] for side in zip(*measured, strict=True)]
    values = [(one.scores[metric], other.scores[metric]) for one, other in measured]
    wins, losses = sum(new > old for old, new in values), sum(new < old for old, new in values)
    combine = scorer.total if scorer else None
    bootstrap = paired_bootstrap(
        np.array(statistics[0]),
        np.array(statistics[1]),
        combine,
        seed=BOOTSTRAP_SEED,
        resamples=BOOTSTRAP_RESAMPLES,
        confidence=CONFIDENCE,
    )
    a, b = (scoring.compute_total(scorer, side) for side in statistics)
    return MetricComparison(
        n=len(measured),
        a=a,
        b=b,
        difference=b - a,
        low=bootstrap.low,
        high=bootstrap.high,
        wins=wins,
        losses=losses,
        ties=len(measured) - wins - losses,
        mcnemar_p=mcnemar_p_value(wins, losses) if {score for pair in values for score in pair} <= {0.0, 1.0} else None,
        minimum_detectable=minimum_detectable_difference(bootstrap.standard_error, confidence=CONFIDENCE),
    )


def _build_change(old: ScoredOutput, new: ScoredOutput) -> EvalChange:
    return EvalChange(
        position=old.position,
        example=old.example,
        prompt=old.prompt,
        reference=old.reference,
        a=old.answer,
        b=new.answer,
        a_scores=old.scores,
        b_scores=new.scores,
    )
