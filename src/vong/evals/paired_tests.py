"""Significance tests of paired and of grouped values, correction for several tests, and effect sizes."""

from collections.abc import Sequence
from math import comb, erfc, exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vong.evals.statistics import wilson_interval

Floats = NDArray[np.float64]

MAX_EXACT_DIFFERENCES = 14
"""Number of differences up to which all sign patterns are enumerated: 2^14."""
MIN_NORMAL_DIFFERENCES = 2_000
"""Number of different sizes of differences from which the normal limit of the permutation distribution is used."""
PERMUTATIONS = 10_000
MAX_EXACT_TRIALS = 1_000
"""Number of trials up to which binomial probabilities are summed in exact integers."""
NEGLIGIBLE_TERM = 1e-18
"""Share of a sum of binomial probabilities below which the smaller ones are left out."""


class EffectSize(NamedTuple):
    """Size of a difference that does not depend on the unit, with its interval.

    `measure` is `cohens_g` (share of wins among the examples that changed, minus 1/2) or `cohens_dz` (mean difference
    divided by the standard deviation of the differences).
    """

    measure: str
    value: float
    low: float
    high: float


def mcnemar_p_value(wins: int, losses: int) -> float:
    """Return the two-sided exact p-value of McNemar's test.

    This is 2 P(X <= min(wins, losses)), at most 1, with X ~ Binomial(wins + losses, 1/2). Source: McNemar 1947;
    recommended for paired right-or-wrong outputs by Dror et al. 2018, section 3.2.
    """
    n, fewer = wins + losses, min(wins, losses)
    if n <= MAX_EXACT_TRIALS:
        return min(1.0, 2 * sum(comb(n, i) for i in range(fewer + 1)) / 2**n)
    largest = _log_binomial(n, fewer)
    tail, term, i = 0.0, 1.0, fewer
    while term > tail * NEGLIGIBLE_TERM:
        tail += term
        term *= i / (n - i + 1)
        i -= 1
    return min(1.0, 2 * exp(largest + log(tail)))


def permutation_p_value(differences: Floats, *, seed: int) -> float:
    """Return the two-sided p-value of the paired permutation test: the sign of each difference is exchangeable.

    Up to `MAX_EXACT_DIFFERENCES` non-zero differences all patterns of signs are enumerated; otherwise
    `PERMUTATIONS` patterns are drawn and (extreme + 1) / (drawn + 1) is returned (Phipson and Smyth 2010). Differences
    of equal size are drawn together. Source: Fisher 1935; recommended for means of scores by Dror et al. 2018.
    """
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return 1.0
    observed = abs(float(nonzero.sum()))
    tolerance = 1e-9 * max(1.0, float(np.abs(nonzero).sum()))
    if len(nonzero) <= MAX_EXACT_DIFFERENCES:
        sums = np.zeros(1)
        for size in np.abs(nonzero):
            sums = np.concatenate([sums + size, sums - size])
        return float((np.abs(sums) >= observed - tolerance).mean())
    sizes, counts = np.unique(np.abs(nonzero), return_counts=True)
    if len(sizes) >= MIN_NORMAL_DIFFERENCES:
        return max(1 / (PERMUTATIONS + 1), erfc(observed / sqrt(2 * float((nonzero**2).sum()))))
    generator = np.random.default_rng(seed)
    if counts.max() == 1:
        flips = generator.integers(0, 2, size=(PERMUTATIONS, len(sizes)), dtype=np.int8)
    else:
        flips = generator.binomial(counts, 0.5, size=(PERMUTATIONS, len(sizes)))
    signs = 2.0 * flips - counts
    extreme = int((np.abs(signs @ sizes) >= observed - tolerance).sum())
    return (extreme + 1) / (PERMUTATIONS + 1)


def group_p_value(values: Floats, members: NDArray[np.bool_], *, seed: int, permutations: int = 2_000) -> float:
    """Return the two-sided p-value that a group of values has the mean of the others.

    The permutation test draws groups of the same size; for 0/1 values this is Fisher's exact test with the two-sided
    definition "at least as far from the expected mean". Large groups use the normal limit of the permutation
    distribution, whose mean and variance are known exactly.
    """
    n, size = len(values), int(members.sum())
    if size in (0, n):
        return 1.0
    expected = float(values.mean()) * size
    observed = abs(float(values[members].sum()) - expected)
    variance = float(values.var()) * size * (n - size) / (n - 1)
    if variance <= 0:
        return 1.0
    tolerance = 1e-9 * max(1.0, float(np.abs(values).sum()))
    generator = np.random.default_rng(seed)
    if np.isin(values, (0.0, 1.0)).all():
        ones = int(values.sum())
        drawn = generator.hypergeometric(ones, n - ones, size, size=permutations * 10).astype(np.float64)
    elif min(size, n - size) > 200:
        return erfc(observed / sqrt(2 * variance))
    else:
        small = min(size, n - size)
        sums = np.array([generator.choice(values, small, replace=False).sum() for _ in range(permutations)])
        drawn = sums if small == size else float(values.sum()) - sums
    return (int((np.abs(drawn - expected) >= observed - tolerance).sum()) + 1) / (len(drawn) + 1)


def holm_adjust(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p-values (Holm 1979), in the order of the input."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def measure_effect(differences: Floats, *, is_binary: bool, confidence: float = 0.95) -> EffectSize | None:
    """Return the effect size of paired differences. Returns None if nothing differed.

    The interval of Cohen's g is Wilson's, that of Cohen's d_z the normal one with the error sqrt(1/n + d^2 / 2n).
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    if is_binary:
        wins, losses = int((differences > 0).sum()), int((differences < 0).sum())
        if not wins + losses:
            return None
        low, high = wilson_interval(wins, wins + losses, confidence=confidence)
        return EffectSize("cohens_g", wins / (wins + losses) - 0.5, low - 0.5, high - 0.5)
    deviation = float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    if deviation <= 0:
        return None
    value = float(differences.mean()) / deviation
    half = z * sqrt(1 / len(differences) + value * value / (2 * len(differences)))
    return EffectSize("cohens_dz", value, value - half, value + half)


def _log_binomial(n: int, i: int) -> float:
    return lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) - n * log(2)
