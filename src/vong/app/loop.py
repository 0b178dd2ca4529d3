"""The loop wired to scores, spans and the gateway."""

import logging
from uuid import UUID

from sqlalchemy import Connection

from vong import feedback, loop, traces
from vong.app.platform import Platform
from vong.loop import Canary, ScoredSpan
from vong.records import Score

log = logging.getLogger(__name__)


def on_score(platform: Platform, project_id: UUID, score: Score) -> None:
    """A score was stored: let the running canaries of its metric count it, and act where it decides."""
    if score.span_id is None or score.value is None:
        return
    with platform.scope(project_id) as connection:
        for canary in loop.list_canaries(connection, status="running", metric=score.name):
            evaluate(connection, canary.id)


def evaluate(connection: Connection, id: UUID) -> Canary:
    """Count every score since the canary began that is not counted yet: the newest, and any that a server which was
    killed has missed.
    """
    canary = loop.get(connection, id)
    if canary.status != "running":
        return canary
    wanted = feedback.ScoreFilter(name=canary.metric, route=canary.route, since=canary.started_at)
    counted = loop.counted_spans(connection, id)
    scores = [score for score in feedback.every_score(connection, wanted) if score.span_id not in counted]
    by_span = {score.span_id: score for score in reversed(scores) if score.span_id is not None}
    judged = [ScoredSpan(by_span[span.id], span) for span in traces.for_ids(connection, by_span)]
    return _say(loop.take(connection, id, judged))


def _say(canary: Canary) -> Canary:
    if canary.status != "running":
        log.info("canary %s on route %r: %s (%s)", canary.id, canary.route, canary.status, canary.reason)
    return canary
