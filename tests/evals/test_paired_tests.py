"""Paired tests against values of scipy and R, written out so that the tests need neither."""

import math

import numpy as np
import pytest

from vong.evals.paired_tests import (
    group_p_value,
    holm_adjust,
    mcnemar_p_value,
    measure_effect,
    permutation_p_value,
)
from vong.evals.statistics import MIN_NORMAL_ROWS, bootstrap_total, resample_sums, sum_columns, wilson_interval


@pytest.mark.parametrize(
    ("wins", "losses", "p"),
    [
        (10, 2, 0.03857421875),  # scipy.stats.binomtest(2, 12).pvalue
        (1, 7, 0.0703125),  # scipy.stats.binomtest(1, 8).pvalue
        (25, 25, 1.0),
        (520, 480, 0.2174482932),  # scipy.stats.binomtest(480, 1000).pvalue
    ],
)
def test_mcnemar_equals_the_exact_binomial_test_of_scipy(wins: int, losses: int, p: float) -> None:
    assert mcnemar_p_value(wins, losses) == pytest.approx(p, rel=1e-5)


def test_mcnemar_of_many_changes_is_fast_and_equals_the_exact_sum() -> None:
    exact = 2 * sum(math.comb(1200, i) for i in range(551)) / 2**1200
    assert mcnemar_p_value(650, 550) == pytest.approx(exact, rel=1e-9)
    assert mcnemar_p_value(50_400, 49_600) == pytest.approx(0.0115, rel=0.02)
    assert mcnemar_p_value(90_000, 10_000) < 1e-300


def test_the_permutation_test_enumerates_few_differences() -> None:
    # scipy.stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=inf).pvalue
    differences = np.array([1.2, 0.3, -0.1, 0.8, 0.5, 0.9, 0.4, -0.2])
    assert permutation_p_value(differences, seed=1) == 0.0390625
    assert permutation_p_value(np.array([1.0] * 5), seed=1) == 2 / 32
    assert permutation_p_value(np.zeros(9), seed=1) == 1.0


def test_the_drawn_permutation_test_equals_the_normal_limit() -> None:
    generator = np.random.default_rng(5)
    few = np.round(generator.normal(0.1, 1, 400), 1)  # equal sizes are drawn together
    for differences in (few, generator.normal(0.1, 1, 400)):
        z = abs(differences.sum()) / math.sqrt((differences**2).sum())
        assert permutation_p_value(differences, seed=2) == pytest.approx(math.erfc(z / math.sqrt(2)), abs=0.02)
    many = generator.normal(0.02, 1, 5000)
    z = abs(many.sum()) / math.sqrt((many**2).sum())
    assert permutation_p_value(many, seed=2) == pytest.approx(math.erfc(z / math.sqrt(2)))


def test_a_group_of_shares_equals_the_exact_test_of_a_two_by_two_table() -> None:
    # the hypergeometric probability of a group sum at least as far from its mean: 2 * P(X <= 2), N=40, K=30, n=10
    values = np.array([1.0] * 30 + [0.0] * 10)
    inside = np.zeros(40, dtype=bool)
    inside[[0, 1, 2, 3, *range(30, 36)]] = True
    ways = [math.comb(30, x) * math.comb(10, 10 - x) / math.comb(40, 10) for x in range(11)]
    exact = sum(p for x, p in enumerate(ways) if abs(x - 7.5) >= 3.5)
    assert group_p_value(values, inside, seed=3) == pytest.approx(exact, abs=0.003)
    assert group_p_value(np.ones(10), inside[:10], seed=3) == 1.0


def test_a_group_of_means_is_tested_with_and_without_the_normal_limit() -> None:
    generator = np.random.default_rng(9)
    values = np.concatenate([generator.normal(0, 1, 300), generator.normal(-0.3, 1, 300)])
    inside = np.arange(600) >= 300
    drawn = group_p_value(values[200:500], inside[200:500], seed=1)
    assert 0 < drawn < 1
    assert group_p_value(values, inside, seed=1) < 0.01


def test_holm_equals_p_adjust_of_r() -> None:
    # p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm_adjust([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm_adjust([0.6, 0.7]) == [1.0, 1.0]
    assert holm_adjust([]) == []


def test_effect_sizes() -> None:
    shares = measure_effect(np.array([1.0] * 12 + [-1.0] * 4 + [0.0] * 50), is_binary=True)
    assert shares is not None
    assert (shares.measure, shares.value) == ("cohens_g", 0.25)
    assert (shares.low, shares.high) == pytest.approx((0.505 - 0.5, 0.898 - 0.5), abs=1e-3)
    means = measure_effect(np.array([0.2, 0.4, 0.1, 0.3]), is_binary=False)
    assert means is not None
    assert means.value == pytest.approx(0.25 / 0.12909944)
    assert means.low < means.value < means.high
    assert measure_effect(np.zeros(4), is_binary=False) is None
    assert measure_effect(np.zeros(4), is_binary=True) is None


def test_wilson_equals_known_values() -> None:
    # scipy.stats.binomtest(8, 8).proportion_ci(method="wilson") and binomtest(3, 10)
    assert wilson_interval(8, 8) == pytest.approx((0.675592, 1.0), abs=1e-6)
    assert wilson_interval(3, 10) == pytest.approx((0.107791, 0.603222), abs=1e-6)


def test_equal_rows_and_the_normal_limit_give_the_same_spread() -> None:
    generator = np.random.default_rng(4)
    rows = np.stack([generator.random(MIN_NORMAL_ROWS), np.ones(MIN_NORMAL_ROWS)], axis=1)
    limit = resample_sums(rows, seed=1, resamples=4_000)
    assert float(limit[:, 0].std()) == pytest.approx(float(rows[:, 0].std()) * math.sqrt(MIN_NORMAL_ROWS), rel=0.05)
    assert limit[:, 1] == pytest.approx(np.full(4_000, MIN_NORMAL_ROWS))
    few = bootstrap_total(np.array([[0.5, 1.0]] * 20 + [[1.5, 1.0]] * 20), None, seed=1)
    assert (few.value, few.standard_error) == (1.0, pytest.approx(0.5 / math.sqrt(40), rel=0.1))


def test_rows_drawn_one_by_one_and_counted_together_have_the_same_spread() -> None:
    generator = np.random.default_rng(6)
    different = np.stack([generator.normal(2, 1, 900), np.ones(900)], axis=1)
    repeated = np.repeat(different[:30], 30, axis=0)
    for rows in (different, repeated):
        sums = resample_sums(rows, seed=1, resamples=4_000)
        assert float(sums[:, 0].std()) == pytest.approx(float(rows[:, 0].std()) * math.sqrt(900), rel=0.05)
        assert float(sums[:, 0].mean()) == pytest.approx(float(rows[:, 0].sum()), rel=0.01)
        assert (sums[:, 1] == 900).all()
        assert (sums == resample_sums(rows, seed=1, resamples=4_000)).all()


def test_sums_of_columns_do_not_depend_on_the_order() -> None:
    rows = np.array([[1e16, 3.0], [1.5, 4.0], [-1e16, 5.0]])
    assert sum_columns(rows) == sum_columns(rows[::-1]) == [1.5, 12.0]
