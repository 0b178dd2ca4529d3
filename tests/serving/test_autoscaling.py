"""Number of replicas by load, with hysteresis."""

from vong.serving.autoscaling import (
    COOLDOWN_SECONDS,
    LOWER_AFTER_SECONDS,
    RAISE_AFTER_SECONDS,
    ReportedLoad,
    ScalingBounds,
    ScalingDecision,
    ScalingState,
    decide,
)

BOUNDS = ScalingBounds(minimum=1, maximum=4, batch=8)
START = 1000.0


def run(replicas: int, loads: list[ReportedLoad], seconds: float, bounds: ScalingBounds = BOUNDS) -> ScalingDecision:
    """Return the decision after a constant load for some seconds."""
    first = decide(replicas, bounds, loads, ScalingState(), START)
    assert first.replicas == replicas
    return decide(replicas, bounds, loads, first.state, START + seconds)


def test_a_replica_is_added_only_after_the_queue_was_long_for_some_time() -> None:
    loads = [ReportedLoad(active=8, waiting=2)]
    assert run(1, loads, RAISE_AFTER_SECONDS - 1).replicas == 1
    raised = run(1, loads, RAISE_AFTER_SECONDS)
    assert raised.replicas == 2
    assert raised.reason is not None and "2 calls wait at 1 replicas" in raised.reason


def test_a_long_queue_adds_as_many_replicas_as_it_fills() -> None:
    assert run(1, [ReportedLoad(active=8, waiting=12)], RAISE_AFTER_SECONDS).replicas == 4


def test_a_replica_is_added_if_the_first_token_takes_longer_than_the_target() -> None:
    bounds = BOUNDS._replace(first_token_target_ms=500)
    slow, fast = [ReportedLoad(3, 0, 900.0)], [ReportedLoad(3, 0, 400.0)]
    assert run(1, slow, RAISE_AFTER_SECONDS, bounds).replicas == 2
    assert run(1, fast, RAISE_AFTER_SECONDS, bounds).replicas == 1
    assert run(1, slow, RAISE_AFTER_SECONDS).replicas == 1, "no target is set"
    old = [ReportedLoad(0, 0, 900.0)]
    assert run(1, old, RAISE_AFTER_SECONDS, bounds).replicas == 1, "the measured calls have ended"


def test_a_replica_is_removed_after_the_load_was_low_for_a_long_time() -> None:
    loads = [ReportedLoad(active=2), ReportedLoad(active=2)]
    assert run(2, loads, LOWER_AFTER_SECONDS - 1).replicas == 2
    assert run(2, loads, LOWER_AFTER_SECONDS).replicas == 1
    busy = [ReportedLoad(active=3), ReportedLoad(active=3)]
    assert run(2, busy, LOWER_AFTER_SECONDS).replicas == 2, "one replica would have more than half of its batch in use"


def test_a_load_that_changes_resets_the_time() -> None:
    high, normal = [ReportedLoad(8, 2)], [ReportedLoad(4, 0)]
    state = decide(1, BOUNDS, high, ScalingState(), START).state
    state = decide(1, BOUNDS, normal, state, START + 3).state
    assert decide(1, BOUNDS, high, state, START + RAISE_AFTER_SECONDS + 1).replicas == 1


def test_the_number_stays_after_a_change_and_while_new_replicas_start() -> None:
    changed = run(1, [ReportedLoad(8, 2)], RAISE_AFTER_SECONDS)
    at = START + RAISE_AFTER_SECONDS
    two = [ReportedLoad(8, 2), ReportedLoad(8, 2)]
    during = decide(2, BOUNDS, two, changed.state, at + 1)
    assert decide(2, BOUNDS, two, during.state, at + COOLDOWN_SECONDS - 1).replicas == 2
    assert decide(2, BOUNDS, two, during.state, at + COOLDOWN_SECONDS).replicas == 4
    assert decide(2, BOUNDS, two[:1], during.state, at + COOLDOWN_SECONDS).replicas == 2


def test_new_bounds_apply_at_once() -> None:
    assert decide(1, ScalingBounds(2, 2, 8), [], ScalingState(), START).replicas == 2
    assert decide(5, ScalingBounds(1, 3, 8), [], ScalingState(), START).replicas == 3
