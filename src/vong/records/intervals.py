"""Intervals of what was counted. They hold for a look at a moment fixed beforehand, not for a stopping rule."""

import math

Z = 1.959964
"""The standard normal's 97.5 % point: intervals of 95 %."""


def wilson(mean: float, n: int) -> tuple[float, float]:
    """Wilson's score interval at 95 % for a share (Wilson 1927; Brown, Cai and DasGupta 2001, section 3.1.1)."""
    spread = Z * math.sqrt(mean * (1 - mean) / n + Z * Z / (4 * n * n))
    middle, scale = mean + Z * Z / (2 * n), 1 + Z * Z / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def normal(mean: float, deviation: float, n: int) -> tuple[float, float]:
    """The normal interval at 95 % for a mean of values in 0..1, cut to that range."""
    spread = Z * deviation / math.sqrt(n)
    return max(0.0, mean - spread), min(1.0, mean + spread)
