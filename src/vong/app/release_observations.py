"""Observations of a release: scores of answers, calls for the guard rails, and scored pairs of shadow calls."""

import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from sqlalchemy import Connection

from vong import feedback, traces
from vong.errors import VongError
from vong.evals.scorers import ScorerInput
from vong.evals.scorers.tool_calls import render
from vong.evals.scoring import ConfiguredScorer, scale_value
from vong.feedback.harvest import parse_completion, parse_messages
from vong.gateway.cache.shadow_result_store import list_shadow_results
from vong.loop import release_store
from vong.loop.guard_rails import CallMeasures
from vong.loop.release_records import Release, ReleaseObservation
from vong.loop.releases import Observed
from vong.loop.sequential import Side
from vong.records import Score, Span, now
from vong.records.cache import ShadowResult
from vong.records.route import PROMPT_SEPARATOR
from vong.records.span import ATTEMPT_KIND
from vong.traces.calls import RouteCall, list_route_calls, list_targets

log = logging.getLogger(__name__)

RECENT = timedelta(minutes=2)
"""Age of calls that every look reads again, because a call is stored when it ends."""
LATE = timedelta(minutes=20)
"""Age of calls that a thorough look reads again: longer than any timeout of a call."""
MAX_CALLS = 5000
MAX_SCORED = 50
"""Answers that one look scores."""
UNSENT_ERRORS = ("circuit_open", "busy")
"""Errors of attempts that were not sent: they show nothing about the target."""
CACHE_HIT = "hit"


class ScoreOutput(Protocol):
    """Score of one output in 0..1. Returns None if no scorer applies."""

    def __call__(self, scored: ScorerInput) -> float | None:
        """Return the score."""
        ...


def observe_scores(connection: Connection, release: Release) -> list[ReleaseObservation]:
    """Return the scores of the canary's answers that are not counted yet, in order of creation.

    The first score of an answer counts. Answers of another version of the route or of the model do not.
    """
    if release.stage != "canary" or not release.canary_versions or release.stage_started_at is None:
        return []
    score_filter = feedback.ScoreFilter(
        name=release.plan.metric, route=release.route, since=release.stage_started_at, kind="score"
    )
    scores = [one for one in feedback.list_all_scores(connection, score_filter) if one.source in release.plan.sources]
    by_span: dict[UUID, Score] = {}
    for score in scores:
        if score.span_id is not None:
            by_span.setdefault(score.span_id, score)
    counted = release_store.counted_spans(connection, release.id, "quality", by_span)
    found: list[ReleaseObservation] = []
    spans = traces.filter_ids(connection, by_span.keys() - counted)
    targets = list_targets(connection, [span.id for span in spans]) if _names_prompts(release) else {}
    for span in sorted(spans, key=lambda one: (by_span[one.id].created_at, by_span[one.id].id)):
        score, versions = by_span[span.id], span.versions
        side = _side(release, targets.get(span.id, span.model), versions.model_version)
        if side and versions.route_version in release.canary_versions and span.started_at >= release.stage_started_at:
            found.append(
                ReleaseObservation(
                    series="quality",
                    span_id=span.id,
                    side=side,
                    value=score.value,
                    source=score.source,
                    observed_at=score.created_at,
                )
            )
    return found


def observe_calls(connection: Connection, release: Release, *, thorough: bool) -> Observed:
    """Return the calls that are not counted yet, with their measures.

    A call that failed at one side and was answered by a fallback counts as failed for that side.
    """
    started = release.stage_started_at
    versions = release.canary_versions if release.stage == "canary" else ()
    if started is None or not versions:
        return Observed()
    since = max(started, now() - (LATE if thorough else RECENT))
    calls = list_route_calls(connection, release.route, versions, since, limit=MAX_CALLS)
    counted = release_store.counted_spans(connection, release.id, "calls", [call.id for call in calls])
    with_attempts = {call.parent_span_id for call in calls if call.kind == ATTEMPT_KIND}
    observations: list[ReleaseObservation] = []
    measures: dict[str, CallMeasures] = {}
    for call in calls:
        side = _side(release, call.target, call.model_version)
        if call.id in counted or side is None or call.cache == CACHE_HIT or call.error_type in UNSENT_ERRORS:
            continue
        if call.span_id in with_attempts and call.kind != ATTEMPT_KIND:
            continue  # its attempts are counted instead
        observations.append(_call(call.id, side, call.started_at))
        measures[str(call.id)] = _measure(call)
    return Observed(observations, measures)


def observe_shadow(connection: Connection, release: Release, score: ScoreOutput) -> Observed:
    """Score the pairs of responses of the shadow stage that are not counted yet."""
    if release.stage != "shadow" or release.stage_started_at is None:
        return Observed()
    results = _shadow_results(connection, release)
    observations: list[ReleaseObservation] = []
    measures: dict[str, CallMeasures] = {}
    cost = 0
    known = release_store.counted_spans(connection, release.id, "calls", [one.span_id for one in results])
    costs = {span.id: span.usage.cost or 0 for span in traces.filter_ids(connection, [one.span_id for one in results])}
    cost = sum(costs.values())
    new = [one for one in results if one.span_id not in known][-MAX_SCORED:]
    spans = {
        span.id: span
        for span in traces.get_spans(connection, [id for one in new for id in (one.original_span_id, one.span_id)])
    }
    for result in new:
        pair = spans.get(result.original_span_id), spans.get(result.span_id)
        if pair[0] is None or pair[1] is None:
            continue  # a span is stored a moment after its result
        observations += _observe_pair(release, pair[0], pair[1], score)
        for span in (pair[0], pair[1]):
            measures[str(span.id)] = CallMeasures(
                failed=span.status == "error", latency_ms=span.duration_ms, cost=span.usage.cost
            )
    return Observed(observations, measures, cost)


def score_answers(connection: Connection, release: Release, score: ScoreOutput) -> Iterator[tuple[Span, float]]:
    """Yield answers of the canary that have no score yet, with the score of the release's scorers."""
    if release.stage != "canary" or not release.canary_versions or release.stage_started_at is None:
        return
    since = max(release.stage_started_at, now() - RECENT)
    calls = list_route_calls(connection, release.route, release.canary_versions, since, limit=MAX_CALLS)
    chosen = [
        call.id
        for call in calls
        if call.kind == "chat"
        and call.status == "ok"
        and _side(release, call.target, call.model_version)
        and _is_sampled(call.id, release)
    ]
    scored = (
        feedback.list_all_scores(connection, feedback.ScoreFilter(name=release.plan.metric, spans=tuple(chosen)))
        if chosen
        else []
    )
    missing = [id for id in chosen if id not in {one.span_id for one in scored}][:MAX_SCORED]
    for span in traces.get_spans(connection, missing):
        value = score_span(span, score)
        if value is not None:
            yield span, value


def score_span(span: Span, score: ScoreOutput) -> float | None:
    """Return the score of a span's output. A failed call has the score 0, a span without bodies none."""
    if span.status == "error":
        return 0.0
    messages, completion = parse_messages(span.input), parse_completion(span.output)
    if messages is None:
        return None
    scored = ScorerInput(
        output=render(completion) if completion else "",
        messages=messages,
        message=completion,
        latency_ms=span.duration_ms,
        cost=span.usage.cost,
        input_tokens=span.usage.input_tokens,
        output_tokens=span.usage.output_tokens,
    )
    try:
        return score(scored)
    except VongError as error:
        log.warning("span %s cannot be scored: %s", span.id, error)
        return None


def mean_score(scorers: Sequence[ConfiguredScorer], scored: ScorerInput) -> float | None:
    """Return the mean of the scorers' main metrics, each scaled to 0..1 with 1 as the best."""
    values: list[float] = []
    for configured in scorers:
        metrics = configured.rename(configured.scorer.score(scored))
        if not metrics:
            continue
        main = metrics.get(configured.label)
        raw = main.value if main else sum(one.value for one in metrics.values()) / len(metrics)
        scaled = scale_value(configured.scorer, raw)
        if scaled is not None:
            values.append(scaled)
    return sum(values) / len(values) if values else None


def score_id(release: Release, span: Span) -> UUID:
    """Return the id of the release's own score of a span, so that it is stored once."""
    return uuid5(release.id, str(span.id))


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return a percentile. Returns None for fewer than 20 values."""
    if len(values) < 20:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def baseline_limits(connection: Connection, release: Release) -> Mapping[str, float]:
    """Return the 95th percentiles of latency and cost of the route's newest calls before the release."""
    span_filter = traces.SpanFilter(route=release.route, status="ok", until=release.created_at)
    spans = [one for one in traces.search_spans(connection, span_filter, limit=500) if one.model != release.candidate]
    costs = [float(one.usage.cost) for one in spans if one.usage.cost]
    found = {
        "latency": percentile([one.duration_ms for one in spans], 0.95),
        "cost": percentile(costs, 0.95),
    }
    return {metric: value for metric, value in found.items() if value}


def _observe_pair(release: Release, original: Span, shadow: Span, score: ScoreOutput) -> list[ReleaseObservation]:
    """Return both calls, and both scores if both outputs can be scored."""
    moment = now()
    found = [_call(original.id, "incumbent", moment), _call(shadow.id, "candidate", moment)]
    if release.model and shadow.versions.model_version not in (None, release.model):
        return []
    values = score_span(original, score), score_span(shadow, score)
    if values[0] is None or values[1] is None:
        return found
    sides: tuple[tuple[Span, Side, float], ...] = (
        (original, "incumbent", values[0]),
        (shadow, "candidate", values[1]),
    )
    for span, side, value in sides:
        found.append(
            ReleaseObservation(
                series="shadow", span_id=span.id, side=side, value=value, source="program", observed_at=moment
            )
        )
    return found


def _shadow_results(connection: Connection, release: Release) -> list[ShadowResult]:
    """Return the shadow results of the release, oldest first."""
    results = list_shadow_results(connection, route=release.route, kind="shadow", limit=MAX_CALLS)
    started = release.stage_started_at or release.created_at
    return [one for one in reversed(results) if one.target == release.candidate and one.created_at >= started]


def _names_prompts(release: Release) -> bool:
    """Return True if targets of the release differ by their prompts."""
    return PROMPT_SEPARATOR in release.candidate or any(target.prompt for target in release.previous_targets)


def _side(release: Release, model: str | None, version: str | None) -> Side | None:
    """Return the side of an answer. An answer of another version of the candidate's model belongs to none."""
    side = release.side_of(model)
    if side == "candidate" and release.model is not None and version not in (None, release.model):
        return None
    return side


def _call(span_id: UUID, side: Side, at: datetime) -> ReleaseObservation:
    return ReleaseObservation(series="calls", span_id=span_id, side=side, observed_at=at)


def _measure(call: RouteCall) -> CallMeasures:
    return CallMeasures(failed=call.status == "error", latency_ms=call.duration_ms, cost=call.cost)


def _is_sampled(id: UUID, release: Release) -> bool:
    """Return whether an answer is scored. The choice does not depend on the answer and is always the same."""
    return random.Random(id.int ^ release.id.int).random() < release.plan.score_share
