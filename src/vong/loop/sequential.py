"""Is the candidate better? A test that may be looked at after every single score and still errs as rarely as it says.

**The stream.** A route sends each request to the candidate or to the incumbent by fixed random weights, without looking
at the request. Scores in [0, 1] come back one by one. They are put into blocks: a block is complete as soon as it holds
at least one score of each side, and gives one difference, the mean of the candidate's scores in it less the mean of the
incumbent's. Every score is used once.

**Why that is valid.** When a block ends depends on which side answered, never on what the scores are, and which side
answers is drawn independently of the request. So, given everything before it, a block's difference has the mean
delta = mean score of the candidate - mean score of the incumbent, and D = (difference + 1) / 2 lies in [0, 1] with mean
(delta + 1) / 2. Where the quality of the traffic drifts, both sides of a block drift together.

**The test.** Against "delta is at most d", put m = (d + 1) / 2 and bet the fraction c of a capital of 1 on D being
above m, again and again: the capital is the product of 1 - c + c D / m. While the claim holds it is a supermartingale,
so the chance that it *ever* reaches 1 / a is at most a (Ville). The mean of the capitals of a grid of fractions is one
as well, and grows nearly as fast as the best fraction known only afterwards. "delta is at least d" is tested by betting
on 1 - D. Each side is tested at alpha / 2, so that both errors together stay below alpha. The confidence sequence holds
the values of d that neither side has refused so far; it covers delta at all times at once with probability 1 - alpha.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 2023 (arXiv
2010.09686): capital processes, their mixture over a grid of bets, confidence sequences by inversion.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:  # a server that decides nothing spares the memory
    import numpy as np
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"
Side = Literal["candidate", "incumbent"]
Verdict = Literal["promote", "roll_back", "keep_going", "no_difference"]
Goal = Literal["better", "not_worse"]

STEPS = 40
"""Halvings of an interval's search: its ends are exact to 2e-12."""
MOST = 1e300
"""Evidence above this is given as this, so that it stays a number in JSON."""


class ScoreObservation(NamedTuple):
    """One score of one side, in 0..1."""

    side: Side
    value: float


class PairedBlock(NamedTuple):
    """One complete block: the two means and how many scores each is of."""

    candidate: float
    incumbent: float
    candidate_scores: int
    incumbent_scores: int


class DecisionRules(NamedTuple):
    """When to decide. `goal` is what promotes: to be shown `better`, or to be shown `not_worse` than the incumbent by
    more than `margin`. Being shown worse by more than `margin` rolls back, at any time. A promotion waits for
    `min_pairs`; after `max_pairs` without a decision the incumbent stays.
    """

    alpha: float = 0.05
    margin: float = 0.0
    goal: Goal = "better"
    min_pairs: int = 10
    max_pairs: int = 500


class EvidencePoint(NamedTuple):
    """What was known after `n` pairs. `e_better` is the evidence for promoting, `e_worse` for rolling back; either
    decides at 2 / alpha. `low` and `high` bound the true difference; the means are over pairs.
    """

    n: int
    candidate: float
    incumbent: float
    e_better: float
    e_worse: float
    low: float
    high: float


def pair_up(observations: Iterable[ScoreObservation]) -> list[PairedBlock]:
    """The complete blocks of a stream of scores, in order. ValueError for a score outside 0..1."""
    pairs: list[PairedBlock] = []
    block: dict[Side, list[float]] = {"candidate": [], "incumbent": []}
    for side, value in observations:
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"a score lies between 0 and 1, not {value}")
        block[side].append(value)
        ours, theirs = block["candidate"], block["incumbent"]
        if ours and theirs:
            means = (min(1.0, sum(ours) / len(ours)), min(1.0, sum(theirs) / len(theirs)))
            pairs.append(PairedBlock(*means, len(ours), len(theirs)))
            block = {"candidate": [], "incumbent": []}
    return pairs


def follow(pairs: Sequence[PairedBlock], rules: DecisionRules, *, start: int = 0) -> list[EvidencePoint]:
    """What was known after each pair, from the pair after `start` on."""
    if start >= len(pairs):
        return []
    import numpy as np

    ours, theirs = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    data = (ours - theirs + 1) / 2
    shown = 0.0 if rules.goal == "better" else -rules.margin
    better = capital(data, (shown + 1) / 2)
    worse = capital(1 - data, (rules.margin + 1) / 2)
    points: list[EvidencePoint] = []
    for n in range(start + 1, len(pairs) + 1):
        low, high = interval(data[:n], rules.alpha)
        means = float(ours[:n].mean()), float(theirs[:n].mean())
        points.append(EvidencePoint(n, *means, float(better[n - 1]), float(worse[n - 1]), low, high))
    return points


def decide(point: EvidencePoint, rules: DecisionRules) -> Verdict:
    """What these figures allow. Asked after every pair in order, the first answer but `keep_going` is the decision."""
    enough = 2 / rules.alpha
    if point.e_worse >= enough:
        return "roll_back"
    if point.e_better >= enough and point.n >= rules.min_pairs:
        return "promote"
    return "no_difference" if point.n >= rules.max_pairs else "keep_going"


def capital(data: Floats, mean: float) -> Floats:
    """The e-process against "the mean of `data` (in [0, 1]) is at most `mean`" after each value: the average, over the
    grid of fractions c, of the products of 1 - c + c D / mean. Shape [n]; `mean` lies in (0, 1].

    It falls as `mean` rises, at every n, which is what makes the interval one piece and quick to find.
    """
    import numpy as np

    fractions = _fractions()[:, None]
    factors = 1 - fractions + fractions * data[None, :] / mean
    with np.errstate(over="ignore"):
        return np.minimum(np.exp(np.cumsum(np.log(factors), axis=1)).mean(axis=0), MOST)


def interval(data: Floats, alpha: float) -> tuple[float, float]:
    """The confidence sequence at its last value: bounds of the true difference that hold at every n at once with
    probability 1 - alpha. An end is where the evidence against it has at any time reached 2 / alpha.
    """
    low, high = _lower(data, alpha), 1 - _lower(1 - data, alpha)
    return 2 * low - 1, 2 * high - 1


@cache
def _fractions() -> Floats:
    """Fractions of the capital, even in log-odds from 0.7 % to 98 %: small bets for small differences, large for large
    ones.
    """
    import numpy as np

    return 1 / (1 + np.exp(-np.linspace(-5.0, 4.0, 19)))


def _lower(data: Floats, alpha: float) -> float:
    refused, kept = 0.0, 1.0
    for _ in range(STEPS):
        middle = (refused + kept) / 2
        if capital(data, middle).max() >= 2 / alpha:
            refused = middle
        else:
            kept = middle
    return refused
