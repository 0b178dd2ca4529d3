"""Evidence of canaries and releases as records."""

from collections.abc import Sequence
from typing import Any

from vong.loop.sequential import DecisionRules, EvidencePoint, Goal, ScoreObservation, Verdict
from vong.records import Record


class EvidenceHistoryPoint(Record):
    """Evidence after `n` pairs; see `vong.loop.sequential.EvidencePoint`."""

    n: int
    candidate: float
    incumbent: float
    e_better: float
    e_worse: float
    low: float
    high: float


class Evidence(Record):
    """Current evidence of a canary, or that at the decision.

    `candidate` and `incumbent` are mean scores over `pairs`. `difference` is candidate minus incumbent; `low` and
    `high` bound it at confidence 1 - alpha, at all times simultaneously. `e_better` or `e_worse` decides on reaching
    `threshold`.
    """

    pairs: int
    candidate_scores: int
    incumbent_scores: int
    candidate: float | None = None
    incumbent: float | None = None
    difference: float | None = None
    low: float = -1.0
    high: float = 1.0
    e_better: float = 1.0
    e_worse: float = 1.0
    threshold: float
    alpha: float
    margin: float
    goal: Goal
    verdict: Verdict


def build_evidence(
    rules: DecisionRules,
    observations: Sequence[ScoreObservation],
    history: Sequence[EvidencePoint],
    verdict: Verdict = "keep_going",
) -> Evidence:
    """Return the evidence after the last point of a history."""
    last = history[-1] if history else None
    sides = [one.side for one in observations]
    numbers: dict[str, Any] = {}
    if last is not None:
        numbers = last._asdict() | {"difference": last.candidate - last.incumbent}
        del numbers["n"]
    return Evidence(
        pairs=len(history),
        candidate_scores=sides.count("candidate"),
        incumbent_scores=sides.count("incumbent"),
        threshold=2 / rules.alpha,
        alpha=rules.alpha,
        margin=rules.margin,
        goal=rules.goal,
        verdict=verdict,
        **numbers,
    )


def describe_evidence(evidence: Evidence) -> str:
    """Return the evidence of a decision as a sentence."""
    bounds = f"a difference of {evidence.difference:+.3f} [{evidence.low:+.3f}, {evidence.high:+.3f}]"
    basis = f"after {evidence.pairs} pairs, at {1 - evidence.alpha:.0%} confidence"
    if evidence.verdict == "no_difference":
        return f"no difference shown {basis}: {bounds}; the incumbent stays"
    if evidence.verdict == "roll_back":
        return f"the candidate is worse: {bounds} {basis}"
    better = "better" if evidence.goal == "better" else f"non-inferior within the margin {evidence.margin:g}"
    return f"the candidate is {better}: {bounds} {basis}"
