"""Metrics of an evaluation of a knowledge base with intervals, and the comparison of two evaluations."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import Conflict, InvalidInput
from vong.evals.comparison import BOOTSTRAP_SEED, CONFIDENCE, MetricComparison, compare_paired_values
from vong.knowledge.evaluation import (
    KnowledgeEvaluation,
    QuestionResult,
    RetrievalMetric,
    check_same_questions,
    common_metrics,
    list_results,
    list_scores,
)
from vong.records import Record

if TYPE_CHECKING:
    from vong.evals.statistics import Floats

LATENCY_SUFFIX = "_ms"
"""Suffix of metrics in milliseconds, of which lower values are better and the median and the 95th percentile count."""
TAIL = 0.95


class QuestionChange(Record):
    """Question whose score differs between two evaluations, with what each did not retrieve."""

    question_id: UUID
    question: str
    a: float
    b: float
    a_missing: tuple[dict[str, object], ...] = ()
    b_missing: tuple[dict[str, object], ...] = ()


class KnowledgeComparison(Record):
    """Comparison of evaluation `b` with evaluation `a` over the `n` questions that both evaluated.

    `metrics` has the differences with 95 % intervals by a paired bootstrap over questions. `changes` lists the
    questions whose `metric` changed most. `warnings` lists settings that differ.
    """

    a: KnowledgeEvaluation
    b: KnowledgeEvaluation
    n: int
    confidence: float = CONFIDENCE
    metrics: dict[str, MetricComparison]
    metric: str
    changes: tuple[QuestionChange, ...] = ()
    warnings: tuple[str, ...] = ()


def summarize_scores(scores: Sequence[Mapping[str, float]]) -> dict[str, RetrievalMetric]:
    """Return the mean of each metric with its 95 % bootstrap interval over the questions that have it.

    Latencies become a median and a 95th percentile (`retrieval_ms`, `retrieval_ms_p95`).
    """
    import numpy as np

    from vong.evals.statistics import bootstrap_total

    found: dict[str, RetrievalMetric] = {}
    for name in common_metrics(scores):
        values = np.array([one[name] for one in scores if name in one], dtype=np.float64)
        if name.endswith(LATENCY_SUFFIX):
            found[name] = _quantile(values, 0.5)
            found[f"{name}_p95"] = _quantile(values, TAIL)
            continue
        rows = np.stack([values, np.ones(len(values))], axis=1)
        total = bootstrap_total(rows, None, seed=BOOTSTRAP_SEED)
        found[name] = RetrievalMetric(value=total.value, low=total.low, high=total.high, n=len(values))
    return found


def compare_evaluations(
    connection: Connection,
    a: KnowledgeEvaluation,
    b: KnowledgeEvaluation,
    *,
    metric: str | None = None,
    changes: int = 20,
) -> KnowledgeComparison:
    """Compare evaluation `b` with evaluation `a` question by question.

    Raises: Conflict if one has not finished; InvalidInput if the questions differ, or both have no such metric.
    """
    for one in (a, b):
        if one.status != "finished":
            raise Conflict(f"knowledge evaluation {str(one.id)!r} is {one.status}", "wait until it has finished")
    check_same_questions(a, b)
    before, after = (dict(list_scores(connection, one.id)) for one in (a, b))
    shared = [id for id in before if id in after]
    names = [name for name in common_metrics(list(before.values())) if name in common_metrics(list(after.values()))]
    if not shared or not names:
        raise InvalidInput("the two evaluations have no question in common that did not fail", "run them again")
    chosen = metric or _main_metric(names)
    if chosen not in names:
        raise InvalidInput(f"the two evaluations have no metric {chosen!r} in common", f"they have: {', '.join(names)}")
    return KnowledgeComparison(
        a=a,
        b=b,
        n=len(shared),
        metrics=_compare_metrics(before, after, shared, names),
        metric=chosen,
        changes=tuple(_find_changes(connection, a, b, chosen, changes)) if changes else (),
        warnings=tuple(_list_differences(a, b)),
    )


def _compare_metrics(
    before: Mapping[UUID, Mapping[str, float]],
    after: Mapping[UUID, Mapping[str, float]],
    shared: Sequence[UUID],
    names: Sequence[str],
) -> dict[str, MetricComparison]:
    import numpy as np

    pairs: dict[str, tuple[Floats, Floats]] = {}
    for name in names:
        ids = [id for id in shared if name in before[id] and name in after[id]]
        if ids:
            pairs[name] = (
                np.array([before[id][name] for id in ids], dtype=np.float64),
                np.array([after[id][name] for id in ids], dtype=np.float64),
            )
    lower = frozenset(name for name in pairs if name.endswith(LATENCY_SUFFIX))
    return compare_paired_values(pairs, lower_is_better=lower)


def _find_changes(
    connection: Connection, a: KnowledgeEvaluation, b: KnowledgeEvaluation, metric: str, limit: int
) -> list[QuestionChange]:
    """Return the questions whose metric changed, the largest losses first."""
    before, after = ({one.question_id: one for one in list_results(connection, side.id, limit=None)} for side in (a, b))
    pairs = [(before[id], after[id]) for id in before if id in after]
    changed = [
        (old, new)
        for old, new in pairs
        if metric in old.scores and metric in new.scores and old.scores[metric] != new.scores[metric]
    ]
    changed.sort(key=lambda pair: pair[1].scores[metric] - pair[0].scores[metric])
    return [_to_change(old, new, metric) for old, new in changed[:limit]]


def _to_change(old: QuestionResult, new: QuestionResult, metric: str) -> QuestionChange:
    return QuestionChange(
        question_id=new.question_id,
        question=new.question,
        a=old.scores[metric],
        b=new.scores[metric],
        a_missing=old.missing,
        b_missing=new.missing,
    )


def _list_differences(a: KnowledgeEvaluation, b: KnowledgeEvaluation) -> list[str]:
    old, new = a.settings.model_dump(), b.settings.model_dump()
    found = [
        f"setting {name} differs: {old[name]!r} and {new[name]!r}"
        for name in old
        if old[name] != new[name] and name != "concurrency"
    ]
    return found + [f"{one.failed} questions of {one.id} failed" for one in (a, b) if one.failed]


def _main_metric(names: Sequence[str]) -> str:
    """Return the metric by which questions are listed: nDCG at the largest cutoff, else the first."""
    return next((name for name in reversed(names) if name.startswith("ndcg@")), names[0])


def _quantile(values: "Floats", share: float) -> RetrievalMetric:
    """Return a quantile with its 95 % interval between two order statistics (Conover 1999, section 3.2)."""
    import numpy as np

    ordered, n = np.sort(values), len(values)
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * sqrt(n * share * (1 - share))
    low, high = max(0, floor(n * share - half) - 1), min(n - 1, ceil(n * share + half) - 1)
    return RetrievalMetric(
        value=float(np.quantile(ordered, share)), low=float(ordered[low]), high=float(ordered[high]), n=n
    )
