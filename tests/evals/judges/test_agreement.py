"""Agreement and bias, against published values."""

import pytest

from vong.evals.judges import agreement

SAS_EXAMPLE = [[0, 4, 1], [0, 8, 0], [0, 1, 5]]
"""Table of the documentation of SAS's FREQ procedure, which statsmodels also tests its kappa with."""


@pytest.mark.parametrize(
    ("matrix", "weights", "kappa"),
    [
        (SAS_EXAMPLE, "none", 0.4842),
        (SAS_EXAMPLE, "linear", 0.4701),
        ([[20, 5], [10, 15]], "none", 0.4),
        ([[45, 15], [25, 15]], "none", 0.1304),
        ([[25, 35], [5, 35]], "none", 0.2593),
        # Cohen 1968, table 1, in proportions of 200: kappa 0.492
        ([[88, 10, 2], [14, 40, 6], [18, 10, 12]], "none", 0.4915),
        ([[3, 0], [0, 3]], "none", 1.0),
        ([[0, 3], [3, 0]], "none", -1.0),
    ],
)
def test_kappa_equals_published_values(matrix: list[list[int]], weights: agreement.KappaWeights, kappa: float) -> None:
    assert agreement.cohens_kappa(matrix, weights) == pytest.approx(kappa, abs=5e-5)


def test_quadratic_weights_follow_the_definition() -> None:
    # 1 - sum(w * observed) / sum(w * expected) with w = (i - j)**2, computed by hand for this table.
    observed = 4 * 1 + 1 * 4 + 1 * 1
    rows, columns, n = (5, 8, 6), (0, 13, 6), 19
    expected = sum((i - j) ** 2 * rows[i] * columns[j] for i in range(3) for j in range(3)) / n
    assert agreement.cohens_kappa(SAS_EXAMPLE, "quadratic") == pytest.approx(1 - observed / expected)


def test_the_interval_is_near_the_asymptotic_one_and_repeatable() -> None:
    # SAS: asymptotic standard error 0.1380, 95 % limits 0.2137 and 0.7547.
    found = agreement.kappa_interval(SAS_EXAMPLE, "none", seed=1)
    assert found.kappa == pytest.approx(0.4842, abs=5e-5)
    assert found.low == pytest.approx(0.2137, abs=0.05)
    assert found.high == pytest.approx(0.7547, abs=0.05)
    assert agreement.kappa_interval(SAS_EXAMPLE, "none", seed=1) == found


def test_kappa_is_undefined_without_variation() -> None:
    assert agreement.cohens_kappa([[5, 0], [0, 0]]) is None
    assert agreement.kappa_interval([[0, 0], [0, 0]], "none", seed=0) == (None, None, None)


def test_the_interval_narrows_with_more_labels() -> None:
    few = agreement.kappa_interval([[8, 2], [2, 8]], "none", seed=0)
    many = agreement.kappa_interval([[80, 20], [20, 80]], "none", seed=0)
    assert few.low is not None
    assert many.low is not None
    assert few.low < many.low < 0.6


def test_length_bias_is_the_correlation_of_the_difference_with_length() -> None:
    lengths = [float(n) for n in range(30)]
    biased = agreement.length_bias([n / 30 for n in lengths], lengths, seed=0)
    assert biased is not None
    assert biased.value == pytest.approx(1.0)
    fair = agreement.length_bias([(-1) ** int(n) * 0.1 for n in lengths], lengths, seed=0)
    assert fair is not None
    assert fair.low < 0 < fair.high
    assert agreement.length_bias([0.1] * 30, lengths, seed=0) is None
    assert agreement.length_bias([0.1] * 3, lengths[:3], seed=0) is None


def test_self_preference_compares_own_and_other_outputs() -> None:
    differences, own = [0.3] * 10 + [0.0, 0.1] * 10, [True] * 10 + [False] * 20
    found = agreement.self_preference(differences, own, seed=0)
    assert found is not None
    assert found.value == pytest.approx(0.25)
    assert found.low > 0
    assert agreement.self_preference(differences, [False] * 30, seed=0) is None


def test_the_share_of_swaps_has_a_wilson_interval() -> None:
    found = agreement.wilson_interval(10, 100)
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.0552, abs=1e-4), pytest.approx(0.1744, abs=1e-4))
    assert agreement.wilson_interval(0, 0) is None
