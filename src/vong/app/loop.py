"""The loop connected to scores, spans and the gateway."""

import logging
from uuid import UUID

from sqlalchemy import Connection

from vong import feedback, loop, traces
from vong.app.gatekeeper import evidence_gate
from vong.app.platform import Platform
from vong.loop import Canary, ScoredSpan
from vong.records import Score

log = logging.getLogger(__name__)


def on_score(platform: Platform, project_id: UUID, score: Score) -> None:
    """Evaluate the running canaries of a new score's metric."""
    if score.span_id is None or score.value is None:
        return
    with platform.scope(project_id) as connection:
        for canary in loop.list_canaries(connection, status="running", metric=score.name):
            evaluate_canary(platform, connection, canary.id)


def evaluate_canary(platform: Platform, connection: Connection, id: UUID) -> Canary:
    """Add all scores since the canary began that are not counted yet, and decide if the evidence suffices.

    This includes scores that a killed server has missed.
    """
    canary = loop.get_canary(connection, id)
    if canary.status != "running":
        return canary
    filter_ = feedback.ScoreFilter(name=canary.metric, route=canary.route, since=canary.started_at)
    counted = loop.counted_span_ids(connection, id)
    scores = [score for score in feedback.list_all_scores(connection, filter_) if score.span_id not in counted]
    by_span = {score.span_id: score for score in reversed(scores) if score.span_id is not None}
    scored_spans = [ScoredSpan(by_span[span.id], span) for span in traces.get_spans(connection, by_span)]
    return _log_decision(loop.add_scores(connection, id, scored_spans, gate=evidence_gate(platform)))


def _log_decision(canary: Canary) -> Canary:
    if canary.status != "running":
        log.info("canary %s on route %r: %s (%s)", canary.id, canary.route, canary.status, canary.reason)
    return canary
