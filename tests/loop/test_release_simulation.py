"""Properties of the release test: few false promotions at any effect, and agreement with the batch computation."""

import numpy as np
import pytest

from benchmarks.release import EFFECTS, PROMOTE, ROLL_BACK, run_simulation, to_markdown
from vong.loop.guard_rails import CallMeasures, GuardRail, add_call, create_states
from vong.loop.release_records import ReleasePlan
from vong.loop.sequential import e_process


def test_false_promotions_are_rare_and_large_effects_are_decided_soon() -> None:
    rows = {row.effect: row for row in run_simulation(60, ReleasePlan(max_pairs=200))}
    for effect in EFFECTS:
        wrong = ROLL_BACK if effect > 0 else PROMOTE
        assert np.mean(rows[effect].sequential.verdict == wrong) <= 0.05
    assert np.mean(rows[0.3].sequential.verdict == PROMOTE) >= 0.95
    assert np.mean(rows[-0.2].sequential.verdict == ROLL_BACK) >= 0.8
    assert np.mean(rows[0.0].peeking.verdict != 0) > 0.2  # what the test avoids
    assert len(to_markdown(list(rows.values())).splitlines()) == 12


@pytest.mark.parametrize("margin", [0.0, 0.1])
def test_a_guard_rail_computes_the_same_evidence_call_by_call(margin: float) -> None:
    generator = np.random.default_rng(3)
    [state] = create_states((GuardRail(metric="errors", margin=margin),), 0.05, {})
    differences: list[float] = []
    largest = 1.0
    for _ in range(200):
        failed = [bool(generator.random() < share) for share in (0.3, 0.1)]
        state = add_call(state, "candidate", CallMeasures(failed=failed[0]))
        state = add_call(state, "incumbent", CallMeasures(failed=failed[1]))
        differences.append(float(failed[0]) - float(failed[1]))
    values = (np.array(differences) + 1) / 2
    largest = max(largest, float(e_process(values, (margin + 1) / 2).max()))
    assert state.pairs == 200
    assert state.e_worse == pytest.approx(largest)
    assert (state.candidate_calls, state.incumbent_calls) == (200, 200)


def test_equal_error_rates_violate_a_rail_rarely() -> None:
    generator, violated = np.random.default_rng(4), 0
    for _ in range(40):
        [state] = create_states((GuardRail(metric="errors", margin=0.0),), 0.05, {})
        for _ in range(150):
            state = add_call(state, "candidate", CallMeasures(failed=bool(generator.random() < 0.2)))
            state = add_call(state, "incumbent", CallMeasures(failed=bool(generator.random() < 0.2)))
        violated += state.is_violated
    assert violated <= 4
