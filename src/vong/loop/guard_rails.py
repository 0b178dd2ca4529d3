"""Guard rails of a release: shares of failed, slow or expensive calls, tested after every call.

Each rail compares the share of bad calls of both sides. The observations are indicators in {0, 1}, so the test is that
of `vong.loop.sequential`, computed one call at a time: the state has a constant size however many calls there are.
"""

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from vong.loop.sequential import MAX_EVIDENCE, Side
from vong.records import Record

GuardMetric = Literal["errors", "latency", "cost"]
LIMIT_SAMPLE = 20
"""Calls of the incumbent from which a limit follows if there is none."""
FRACTIONS = tuple(1 / (1 + math.exp(5.0 - 0.5 * i)) for i in range(19))
"""Betting fractions, as in `vong.loop.sequential.betting_fractions`."""


class GuardRail(Record):
    """Rail: roll back once the candidate's share of bad calls is shown to exceed that of the incumbent by `margin`.

    A call is bad if it failed (`errors`), or if its latency in milliseconds or its cost in millionths of a US dollar is
    above `limit`. Without a limit, that of latency and cost is the 95th percentile of the route's calls before the
    release; if there were too few, of the first calls of the incumbent, which then do not count.
    """

    metric: GuardMetric
    margin: float = Field(default=0.05, ge=0, lt=1)
    limit: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class CallMeasures(Record):
    """Measures of one call. Null if unknown."""

    failed: bool
    latency_ms: float | None = None
    cost: float | None = None

    def value(self, metric: GuardMetric) -> float | None:
        """Return the latency or the cost. Returns None if it is unknown or the call failed."""
        return None if self.failed else self.latency_ms if metric == "latency" else self.cost

    def is_bad(self, metric: GuardMetric, limit: float | None) -> bool | None:
        """Return whether the call is bad for a rail. Returns None if the measure or the limit is unknown."""
        if metric == "errors":
            return self.failed
        value = self.value(metric)
        return None if value is None or limit is None else value > limit


class OpenBlock(Record):
    """Calls since the last complete block: number of bad calls and of all calls of each side."""

    candidate_bad: int = 0
    candidate_calls: int = 0
    incumbent_bad: int = 0
    incumbent_calls: int = 0


class GuardRailState(Record):
    """State of a rail: the counts of both sides, and the evidence that the candidate is worse by more than the margin.

    `e_worse` is the largest evidence so far; the rail is violated once it reaches `threshold`. `sample` are the
    incumbent's first values, from which the limit follows if there is none.
    """

    metric: GuardMetric
    margin: float
    limit: float | None = None
    threshold: float
    candidate_bad: int = 0
    candidate_calls: int = 0
    incumbent_bad: int = 0
    incumbent_calls: int = 0
    pairs: int = 0
    e_worse: float = 1.0
    log_capitals: tuple[float, ...] = (0.0,) * len(FRACTIONS)
    block: OpenBlock = OpenBlock()
    sample: tuple[float, ...] = ()

    @property
    def is_violated(self) -> bool:
        """Return True if the candidate is shown to be worse by more than the margin."""
        return self.e_worse >= self.threshold


def create_states(
    rails: tuple[GuardRail, ...], alpha: float, limits: Mapping[GuardMetric, float]
) -> tuple[GuardRailState, ...]:
    """Return the first states. All rails together have the error `alpha`, each an equal part."""
    threshold = len(rails) / alpha if rails else 1.0
    return tuple(
        GuardRailState(
            metric=rail.metric,
            margin=rail.margin,
            limit=rail.limit if rail.limit is not None else limits.get(rail.metric),
            threshold=threshold,
        )
        for rail in rails
    )


def add_call(state: GuardRailState, side: Side, measures: CallMeasures) -> GuardRailState:
    """Return the state after a call."""
    if state.metric != "errors" and state.limit is None:
        return _add_to_sample(state, side, measures)
    bad = measures.is_bad(state.metric, state.limit)
    if bad is None:
        return state
    names = (f"{side}_bad", f"{side}_calls")
    counts = {names[0]: getattr(state, names[0]) + int(bad), names[1]: getattr(state, names[1]) + 1}
    block = state.block.model_copy(
        update={names[0]: getattr(state.block, names[0]) + int(bad), names[1]: getattr(state.block, names[1]) + 1}
    )
    state = state.model_copy(update={**counts, "block": block})
    if not block.candidate_calls or not block.incumbent_calls:
        return state
    difference = block.candidate_bad / block.candidate_calls - block.incumbent_bad / block.incumbent_calls
    return _bet(state, (difference + 1) / 2)


def _add_to_sample(state: GuardRailState, side: Side, measures: CallMeasures) -> GuardRailState:
    """Return the state with another value of the incumbent, and with the limit once there are enough."""
    value = measures.value(state.metric)
    if side == "candidate" or value is None:
        return state
    sample = (*state.sample, value)
    if len(sample) < LIMIT_SAMPLE:
        return state.model_copy(update={"sample": sample})
    limit = sorted(sample)[int(0.95 * len(sample))]
    return state.model_copy(update={"sample": (), "limit": limit})


def _bet(state: GuardRailState, value: float) -> GuardRailState:
    """Bet against "the candidate's share of bad calls exceeds that of the incumbent by at most the margin"."""
    mean = (state.margin + 1) / 2
    capitals = tuple(
        capital + math.log(1 - fraction + fraction * value / mean)
        for capital, fraction in zip(state.log_capitals, FRACTIONS, strict=True)
    )
    largest = max(capitals)
    evidence = math.fsum(math.exp(capital - largest) for capital in capitals) / len(capitals)
    current = min(MAX_EVIDENCE, evidence * math.exp(min(largest, 600.0)))
    values = {"log_capitals": capitals, "pairs": state.pairs + 1, "block": OpenBlock()}
    return state.model_copy(update={**values, "e_worse": max(state.e_worse, current)})


def describe_violation(state: GuardRailState) -> str:
    """Return a violated rail as a sentence."""
    labels = {"errors": "failed calls", "latency": "slow calls", "cost": "expensive calls"}
    shares = [
        f"{bad / max(calls, 1):.1%} of {calls}"
        for bad, calls in (
            (state.candidate_bad, state.candidate_calls),
            (state.incumbent_bad, state.incumbent_calls),
        )
    ]
    limit = "" if state.limit is None else f" (above {state.limit:g} {'ms' if state.metric == 'latency' else 'µ$'})"
    return (
        f"guard rail {state.metric!r}: {labels[state.metric]}{limit} {shares[0]} of the candidate, "
        f"{shares[1]} of the incumbent, which is worse by more than {state.margin:g}"
    )
