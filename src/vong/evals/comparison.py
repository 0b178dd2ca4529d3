"""Comparison of two evaluation runs over the same examples."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Connection

from vong.errors import Conflict, InvalidInput, VongError
from vong.evals import runs, scoring
from vong.evals.eval_change import EvalChange
from vong.evals.scorers import Scorer
from vong.records import EvalResult, Record

if TYPE_CHECKING:
    from vong.evals.paired_outputs import Floats, Integers, PairedScores

CONFIDENCE = 0.95
BOOTSTRAP_RESAMPLES = 10_000
BOOTSTRAP_SEED = 20_260
MIN_SLICE_EXAMPLES = 8
"""Smallest slice that is compared."""

TestName = Literal["mcnemar", "permutation", "bootstrap"]


class MetricComparison(Record):
    """One metric of both runs over `n` shared examples, with the evidence for a difference.

    `low` and `high` bound `difference` (b minus a) by a paired bootstrap at `confidence`. `wins` counts the examples
    on which b is better than a, `losses` those on which b is worse; if `higher_is_better` is false, lower is better.
    `test` is the paired test that suits the metric: McNemar's exact test for scores of 0 and 1, the permutation test
    for other means, the bootstrap for metrics of a whole corpus such as BLEU. `p` is its two-sided p-value,
    `adjusted_p` the same with Holm's correction over all metrics. `effect_measure` is `cohens_g` for McNemar's test,
    else `cohens_dz` of the scores of single examples; `effect_low` and `effect_high` bound `effect_size`. `mcnemar_p`
    is the exact p-value if every score is 0 or 1. `minimum_detectable` is the difference that this number of examples
    detects with a power of 80 %; null if the runs never differed.
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
    test: TestName = "permutation"
    p: float = 1.0
    adjusted_p: float = 1.0
    effect_size: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    effect_measure: str | None = None
    higher_is_better: bool | None = True
    mcnemar_p: float | None = None
    minimum_detectable: float | None = None

    def is_worse(self, alpha: float) -> bool:
        """Return True if b is significantly worse than a."""
        return self.adjusted_p < alpha and declines(self.difference, self.higher_is_better)


def declines(difference: float, higher_is_better: bool | None) -> bool:
    """Return True if a difference of a metric is for the worse.

    The numbers of wins and losses do not show this: a few large losses can outweigh many small wins.
    """
    return higher_is_better is not None and (difference < 0 if higher_is_better else difference > 0)


class SliceComparison(Record):
    """Means of one metric in one slice of the shared examples. `adjusted_p` has Holm's correction over all slices."""

    slice: str
    metric: str
    n: int
    a: float
    b: float
    difference: float
    wins: int
    losses: int
    test: TestName
    p: float
    adjusted_p: float
    is_worse: bool


class EvalComparison(Record):
    """Comparison of run b with run a over the `n` examples that both contain.

    `left_out` counts the examples that only one run contains (the runs have different limits). `changed` counts the
    outputs whose text differs; `changes` lists those that changed the first metric most. `slices` compares the means of
    single outputs per slice, the most certain differences first. `warnings` lists other differences of the runs.
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
    slices: tuple[SliceComparison, ...] = ()
    warnings: tuple[str, ...] = ()


class _Paired(NamedTuple):
    """Values of one metric of both runs, with the scorer that computed it."""

    metric: str
    scorer: Scorer | None
    indexes: "Integers"
    before: "Floats"
    after: "Floats"
    lower_is_better: bool = False

    @property
    def sign(self) -> int:
        return -1 if self.higher_is_better is False else 1

    @property
    def higher_is_better(self) -> bool | None:
        return not self.lower_is_better if self.scorer is None else self.scorer.higher_is_better


def compare(
    connection: Connection,
    a: UUID,
    b: UUID,
    *,
    changes: int = 20,
    slices: Mapping[str, frozenset[int]] | None = None,
) -> EvalComparison:
    """Compare run `b` with run `a` on every metric that both have. `slices` maps names to positions of examples.

    Raises: Conflict if a run has not finished; InvalidInput if datasets, splits or scorers differ.
    """
    import numpy as np

    from vong.evals.paired_outputs import PairedScores, find_changed, read_changes

    before, after = runs.get_run(connection, a), runs.get_run(connection, b)
    check_comparable(before, after)
    scorers = common_scorers(before, after)
    scores = PairedScores(connection, a, b)
    if not len(scores.positions):
        raise InvalidInput("the two runs have no example in common", "run both with the same limit and seed")
    paired: list[_Paired] = []
    for metric in before.scores:
        scorer = scoring.find_scorer(scorers, metric)
        indexes, old, new = scores.values(metric)
        if len(indexes) and (scorer is not None or before.source):
            paired.append(_Paired(metric, scorer, indexes, old, new))
    metrics = _compare_metrics(scores, paired)
    changed = find_changed(connection, a, b)
    if paired:
        sizes = np.zeros(len(scores.positions))
        sizes[paired[0].indexes] = np.abs(paired[0].after - paired[0].before)
        ranked = changed[np.argsort(-sizes[np.searchsorted(scores.positions, changed)], kind="stable")]
    else:
        ranked = changed
    return EvalComparison(
        a=before,
        b=after,
        n=len(scores.positions),
        left_out=scores.left_out,
        metrics=metrics,
        changed=len(changed),
        changes=tuple(read_changes(connection, a, b, [int(at) for at in ranked[:changes]])),
        slices=tuple(_compare_slices(scores, paired, slices or {})),
        warnings=tuple(_list_differences(before, after)),
    )


def check_comparable(before: EvalResult, after: EvalResult) -> None:
    """Raise Conflict if a run has not finished, InvalidInput if the runs have other examples or no common scorer."""
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
    imported = before.source is not None and before.source == after.source and set(before.scores) & set(after.scores)
    if not set(before.scorers) & set(after.scorers) and not imported:
        message = "the two runs have no scorer with the same options in common"
        raise InvalidInput(message, "run both with the same scorers and options")


def common_scorers(before: EvalResult, after: EvalResult) -> list[scoring.ConfiguredScorer]:
    """Return the scorers with equal options in both runs. One that cannot be built any more is left out."""
    found: list[scoring.ConfiguredScorer] = []
    for spec in sorted(set(before.scorers) & set(after.scorers), key=before.scorers.index):
        try:
            found += scoring.build_scorers([spec])
        except VongError:
            continue
    return found


def _name_references(field: str | None) -> str:
    return "the completion only" if field is None else f"the completion and the metadata field {field!r}"


def _list_differences(before: EvalResult, after: EvalResult) -> list[str]:
    """Return the settings and signatures that differ between the runs and may explain a difference."""
    found: list[str] = []
    for name in sorted(before.settings.keys() | after.settings.keys()):
        old, new = before.settings.get(name), after.settings.get(name)
        if old != new and name not in {"limit", "concurrency"}:
            found.append(f"setting {name} differs: {_shorten(old)} and {_shorten(new)}")
    for name in sorted(before.signatures.keys() & after.signatures.keys()):
        if before.signatures[name] != after.signatures[name] and name != "latency":
            found.append(f"signature of {name} differs: {before.signatures[name]} and {after.signatures[name]}")
    for label, count in (("failed", before.failed + after.failed), ("truncated", before.truncated + after.truncated)):
        if count:
            found.append(f"{count} outputs {'are' if label == 'truncated' else ''} {label}".replace("  ", " "))
    return found


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def compare_paired_values(
    values: Mapping[str, tuple["Floats", "Floats"]], *, lower_is_better: frozenset[str] = frozenset()
) -> dict[str, MetricComparison]:
    """Compare the means of paired values of any metrics: for each metric, those before and after in the same order."""
    import numpy as np

    return _compare_metrics(
        None,
        [
            _Paired(metric, None, np.arange(len(before)), before, after, metric in lower_is_better)
            for metric, (before, after) in values.items()
        ],
    )


def _compare_metrics(scores: "PairedScores | None", paired: Sequence[_Paired]) -> dict[str, MetricComparison]:
    """Compare metrics. Only metrics of a whole corpus need `scores`."""
    from vong.evals.paired_tests import holm_adjust

    compared = [_compare_metric(scores, one) for one in paired]
    adjusted = holm_adjust([one.p for one in compared])
    return {
        pair.metric: one.model_copy(update={"adjusted_p": p})
        for pair, one, p in zip(paired, compared, adjusted, strict=True)
    }


def _compare_metric(scores: "PairedScores | None", paired: _Paired) -> MetricComparison:
    import numpy as np

    from vong.evals.paired_tests import mcnemar_p_value, measure_effect
    from vong.evals.statistics import minimum_detectable_difference, paired_bootstrap, sum_columns

    total = paired.scorer.total if paired.scorer else None
    if total is None or scores is None:
        ones = np.ones(len(paired.indexes))
        rows = np.stack([paired.before, ones], axis=1), np.stack([paired.after, ones], axis=1)
    else:
        rows = scores.statistics(paired.metric, paired.indexes)
    bootstrap = paired_bootstrap(
        rows[0], rows[1], total, seed=BOOTSTRAP_SEED, resamples=BOOTSTRAP_RESAMPLES, confidence=CONFIDENCE
    )
    a, b = (scoring.total_of_sums(paired.scorer, sum_columns(side)) for side in rows)
    differences = (paired.after - paired.before) * paired.sign
    wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
    test, p = ("bootstrap", bootstrap.p) if total is not None else _test_means(paired.before, paired.after)
    is_binary = _is_binary(paired.before, paired.after)
    effect = measure_effect(differences, is_binary=test == "mcnemar", confidence=CONFIDENCE)
    return MetricComparison(
        n=len(paired.indexes),
        a=a,
        b=b,
        difference=b - a,
        low=bootstrap.low,
        high=bootstrap.high,
        wins=wins,
        losses=losses,
        ties=len(paired.indexes) - wins - losses,
        test=test,
        p=p,
        effect_size=effect and effect.value,
        effect_low=effect and effect.low,
        effect_high=effect and effect.high,
        effect_measure=effect and effect.measure,
        higher_is_better=paired.higher_is_better,
        mcnemar_p=mcnemar_p_value(wins, losses) if is_binary else None,
        minimum_detectable=minimum_detectable_difference(bootstrap.standard_error, confidence=CONFIDENCE),
    )


def _is_binary(before: "Floats", after: "Floats") -> bool:
    return bool((((before == 0) | (before == 1)) & ((after == 0) | (after == 1))).all())


def _test_means(before: "Floats", after: "Floats") -> tuple[TestName, float]:
    """Return the test of a mean and its p-value: McNemar's if all values are 0 or 1, else the permutation test."""
    from vong.evals.paired_tests import mcnemar_p_value, permutation_p_value

    if _is_binary(before, after):
        return "mcnemar", mcnemar_p_value(int((after > before).sum()), int((after < before).sum()))
    return "permutation", permutation_p_value(after - before, seed=BOOTSTRAP_SEED)


def _compare_slices(
    scores: "PairedScores", paired: Sequence[_Paired], slices: Mapping[str, frozenset[int]]
) -> list[SliceComparison]:
    import numpy as np

    from vong.evals.paired_tests import holm_adjust

    found: list[SliceComparison] = []
    for one in paired:
        positions = scores.positions[one.indexes]
        for name, members in slices.items():
            inside = np.isin(positions, np.fromiter(members, dtype=np.int64, count=len(members)))
            before, after = one.before[inside], one.after[inside]
            if len(before) < MIN_SLICE_EXAMPLES:
                continue
            test, p = _test_means(before, after)
            differences = (after - before) * one.sign
            found.append(
                SliceComparison(
                    slice=name,
                    metric=one.metric,
                    n=len(before),
                    a=float(before.mean()),
                    b=float(after.mean()),
                    difference=float(after.mean() - before.mean()),
                    wins=int((differences > 0).sum()),
                    losses=int((differences < 0).sum()),
                    test=test,
                    p=p,
                    adjusted_p=1.0,
                    is_worse=float(differences.mean()) < 0,
                )
            )
    adjusted = holm_adjust([one.p for one in found])
    found = [one.model_copy(update={"adjusted_p": p}) for one, p in zip(found, adjusted, strict=True)]
    return sorted(found, key=lambda one: (one.adjusted_p, one.p, one.slice))
