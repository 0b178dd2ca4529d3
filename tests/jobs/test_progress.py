"""Rate estimates of job progress."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.jobs.progress import RateEstimator


@given(st.floats(0.5, 100), st.integers(3, 200))
def test_the_rate_of_constant_progress_is_exact(pace: float, points: int) -> None:
    rate = RateEstimator()
    rates = [rate.add(n * 1.0, n * pace) for n in range(points)]
    assert rates[0] is None
    assert all(value is not None and math.isclose(value, pace, rel_tol=1e-6) for value in rates[1:])


def test_the_rate_covers_thirty_seconds_and_restarts_if_progress_decreases() -> None:
    rate = RateEstimator()
    for second in range(100):
        rate.add(second, 0)
    rates = [rate.add(second, (second - 99) * 2.0) for second in range(100, 140)]
    assert rates[-1] == pytest.approx(2.0, rel=0.05)
    assert rate.add(141, 1) is None
