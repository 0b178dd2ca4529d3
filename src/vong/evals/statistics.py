"""Statistics of paired comparisons: bootstrap intervals, McNemar's exact test and detectable differences."""

from collections.abc import Callable, Sequence
from math import comb
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_COUNTS_PER_DRAW = 4_000_000
"""Number of counts drawn at once: 32 MB."""
POWER = 0.8
"""Probability with which a comparison shows a difference of the minimum detectable size."""


class BootstrapInterval(NamedTuple):
    """Difference of two totals with its percentile interval and its standard error (the spread of the resamples)."""

    difference: float
    low: float
    high: float
    standard_error: float


def paired_bootstrap(
    before: Floats,
    after: Floats,
    total: Callable[[Sequence[float]], float] | None,
    *,
    seed: int,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> BootstrapInterval:
    """Return the bootstrap interval of `total(after) - total(before)`, resampling examples in pairs.

    `before` and `after` are the statistics of the same n examples in the same order, shape [n, k]. `total` computes the
    metric from their k sums (None: a mean, sums[0] / sums[1]). Each of `resamples` resamples draws n examples with
    replacement, the same for both. The interval is the central `confidence` share of the differences (percentile
    method). Source: Efron and Tibshirani 1993, chapter 13; for corpus metrics of text Koehn 2004, section 3.
    """
    generator = np.random.default_rng(seed)
    n = len(before)
    chunk = max(1, MAX_COUNTS_PER_DRAW // n)
    differences: list[Floats] = []
    for first in range(0, resamples, chunk):
        size = min(chunk, resamples - first)
        counts = generator.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)
        differences.append(_totals(counts @ after, total) - _totals(counts @ before, total))
    drawn = np.concatenate(differences)
    drawn = drawn[np.isfinite(drawn)]
    ones = np.ones((1, n))
    observed = float(_totals(ones @ after, total)[0] - _totals(ones @ before, total)[0])
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return BootstrapInterval(observed, float(low), float(high), float(drawn.std()))


def mcnemar_p_value(wins: int, losses: int) -> float:
    """Return the two-sided exact p-value of McNemar's test.

    This is 2 P(X <= min(wins, losses)), at most 1, with X ~ Binomial(wins + losses, 1/2). Source: McNemar 1947;
    recommended for paired right-or-wrong outputs by Dror et al. 2018, section 3.2.
    """
    n = wins + losses
    return min(1.0, 2 * sum(comb(n, i) for i in range(min(wins, losses) + 1)) / 2**n)


def minimum_detectable_difference(standard_error: float, *, confidence: float = 0.95) -> float | None:
    """Return the smallest true difference that this number of examples detects with a probability of POWER.

    This is (z(1 - alpha/2) + z(POWER)) times the standard error. Returns None if the resamples never differed.
    """
    normal = NormalDist()
    factor = normal.inv_cdf((1 + confidence) / 2) + normal.inv_cdf(POWER)
    return factor * standard_error if standard_error > 0 else None


def _totals(sums: Floats, total: Callable[[Sequence[float]], float] | None) -> Floats:
    if total is not None:
        return np.array([total(row) for row in np.rint(sums).tolist()])
    with np.errstate(invalid="ignore"):
        return sums[:, 0] / sums[:, 1]
