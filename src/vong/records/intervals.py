"""Confidence intervals, valid for one analysis at a time fixed in advance, not for a stopping rule."""

import math

Z_95 = 1.959964
"""97.5 % quantile of the standard normal distribution, for intervals of 95 %."""


def wilson_interval(mean: float, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a proportion (Wilson 1927; Brown, Cai, DasGupta 2001, section 3.1.1)."""
    spread = Z_95 * math.sqrt(mean * (1 - mean) / n + Z_95 * Z_95 / (4 * n * n))
    middle, scale = mean + Z_95 * Z_95 / (2 * n), 1 + Z_95 * Z_95 / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def normal_interval(mean: float, deviation: float, n: int) -> tuple[float, float]:
    """Return the 95 % normal interval of a mean of values in 0..1, clipped to that range."""
    spread = Z_95 * deviation / math.sqrt(n)
    return max(0.0, mean - spread), min(1.0, mean + spread)
