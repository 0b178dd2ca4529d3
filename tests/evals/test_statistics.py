import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vong.evals.paired_tests import mcnemar_p_value
from vong.evals.statistics import minimum_detectable_difference, paired_bootstrap


def pairs(values: list[float]) -> np.ndarray:
    return np.array([[value, 1.0] for value in values])


def test_the_interval_equals_the_normal_approximation_if_that_is_valid() -> None:
    generator = np.random.default_rng(1)
    a = generator.random(400)
    b = a + generator.normal(0.05, 0.2, 400)
    found = paired_bootstrap(pairs(a.tolist()), pairs(b.tolist()), None, seed=3)
    error = float((b - a).std()) / math.sqrt(400)
    assert found.difference == pytest.approx(float((b - a).mean()))
    assert found.standard_error == pytest.approx(error, rel=0.05)
    assert found.low == pytest.approx(found.difference - 1.96 * error, abs=error * 0.15)
    assert found.high == pytest.approx(found.difference + 1.96 * error, abs=error * 0.15)


def test_equal_seeds_give_equal_intervals_and_a_custom_total_equals_the_mean() -> None:
    a, b = pairs([0, 1, 0, 1, 1, 0, 0, 0]), pairs([1, 1, 0, 1, 1, 1, 0, 1])
    first = paired_bootstrap(a, b, None, seed=5)
    assert first == paired_bootstrap(a, b, None, seed=5)
    assert first == pytest.approx(paired_bootstrap(a, b, lambda sums: sums[0] / sums[1], seed=5))


def test_about_ninety_five_percent_of_intervals_contain_the_true_value() -> None:
    generator = np.random.default_rng(7)
    held = 0
    for seed in range(200):
        a = (generator.random(120) < 0.5).astype(float)
        b = np.where(generator.random(120) < 0.2, 1.0, a)  # true difference: +0.1
        found = paired_bootstrap(pairs(a.tolist()), pairs(b.tolist()), None, seed=seed, resamples=500)
        held += found.low <= 0.1 <= found.high
    assert 180 <= held <= 198


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_symmetric_and_a_probability(wins: int, losses: int) -> None:
    assert mcnemar_p_value(wins, losses) == mcnemar_p_value(losses, wins)
    assert 0 < mcnemar_p_value(wins, losses) <= 1


def test_mcnemar_equals_known_values() -> None:
    assert mcnemar_p_value(0, 0) == 1.0
    assert mcnemar_p_value(5, 0) == pytest.approx(2 / 32)
    assert mcnemar_p_value(1, 9) == pytest.approx(2 * (1 + 10) / 1024)
    assert mcnemar_p_value(300, 1) < 1e-80


def test_the_minimum_detectable_difference_is_2_8_standard_errors() -> None:
    assert minimum_detectable_difference(0.01) == pytest.approx(0.028016, abs=1e-5)
    assert minimum_detectable_difference(0.0) is None
