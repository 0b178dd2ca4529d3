"""Number of replicas between its bounds, by queue length and time to first token, with hysteresis.

A replica is added after the load was high for RAISE_AFTER_SECONDS, and removed after it was low for
LOWER_AFTER_SECONDS. Between both limits, and for COOLDOWN_SECONDS after a change, the number stays.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

RAISE_AFTER_SECONDS = 5.0
LOWER_AFTER_SECONDS = 120.0
COOLDOWN_SECONDS = 30.0
FULL_SHARE = 0.8
"""Share of the batch that is planned to be in use after replicas are added."""
LOW_SHARE = 0.5
"""Share of the remaining replicas' batch up to which a replica is removed."""


class ReportedLoad(NamedTuple):
    """Load that the engine of a replica reports."""

    active: int = 0
    waiting: int = 0
    first_token_ms: float | None = None


class ScalingBounds(NamedTuple):
    """Bounds and limits of the number of replicas. `batch` is the number of calls that a replica computes at once."""

    minimum: int
    maximum: int
    batch: int
    first_token_target_ms: int = 0


class ScalingState(NamedTuple):
    """Times in seconds since 1970: since when the load is high or low, and of the last change. 0 is never."""

    high_since: float = 0.0
    low_since: float = 0.0
    changed_at: float = 0.0

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "ScalingState":
        """Return the stored state."""
        return cls(**{name: float(values[name]) for name in cls._fields if name in values})


class ScalingDecision(NamedTuple):
    """Number of replicas, the state to store, and the reason of a change."""

    replicas: int
    state: ScalingState
    reason: str | None = None


def decide(
    replicas: int, bounds: ScalingBounds, loads: Sequence[ReportedLoad], state: ScalingState, time: float
) -> ScalingDecision:
    """Return the number of replicas for the current load. `loads` are those of the replicas that take calls."""
    bounded = max(bounds.minimum, min(bounds.maximum, replicas))
    if bounds.minimum == bounds.maximum or not loads:
        return ScalingDecision(bounded, state if loads else ScalingState(changed_at=state.changed_at))
    high, low = _find_high_load(bounds, loads), _find_low_load(bounds, loads)
    state = state._replace(
        high_since=(state.high_since or time) if high else 0.0, low_since=(state.low_since or time) if low else 0.0
    )
    if time - state.changed_at < COOLDOWN_SECONDS or len(loads) < bounded:
        return ScalingDecision(bounded, state)  # new replicas do not take calls yet
    if high and time - state.high_since >= RAISE_AFTER_SECONDS and bounded < bounds.maximum:
        calls = sum(load.active + load.waiting for load in loads)
        needed = ceil(calls / (bounds.batch * FULL_SHARE))
        return ScalingDecision(
            min(bounds.maximum, max(bounded + 1, needed)), ScalingState(changed_at=time), f"{high} for 5 s"
        )
    if low and time - state.low_since >= LOWER_AFTER_SECONDS and bounded > bounds.minimum:
        return ScalingDecision(bounded - 1, ScalingState(changed_at=time), f"{low} for 2 minutes")
    return ScalingDecision(bounded, state)


def _find_high_load(bounds: ScalingBounds, loads: Sequence[ReportedLoad]) -> str | None:
    """Return why the load is high: a call waits per replica, or first tokens take longer than the target."""
    waiting = sum(load.waiting for load in loads)
    if waiting >= len(loads):
        return f"{waiting} calls wait at {len(loads)} replicas"
    times = [load.first_token_ms for load in loads if load.first_token_ms is not None and load.active]
    if bounds.first_token_target_ms and times and sum(times) / len(times) > bounds.first_token_target_ms:
        mean = sum(times) / len(times)
        return f"the time to the first token is {mean:.0f} ms, above {bounds.first_token_target_ms} ms"
    return None


def _find_low_load(bounds: ScalingBounds, loads: Sequence[ReportedLoad]) -> str | None:
    """Return why the load is low: nothing waits, and one replica fewer would have half of its batch free."""
    active = sum(load.active for load in loads)
    if any(load.waiting for load in loads) or len(loads) < 2:
        return None
    if active > (len(loads) - 1) * bounds.batch * LOW_SHARE:
        return None
    return f"{active} calls run at {len(loads)} replicas with a batch of {bounds.batch}"
