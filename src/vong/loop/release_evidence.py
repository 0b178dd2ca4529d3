"""Evidence of a release from its observations."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from vong.loop import guard_rails, release_store, sequential
from vong.loop.evidence import EvidenceHistoryPoint, build_evidence
from vong.loop.guard_rails import CallMeasures, GuardMetric
from vong.loop.release_records import Release, ReleaseEvidence, ReleaseObservation, ReleasePlan, Series
from vong.loop.sequential import DecisionRules, EvidencePoint, ScoreObservation, Verdict

MAX_PAIRS = 5000
"""Pairs after which further scores are not counted."""

CallsBySpan = Mapping[str, CallMeasures]


def empty_evidence(plan: ReleasePlan) -> ReleaseEvidence:
    """Return the evidence before the first observation."""
    nothing = build_evidence(plan.rules, [], [])
    return ReleaseEvidence(quality=nothing, shadow=nothing)


def start_guard_rails(release: Release, baseline: Mapping[GuardMetric, float]) -> ReleaseEvidence:
    """Return the evidence with new guard rails, for a stage that starts."""
    plan = release.plan
    rails = guard_rails.create_states(plan.guard_rails, plan.guard_alpha, baseline)
    return release.evidence.model_copy(update={"guard_rails": rails})


def add_calls(release: Release, observations: Sequence[ReleaseObservation], measures: CallsBySpan) -> ReleaseEvidence:
    """Return the evidence with more calls counted by the guard rails. `measures` are those of each span's id."""
    states = release.evidence.guard_rails
    for one in observations:
        if one.series == "calls" and str(one.span_id) in measures:
            states = tuple(guard_rails.add_call(state, one.side, measures[str(one.span_id)]) for state in states)
    return release.evidence.model_copy(update={"guard_rails": states})


def count_scores(connection: Connection, release: Release, series: Series) -> ReleaseEvidence:
    """Return the evidence with all stored scores of a series counted."""
    observed = release_store.list_observations(connection, release.id, series)
    scores = [ScoreObservation(one.side, one.value) for one in observed if one.value is not None]
    pairs = sequential.pair_up(scores)
    known = getattr(release.evidence, f"{series}_history")
    history = [EvidencePoint(**point.model_dump()) for point in known]
    rules = release.plan.rules
    history += sequential.compute_evidence(pairs[:MAX_PAIRS], rules, start=len(history))
    evidence = build_evidence(rules, scores, history, _decide(history, rules))
    added = len(history) - len(known)
    values: dict[str, Any] = {
        series: evidence,
        f"{series}_history": tuple(EvidenceHistoryPoint(**point._asdict()) for point in history),
        "step_pairs": release.evidence.step_pairs + added,
    }
    if series == "quality":
        sources = [one.source or "unknown" for one in observed]
        values["sources"] = {name: sources.count(name) for name in sorted(set(sources))}
    return release.evidence.model_copy(update=values)


def _decide(history: Sequence[EvidencePoint], rules: DecisionRules) -> Verdict:
    """Return the verdict of a whole history. A promotion that waits for its gate is withdrawn by later bad evidence."""
    verdicts = [sequential.decide(point, rules) for point in history]
    for verdict in ("roll_back", "promote", "no_difference"):
        if verdict in verdicts:
            return verdict
    return "keep_going"
