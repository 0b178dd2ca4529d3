"""Agreement of a judge with people: Cohen's kappa with a bootstrap interval, and measures of bias.

Sources: Cohen 1960 (kappa), Cohen 1968 (weighted kappa), Efron and Tibshirani 1993, chapter 13 (percentile interval).
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.int64]

KappaWeights = Literal["none", "linear", "quadratic"]

CONFIDENCE = 0.95
RESAMPLES = 5_000
MAX_VALUES_PER_DRAW = 4_000_000
"""Number of resampled values drawn at once: 32 MB."""
MIN_BIAS_SAMPLE = 10
"""Number of labels below which a bias is not reported."""


class KappaInterval(NamedTuple):
    """Kappa with the bounds of its bootstrap interval. Each is None if it is undefined."""

    kappa: float | None
    low: float | None
    high: float | None


class BiasEstimate(NamedTuple):
    """Estimate with the bounds of its interval, from `n` observations."""

    value: float
    low: float
    high: float
    n: int


def confusion_matrix(labels: Sequence[str], verdicts: Sequence[str], categories: Sequence[str]) -> list[list[int]]:
    """Return the counts: one row for each label, one column for each verdict, in the order of the categories."""
    index = {category: i for i, category in enumerate(categories)}
    counts = [[0] * len(categories) for _ in categories]
    for label, verdict in zip(labels, verdicts, strict=True):
        counts[index[label]][index[verdict]] += 1
    return counts


def cohens_kappa(matrix: Sequence[Sequence[float]], weights: KappaWeights = "none") -> float | None:
    """Return 1 - sum(w * observed) / sum(w * expected) of a confusion matrix.

    The weight of a disagreement is 1, its distance |i - j|, or the square of it. Returns None if kappa is undefined: no
    observation, or the marginal distributions allow no disagreement.
    """
    import numpy as np

    value = float(_kappas(np.asarray(matrix, dtype=np.float64)[None], weights)[0])
    return None if math.isnan(value) else value


def kappa_interval(
    matrix: Sequence[Sequence[int]], weights: KappaWeights, *, seed: int, resamples: int = RESAMPLES
) -> KappaInterval:
    """Return kappa with its percentile interval, from resampled pairs of label and verdict.

    Resampling n pairs is a multinomial draw of the cells. A resample with undefined kappa counts as 0: it shows no
    agreement beyond chance.
    """
    import numpy as np

    counts = np.asarray(matrix, dtype=np.float64)
    n, cells = int(counts.sum()), counts.size
    kappa = cohens_kappa(matrix, weights)
    if n == 0 or kappa is None:
        return KappaInterval(kappa, None, None)
    generator = np.random.default_rng(seed)
    chunk = max(1, MAX_VALUES_PER_DRAW // cells)
    drawn: list[Floats] = []
    for first in range(0, resamples, chunk):
        size = min(chunk, resamples - first)
        draws = generator.multinomial(n, counts.ravel() / n, size=size).astype(np.float64)
        drawn.append(np.nan_to_num(_kappas(draws.reshape(size, *counts.shape), weights), nan=0.0))
    low, high = np.quantile(np.concatenate(drawn), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return KappaInterval(kappa, float(low), float(high))


def paired_kappa_difference(
    before: Sequence[tuple[int, int]],
    after: Sequence[tuple[int, int]],
    categories: int,
    weights: KappaWeights,
    *,
    seed: int,
    resamples: int = 2_000,
) -> BiasEstimate | None:
    """Return kappa(after) - kappa(before) with a paired bootstrap interval over the same labels.

    `before` and `after` are (label, verdict) as indexes of categories. Returns None without labels.
    """
    import numpy as np

    n = len(before)
    if n == 0:
        return None
    codes = np.array([[label * categories + verdict for label, verdict in side] for side in (before, after)])

    def difference(rows: "Rows") -> float:
        sides = [np.bincount(code[rows], minlength=categories**2).reshape(1, categories, categories) for code in codes]
        old, new = (np.nan_to_num(_kappas(side.astype(np.float64), weights), nan=0.0)[0] for side in sides)
        return float(new - old)

    generator = np.random.default_rng(seed)
    drawn = np.array([difference(generator.integers(0, n, n)) for _ in range(resamples)])
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return BiasEstimate(difference(np.arange(n)), float(low), float(high), n)


def length_bias(differences: Sequence[float], lengths: Sequence[float], *, seed: int) -> BiasEstimate | None:
    """Return the correlation of judge minus label with a measure of the output's length, with its interval.

    Returns None if there are too few labels or nothing varies.
    """
    import numpy as np

    if len(differences) < MIN_BIAS_SAMPLE:
        return None
    y, x = np.asarray(differences, dtype=np.float64), np.asarray(lengths, dtype=np.float64)

    def correlation(rows: "Rows") -> float:
        left, right = x[rows], y[rows]
        if left.std() < 1e-12 or right.std() < 1e-12:
            return math.nan
        return float(np.corrcoef(left, right)[0, 1])

    return _bootstrap(correlation, len(y), seed)


def self_preference(differences: Sequence[float], is_own: Sequence[bool], *, seed: int) -> BiasEstimate | None:
    """Return the mean of judge minus label for outputs of the judge's own model, minus that for other models.

    A positive value means that the judge favours its own model. Returns None if one of the groups is too small.
    """
    import numpy as np

    own_count = sum(is_own)
    if min(own_count, len(is_own) - own_count) < MIN_BIAS_SAMPLE // 2:
        return None
    y, own = np.asarray(differences, dtype=np.float64), np.asarray(is_own)

    def difference(rows: "Rows") -> float:
        values, group = y[rows], own[rows]
        if group.all() or not group.any():
            return math.nan
        return float(values[group].mean() - values[~group].mean())

    return _bootstrap(difference, len(y), seed)


def wilson_interval(successes: float, n: int) -> BiasEstimate | None:
    """Return a share with its Wilson score interval. Source: Wilson 1927. Returns None for n = 0."""
    if n == 0:
        return None
    z = 1.959963984540054
    share, factor = successes / n, z * z / n
    centre = (share + factor / 2) / (1 + factor)
    half = z * math.sqrt(share * (1 - share) / n + factor / (4 * n)) / (1 + factor)
    return BiasEstimate(share, max(0.0, centre - half), min(1.0, centre + half), n)


def _kappas(tables: "Floats", weights: KappaWeights) -> "Floats":
    """Return kappa of each table, shape [k, c, c]. Undefined values are NaN."""
    import numpy as np

    size = tables.shape[1]
    distance = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(np.float64)
    weight = {"none": (distance > 0).astype(np.float64), "linear": distance, "quadratic": distance**2}[weights]
    totals = tables.sum(axis=(1, 2))
    rows, columns = tables.sum(axis=2), tables.sum(axis=1)
    observed = (tables * weight).sum(axis=(1, 2))
    expected = np.einsum("ki,ij,kj->k", rows, weight, columns)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - observed * totals / expected, np.nan)


def _bootstrap(
    statistic: "Callable[[Rows], float]", n: int, seed: int, *, resamples: int = 2_000
) -> BiasEstimate | None:
    """Return a statistic with its percentile interval. Returns None if it is undefined."""
    import numpy as np

    value = statistic(np.arange(n))
    if math.isnan(value):
        return None
    generator = np.random.default_rng(seed)
    drawn = np.array([statistic(generator.integers(0, n, n)) for _ in range(resamples)])
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return None
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return BiasEstimate(value, float(low), float(high), n)
