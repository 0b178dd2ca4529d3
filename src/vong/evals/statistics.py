"""Intervals of totals and of differences by the bootstrap, and differences that a number of examples can detect."""

from collections.abc import Callable, Sequence
from math import fsum, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_COUNTS_PER_DRAW = 4_000_000
"""Number of counts drawn at once: 32 MB."""
MIN_NORMAL_ROWS = 20_000
"""Number of different rows from which sums are drawn from their normal limit instead of by resampling rows."""
MAX_ROWS_PER_DISTINCT = 8
"""Rows per different row up to which the rows of a resample are drawn one by one; above it, counts are drawn."""
HASH_SEED = 20_260
POWER = 0.8
"""Probability with which a comparison shows a difference of the minimum detectable size."""

TotalFunction = Callable[[Sequence[float]], float] | None
"""Computes a metric from summed statistics; None stands for a mean, sums[0] / sums[1]."""


class BootstrapInterval(NamedTuple):
    """Difference of two totals with its percentile interval and its standard error (the spread of the resamples).

    `p` is the two-sided p-value of no difference: the share of resamples, moved to a mean of zero, that differ at least
    as much as observed.
    """

    difference: float
    low: float
    high: float
    standard_error: float
    p: float


class TotalInterval(NamedTuple):
    """Total of one run with its interval and its standard error over the examples."""

    value: float
    low: float
    high: float
    standard_error: float


def paired_bootstrap(
    before: Floats,
    after: Floats,
    total: TotalFunction,
    *,
    seed: int,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> BootstrapInterval:
    """Return the bootstrap interval of `total(after) - total(before)`, resampling examples in pairs.

    `before` and `after` are the statistics of the same n examples in the same order, shape [n, k]. `total` computes the
    metric from their k sums (None: a mean, sums[0] / sums[1]). Each of `resamples` resamples draws n examples with
    replacement, the same for both. The interval is the central `confidence` share of the differences (percentile
    method). Source: Efron and Tibshirani 1993, chapter 13; for corpus metrics of text Koehn 2004, section 3; the
    p-value is that of Riezler and Maxwell 2005, as in sacrebleu.
    """
    columns = before.shape[1]

    def differences(sums: Floats) -> Floats:
        return _totals(sums[:, columns:], total) - _totals(sums[:, :columns], total)

    rows = np.concatenate([before, after], axis=1)
    drawn = differences(resample_sums(rows, seed=seed, resamples=resamples))
    drawn = drawn[np.isfinite(drawn)]
    observed = float(differences(rows.sum(axis=0, keepdims=True))[0])
    low, high, error = _spread(drawn, confidence)
    tolerance = 1e-12 * max(1.0, abs(observed))
    extreme = int((np.abs(drawn - drawn.mean()) >= abs(observed) - tolerance).sum())
    return BootstrapInterval(observed, low, high, error, (extreme + 1) / (len(drawn) + 1))


def bootstrap_total(
    rows: Floats, total: TotalFunction, *, seed: int, resamples: int = 2_000, confidence: float = 0.95
) -> TotalInterval:
    """Return the total of one run with its percentile interval, resampling examples.

    The interval of a share (every row is 0 or 1 of 1) is Wilson's, which is valid for few examples and for shares of 0
    and 1 as well.
    """
    value = float(_totals(rows.sum(axis=0, keepdims=True), total)[0])
    if total is None and np.isin(rows[:, 0], (0.0, 1.0)).all() and (rows[:, 1] == 1.0).all():
        low, high = wilson_interval(int(rows[:, 0].sum()), len(rows), confidence=confidence)
        return TotalInterval(value, low, high, sqrt(value * (1 - value) / len(rows)))
    drawn = _totals(resample_sums(rows, seed=seed, resamples=resamples), total)
    low, high, error = _spread(drawn[np.isfinite(drawn)], confidence)
    return TotalInterval(value, low, high, error)


def resample_sums(rows: Floats, *, seed: int, resamples: int) -> Floats:
    """Return the sums of `resamples` bootstrap samples of rows, shape [resamples, k].

    Equal rows are drawn together if there are many, which changes nothing but the time. With at least `MIN_NORMAL_ROWS`
    different rows the sums are drawn from the normal distribution that the bootstrap converges to; sums of counts are
    then rounded.
    """
    generator = np.random.default_rng(seed)
    n = len(rows)
    distinct, repeats = _count_equal_rows(rows)
    if len(distinct) >= MIN_NORMAL_ROWS:
        centred = rows - rows.mean(axis=0)
        sums = generator.multivariate_normal(rows.sum(axis=0), centred.T @ centred, size=resamples, method="eigh")
        return np.maximum(np.rint(sums), 0.0) if (rows == np.rint(rows)).all() and (rows >= 0).all() else sums
    draws_rows = n < MAX_ROWS_PER_DISTINCT * len(distinct)
    drawn = rows if draws_rows else distinct
    chunk = max(1, MAX_COUNTS_PER_DRAW // max(1, len(drawn)))
    parts: list[Floats] = []
    for first in range(0, resamples, chunk):
        size = min(chunk, resamples - first)
        if draws_rows:
            counts = np.stack([np.bincount(generator.integers(0, n, size=n), minlength=n) for _ in range(size)])
        else:
            counts = generator.multinomial(n, repeats / n, size=size)
        parts.append(counts.astype(np.float64) @ drawn)
    return np.concatenate(parts)


def sum_columns(rows: Floats) -> list[float]:
    """Return the exact sum of each column, so that the order of the rows does not matter."""
    return [
        float(column.sum()) if (column == np.rint(column)).all() else fsum(column.tolist())
        for column in np.ascontiguousarray(rows.T)
    ]


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a share (Wilson 1927)."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def minimum_detectable_difference(standard_error: float, *, confidence: float = 0.95) -> float | None:
    """Return the smallest true difference that this number of examples detects with a probability of POWER.

    This is (z(1 - alpha/2) + z(POWER)) times the standard error. Returns None if the resamples never differed.
    """
    normal = NormalDist()
    factor = normal.inv_cdf((1 + confidence) / 2) + normal.inv_cdf(POWER)
    return factor * standard_error if standard_error > 0 else None


def _count_equal_rows(rows: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the different rows in the order of their first occurrence, and how often each occurs.

    Rows are grouped by a hash, which takes a tenth of the time of sorting them. Rows that differ are never grouped.
    """
    if not len(rows):
        return rows, np.ones(0, dtype=np.int64)
    bits = np.ascontiguousarray(rows).view(np.uint64)
    multipliers = np.random.default_rng(HASH_SEED).integers(0, 2**64, size=rows.shape[1], dtype=np.uint64) | np.uint64(
        1
    )
    hashes = ((bits ^ (bits >> np.uint64(32))) * multipliers).sum(axis=1, dtype=np.uint64)
    _, first, inverse, counts = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    if not np.array_equal(bits, bits[first[inverse]]):
        return np.unique(rows, axis=0, return_counts=True)
    order = np.argsort(first)
    return rows[first[order]], counts[order]


def _spread(drawn: Floats, confidence: float) -> tuple[float, float, float]:
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high), float(drawn.std())


def _totals(sums: Floats, total: TotalFunction) -> Floats:
    if total is not None:
        return np.array([total(row) for row in sums.tolist()])
    with np.errstate(invalid="ignore"):
        return sums[:, 0] / sums[:, 1]
