"""Drift test: its false alarm rate and its delay, by simulation with fixed seeds."""

import random

import pytest

from vong.loop.drift import DriftState, build_reference, observe, restart

ALPHA = 0.1


def first_alarm(before: float, after: float, change: int, n: int, seed: int) -> int | None:
    """Return the position of the first alarm in a stream of passed and failed answers whose rate changes once."""
    generator = random.Random(seed)
    state = DriftState()
    for position in range(n):
        value = float(generator.random() < (before if position < change else after))
        state = observe(state, value, alpha=ALPHA, tolerance=0.0, window=60)
        if state.raised:
            return position
    return None


def test_a_stable_score_seldom_raises_an_alarm() -> None:
    alarms = [first_alarm(0.7, 0.7, 0, 400, seed) for seed in range(40)]
    assert sum(alarm is not None for alarm in alarms) <= 40 * ALPHA


@pytest.mark.parametrize("change", [80, 300])
def test_a_drop_is_found_soon_also_late_in_the_stream(change: int) -> None:
    alarms = [first_alarm(0.9, 0.4, change, change + 250, seed) for seed in range(12)]
    delays = sorted(alarm - change for alarm in alarms if alarm is not None)
    assert len(delays) == 12 and min(delays) >= 0
    assert delays[6] < 70


def test_a_restart_keeps_or_replaces_the_reference() -> None:
    reference = build_reference([1.0] * 50, ALPHA, "suite_run")
    assert 0.8 < reference.low < reference.mean == 1.0
    state = DriftState(reference=reference)
    for _ in range(20):
        state = observe(state, 0.0, alpha=ALPHA, tolerance=0.1, window=60)
    assert state.raised and state.evidence >= 2 / ALPHA
    kept, replaced = (restart(state, keep_reference=keep) for keep in (True, False))
    assert kept == DriftState(reference=reference) and replaced == DriftState()


def test_a_reference_near_zero_is_never_tested() -> None:
    state = DriftState(reference=build_reference([0.0] * 20, ALPHA))
    for _ in range(50):
        state = observe(state, 0.0, alpha=ALPHA, tolerance=0.0, window=20)
    assert not state.raised and state.n == 50
