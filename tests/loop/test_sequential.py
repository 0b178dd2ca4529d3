import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vong.loop.sequential import (
    DecisionRules,
    EvidencePoint,
    Floats,
    PairedBlock,
    ScoreObservation,
    Verdict,
    compute_evidence,
    confidence_interval,
    decide,
    e_process,
    pair_up,
)

observations = st.lists(
    st.builds(ScoreObservation, st.sampled_from(["candidate", "incumbent"]), st.floats(0, 1, allow_subnormal=False)),
    max_size=40,
)


def stream(candidate: Floats, incumbent: Floats, share: float, seed: int) -> list[PairedBlock]:
    """Yield scored traffic, assigned to candidate and incumbent by `share`. Each side has its own array of scores."""
    ours = np.random.default_rng(seed).random(len(candidate)) < share
    return pair_up(
        ScoreObservation("candidate" if mine else "incumbent", float(candidate[i] if mine else incumbent[i]))
        for i, mine in enumerate(ours)
    )


def first_decision(pairs: list[PairedBlock], rules: DecisionRules) -> tuple[Verdict, int]:
    """Return the decision of a check after every pair, and its number. Intervals are skipped because they are slow."""
    data = np.array([(pair.candidate - pair.incumbent + 1) / 2 for pair in pairs])
    shown = 0.0 if rules.goal == "better" else -rules.margin
    better, worse = e_process(data, (shown + 1) / 2), e_process(1 - data, (rules.margin + 1) / 2)
    for n in range(len(data)):
        verdict = decide(EvidencePoint(n + 1, 0, 0, better[n], worse[n], 0, 0), rules)
        if verdict != "keep_going":
            return verdict, n + 1
    return "keep_going", len(data)


def draw(kind: str, generator: np.random.Generator, size: int) -> Floats:
    """Draw scores of one distribution. Both sides have equal means, so that the null hypothesis is true."""
    if kind == "rare":
        return (generator.random(size) < 0.03).astype(float)
    if kind == "coin":
        return (generator.random(size) < 0.5).astype(float)
    if kind == "frequent":
        return (generator.random(size) < 0.95).astype(float)
    if kind == "uniform":
        return generator.random(size)
    if kind == "stars":
        return generator.choice([0.0, 0.25, 0.5, 0.75, 1.0], size=size, p=[0.3, 0.1, 0.05, 0.15, 0.4])
    return generator.beta(0.3, 0.3, size)


@pytest.mark.parametrize("kind", ["rare", "coin", "frequent", "uniform", "stars", "beta"])
@pytest.mark.parametrize("share", [0.5, 0.1])
def test_continuous_peeking_at_equal_sides_finds_a_difference_at_most_in_alpha_of_runs(kind: str, share: float) -> None:
    rules = DecisionRules(alpha=0.1, min_pairs=1, max_pairs=5000)
    wrong = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        size = 400
        pairs = stream(draw(kind, generator, size), draw(kind, generator, size), share, seed + 10_000)
        wrong += first_decision(pairs, rules)[0] != "keep_going"
    assert wrong / 200 <= 0.1


def test_sides_of_equal_mean_and_different_distribution_show_no_difference() -> None:
    rules = DecisionRules(alpha=0.1, min_pairs=1, max_pairs=5000)
    wrong = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        pairs = stream(draw("coin", generator, 400), np.full(400, 0.5), 0.5, seed + 10_000)
        wrong += first_decision(pairs, rules)[0] != "keep_going"
    assert wrong / 200 <= 0.1


def test_traffic_that_gets_harder_for_both_sides_shows_no_difference() -> None:
    rules = DecisionRules(alpha=0.1, min_pairs=1, max_pairs=5000)
    falling = np.linspace(0.9, 0.3, 400)
    wrong = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        sides = [(generator.random(400) < falling).astype(float) for _ in range(2)]
        wrong += first_decision(stream(sides[0], sides[1], 0.5, seed + 10_000), rules)[0] != "keep_going"
    assert wrong / 200 <= 0.1


@pytest.mark.parametrize("share", [0.5, 0.1])
@pytest.mark.parametrize(("candidate", "incumbent", "expected"), [(0.85, 0.1, "promote"), (0.1, 0.85, "roll_back")])
def test_a_large_difference_is_decided_within_twenty_pairs(
    candidate: float, incumbent: float, expected: Verdict, share: float
) -> None:
    decisions: Counter[Verdict] = Counter()
    needed: list[int] = []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        sides = [(generator.random(400) < mean).astype(float) for mean in (candidate, incumbent)]
        verdict, n = first_decision(stream(sides[0], sides[1], share, seed + 10_000), DecisionRules())
        decisions[verdict] += 1
        needed.append(n)
    assert decisions[expected] == 200
    assert np.quantile(needed, 0.95) <= 20


def test_the_confidence_sequence_contains_the_true_value_at_all_times() -> None:
    missed = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        ours, theirs = generator.random(120) < 0.7, generator.random(120) < 0.5
        pairs = stream(ours.astype(float), theirs.astype(float), 0.5, seed + 10_000)
        missed += any(not point.low <= 0.2 <= point.high for point in compute_evidence(pairs, DecisionRules(alpha=0.1)))
    assert missed <= 6


@given(observations)
def test_a_block_ends_when_both_sides_have_a_score_and_every_score_is_used_once(stream: list[ScoreObservation]) -> None:
    pairs = pair_up(stream)
    used = sum(pair.candidate_scores + pair.incumbent_scores for pair in pairs)
    assert len({side for side, _ in stream[used:]}) <= 1
    for pair in pairs:
        assert 1 in {pair.candidate_scores, pair.incumbent_scores}
        assert 0 <= pair.candidate <= 1
        assert 0 <= pair.incumbent <= 1
    assert pair_up(stream[:used]) == pairs


@given(observations)
@settings(max_examples=30, deadline=None)
def test_evidence_stays_in_bounds_and_does_not_depend_on_the_number_of_checks(stream: list[ScoreObservation]) -> None:
    pairs, rules = pair_up(stream), DecisionRules(margin=0.05)
    whole = compute_evidence(pairs, rules)
    step_by_step = [point for n in range(len(pairs)) for point in compute_evidence(pairs[: n + 1], rules, start=n)]
    assert len(whole) == len(step_by_step)
    assert not whole or np.allclose(whole, step_by_step, rtol=1e-9)
    for before, after in pairwise(whole):
        assert after.low >= before.low - 1e-9
        assert after.high <= before.high + 1e-9
    for point in whole:
        assert -1 <= point.low <= 1
        assert -1 <= point.high <= 1
        assert point.e_better >= 0
        assert point.e_worse >= 0


@given(st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=30))
@settings(deadline=None)
def test_the_interval_contains_the_values_that_neither_bet_rejects(values: list[float]) -> None:
    data = np.array(values)
    low, high = confidence_interval(data, 0.1)
    for end, against in ((low, data), (-high, 1 - data)):
        if end > -1 + 1e-6:
            assert e_process(against, (end - 1e-6 + 1) / 2).max() >= 20 * (1 - 1e-3)
        if end < 1 - 1e-6:
            assert e_process(against, (end + 1e-6 + 1) / 2).max() < 20


def test_swapped_sides_have_mirrored_evidence() -> None:
    stream = [
        ScoreObservation("candidate", 0.9),
        ScoreObservation("incumbent", 0.2),
        ScoreObservation("incumbent", 0.4),
    ] * 8
    mirrored = [ScoreObservation("incumbent" if side == "candidate" else "candidate", value) for side, value in stream]
    for ours, theirs in zip(
        compute_evidence(pair_up(stream), DecisionRules()),
        compute_evidence(pair_up(mirrored), DecisionRules()),
        strict=True,
    ):
        assert ours.e_better == pytest.approx(theirs.e_worse)
        assert ours.low == pytest.approx(-theirs.high)


def test_a_promotion_waits_for_the_minimum_of_pairs_and_a_rollback_does_not() -> None:
    rules = DecisionRules(min_pairs=10, max_pairs=20)
    good, bad = EvidencePoint(9, 1, 0, 100.0, 0.0, 0.5, 1), EvidencePoint(9, 0, 1, 0.0, 100.0, -1, -0.5)
    assert decide(good, rules) == "keep_going"
    assert decide(good._replace(n=10), rules) == "promote"
    assert decide(bad, rules) == "roll_back"
    open_ = EvidencePoint(19, 0.5, 0.5, 1.0, 1.0, -0.4, 0.4)
    assert decide(open_, rules) == "keep_going"
    assert decide(open_._replace(n=20), rules) == "no_difference"


def test_non_inferiority_is_shown_earlier_than_superiority() -> None:
    generator = np.random.default_rng(4)
    sides = [(generator.random(3000) < 0.7).astype(float) for _ in range(2)]
    pairs = stream(sides[0], sides[1], 0.5, 5)
    assert first_decision(pairs, DecisionRules(goal="better", max_pairs=5000))[0] == "keep_going"
    assert first_decision(pairs, DecisionRules(goal="non_inferior", margin=0.2, max_pairs=5000))[0] == "promote"


def test_extreme_evidence_stays_finite_and_scores_out_of_bounds_are_rejected() -> None:
    assert math.isfinite(e_process(np.ones(5000), 0.5)[-1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        pair_up([ScoreObservation("candidate", 1.5)])
