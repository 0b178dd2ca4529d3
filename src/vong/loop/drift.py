"""Test for a drop of a score below its reference, valid at every look and for a change at any time.

**The claim.** "The mean of each new score, given all earlier ones, is at least m", where m is a lower confidence bound
of the mean of the reference minus a tolerance. The bound holds with probability 1 - alpha / 2.

**The test.** A capital of 1 is divided among all start times t = 1, 2, … with the weights 1 / (t (t + 1)), whose sum is
1. The part of a start time bets from then on, with each fraction c of a grid, that scores are below m: it is multiplied
by 1 - c + c (1 - score) / (1 - m). While the claim holds, the total capital is a supermartingale that begins with 1, so
the probability that it *ever* reaches 2 / alpha is at most alpha / 2 (Ville). Both errors together are at most alpha.
A drop at any time t costs only the factor t (t + 1), about 2 log t / log(growth) further scores, because the part that
starts at t has lost nothing before. All parts of one fraction are multiplied alike, so that their sum is one number.

Sources: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (arXiv 2010.09686) for the
bets; Shin, Ramdas and Rinaldo, "E-detectors" (arXiv 2203.03532) for the mixture over start times.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from vong.loop.sequential import MAX_EVIDENCE, lower_bound
from vong.records import Record

FRACTIONS = tuple(1 / (1 + math.exp(5.0 - 0.5 * step)) for step in range(19))
"""Betting fractions of the capital, evenly spaced in log-odds from 0.7 % to 98 %."""
MAX_CLAIM = 0.999
"""Largest claimed mean. A bet against a mean of 1 would win infinitely much with the first lower score."""


class DriftReference(Record):
    """Scores with which new ones are compared: their mean, its lower confidence bound, and their number."""

    source: Literal["window", "suite_run"]
    mean: float
    low: float
    n: int


class DriftState(Record):
    """State of the test of one metric.

    `window` collects the scores of the reference until it is complete. `capital` has the capital of each betting
    fraction, `n` is the number of tested scores and `evidence` the largest e-value so far. `raised` is true from the
    alarm to its resolution. Answers that were given before `since` are not observed.
    """

    window: tuple[float, ...] = ()
    reference: DriftReference | None = None
    capital: tuple[float, ...] = (0.0,) * len(FRACTIONS)
    n: int = 0
    evidence: float = 1.0
    raised: bool = False
    since: datetime | None = None


def build_reference(
    values: Sequence[float], alpha: float, source: Literal["window", "suite_run"] = "window"
) -> DriftReference:
    """Return the reference of scores in 0..1. Its lower bound holds with probability 1 - alpha / 2."""
    import numpy as np

    low = lower_bound(np.array(values, dtype=float), alpha)
    return DriftReference(source=source, mean=sum(values) / len(values), low=low, n=len(values))


def observe(state: DriftState, value: float, *, alpha: float, tolerance: float, window: int) -> DriftState:
    """Return the state after one more score in 0..1, which completes the reference or is tested against it.

    `raised` becomes true if the evidence has reached 2 / alpha.
    """
    if state.reference is None:
        collected = (*state.window, value)
        if len(collected) < window:
            return state.model_copy(update={"window": collected})
        return state.model_copy(update={"window": (), "reference": build_reference(collected, alpha)})
    claim = min(state.reference.low - tolerance, MAX_CLAIM)
    n = state.n + 1
    if claim <= 0:
        return state.model_copy(update={"n": n})
    weight = 1 / (n * (n + 1))
    capital = tuple(
        min((own + weight) * (1 - fraction + fraction * (1 - value) / (1 - claim)), MAX_EVIDENCE)
        for own, fraction in zip(state.capital, FRACTIONS, strict=True)
    )
    current = sum(capital) / len(capital) + 1 / (n + 1)
    evidence = max(state.evidence, min(current, MAX_EVIDENCE))
    return state.model_copy(update={"capital": capital, "n": n, "evidence": evidence, "raised": evidence >= 2 / alpha})


def restart(state: DriftState, *, keep_reference: bool) -> DriftState:
    """Return the state that begins again, with the same reference or with a new window."""
    return DriftState(reference=state.reference if keep_reference else None, since=state.since)
