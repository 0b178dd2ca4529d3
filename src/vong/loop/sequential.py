"""Sequential test of candidate against incumbent, valid at every look: the error bound holds after every score.

**The stream.** A route sends each request to the candidate or to the incumbent by fixed random weights, without looking
at the request. Scores in [0, 1] come back one by one. They are put into blocks: a block is complete as soon as it holds
at least one score of each side, and yields one difference: the mean of the candidate's scores in it minus the mean of
the incumbent's. Every score is used once.

**Why this is valid.** The end of a block depends on which side answered, never on the scores, and the side is drawn
independently of the request. So, given all earlier scores, a block's difference has the mean
delta = mean score of the candidate - mean score of the incumbent, and D = (difference + 1) / 2 lies in [0, 1] with mean
(delta + 1) / 2. If the quality of the traffic drifts, both sides of a block drift together.

**The test.** Against "delta is at most d", put m = (d + 1) / 2 and bet the fraction c of a capital of 1 on D being
above m, repeatedly: the capital is the product of 1 - c + c D / m. While the claim holds, the capital is a
supermartingale, so the probability that it *ever* reaches 1 / a is at most a (Ville). The mean of the capitals of a
grid of fractions is a supermartingale as well, and grows nearly as fast as the best fraction in hindsight. "delta is at
least d" is tested by betting on 1 - D. Each side is tested at alpha / 2, so that both errors together stay below alpha.
The confidence sequence contains the values of d that neither side has rejected so far; it covers delta at all times
simultaneously with probability 1 - alpha.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2023 (arXiv
2010.09686): capital processes, their mixture over a grid of bets, confidence sequences by inversion.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:  # saves memory in servers without canaries
    import numpy as np
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
Side = Literal["candidate", "incumbent"]
Verdict = Literal["promote", "roll_back", "keep_going", "no_difference"]
Goal = Literal["better", "non_inferior"]

BISECTION_STEPS = 40
"""Bisection steps of an interval bound, which make it exact to 2e-12."""
MAX_EVIDENCE = 1e300
"""Upper limit of reported evidence, so that it remains a number in JSON."""


class ScoreObservation(NamedTuple):
    """Score of one side, in 0..1."""

    side: Side
    value: float


class PairedBlock(NamedTuple):
    """Complete block: the mean and the number of scores of each side."""

    candidate: float
    incumbent: float
    candidate_scores: int
    incumbent_scores: int


class DecisionRules(NamedTuple):
    """Rules for the decision of a canary.

    `goal` sets the condition of a promotion: evidence that the candidate is `better`, or `non_inferior`, which is not
    worse than the incumbent by more than `margin`. Evidence that the candidate is worse by more than `margin` rolls
    back at any time. A promotion requires `min_pairs`. After `max_pairs` without a decision the incumbent stays.
    """

    alpha: float = 0.05
    margin: float = 0.0
    goal: Goal = "better"
    min_pairs: int = 10
    max_pairs: int = 500


class EvidencePoint(NamedTuple):
    """Evidence after `n` pairs.

    `e_better` is the evidence for a promotion, `e_worse` for a rollback; either decides at 2 / alpha. `low` and `high`
    bound the true difference. `candidate` and `incumbent` are means over pairs.
    """

    n: int
    candidate: float
    incumbent: float
    e_better: float
    e_worse: float
    low: float
    high: float


def pair_up(observations: Iterable[ScoreObservation]) -> list[PairedBlock]:
    """Group a stream of scores into complete blocks, in order.

    Raises: ValueError if a score is outside 0..1.
    """
    pairs: list[PairedBlock] = []
    block: dict[Side, list[float]] = {"candidate": [], "incumbent": []}
    for side, value in observations:
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"score {value} is not between 0 and 1")
        block[side].append(value)
        ours, theirs = block["candidate"], block["incumbent"]
        if ours and theirs:
            means = (min(1.0, sum(ours) / len(ours)), min(1.0, sum(theirs) / len(theirs)))
            pairs.append(PairedBlock(*means, len(ours), len(theirs)))
            block = {"candidate": [], "incumbent": []}
    return pairs


def compute_evidence(pairs: Sequence[PairedBlock], rules: DecisionRules, *, start: int = 0) -> list[EvidencePoint]:
    """Compute the evidence after each pair, beginning with the pair after `start`."""
    if start >= len(pairs):
        return []
    import numpy as np

    ours, theirs = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    data = (ours - theirs + 1) / 2
    lower_claim = 0.0 if rules.goal == "better" else -rules.margin
    better = e_process(data, (lower_claim + 1) / 2)
    worse = e_process(1 - data, (rules.margin + 1) / 2)
    points: list[EvidencePoint] = []
    for n in range(start + 1, len(pairs) + 1):
        low, high = confidence_interval(data[:n], rules.alpha)
        means = float(ours[:n].mean()), float(theirs[:n].mean())
        points.append(EvidencePoint(n, *means, float(better[n - 1]), float(worse[n - 1]), low, high))
    return points


def decide(point: EvidencePoint, rules: DecisionRules) -> Verdict:
    """Return the verdict after one pair. The first verdict other than `keep_going`, in order, is the decision."""
    threshold = 2 / rules.alpha
    if point.e_worse >= threshold:
        return "roll_back"
    if point.e_better >= threshold and point.n >= rules.min_pairs:
        return "promote"
    return "no_difference" if point.n >= rules.max_pairs else "keep_going"


def e_process(data: Floats, mean: float) -> Floats:
    """Return the e-process against "the mean of `data` (in [0, 1]) is at most `mean`" after each value, shape [n].

    This is the average, over the grid of fractions c, of the products of 1 - c + c D / mean, with `mean` in (0, 1]. The
    e-process falls as `mean` rises, at every n, so that the interval is contiguous and bisection finds its bounds.
    """
    import numpy as np

    fractions = betting_fractions()[:, None]
    factors = 1 - fractions + fractions * data[None, :] / mean
    with np.errstate(over="ignore"):
        return np.minimum(np.exp(np.cumsum(np.log(factors), axis=1)).mean(axis=0), MAX_EVIDENCE)


def confidence_interval(data: Floats, alpha: float) -> tuple[float, float]:
    """Return the confidence sequence at its last value: bounds of the true difference.

    The bounds hold at all n simultaneously with probability 1 - alpha. A bound is the value against which the evidence
    has reached 2 / alpha at any time.
    """
    low, high = lower_bound(data, alpha), 1 - lower_bound(1 - data, alpha)
    return 2 * low - 1, 2 * high - 1


@cache
def betting_fractions() -> Floats:
    """Return betting fractions of the capital, evenly spaced in log-odds from 0.7 % to 98 %.

    Small bets detect small differences, large bets large ones.
    """
    import numpy as np

    return 1 / (1 + np.exp(-np.linspace(-5.0, 4.0, 19)))


def lower_bound(data: Floats, alpha: float) -> float:
    """Return the lower bound of the mean of `data`, which holds at all n with probability 1 - alpha / 2."""
    rejected, accepted = 0.0, 1.0
    for _ in range(BISECTION_STEPS):
        middle = (rejected + accepted) / 2
        if e_process(data, middle).max() >= 2 / alpha:
            rejected = middle
        else:
            accepted = middle
    return rejected
