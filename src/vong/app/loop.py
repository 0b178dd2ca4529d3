"""The loop wired to scores, spans and the gateway."""

import logging
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from vong import feedback, loop, traces
from vong.app import gateway as wired
from vong.app.platform import Platform
from vong.loop import Canary, Judged, Rules
from vong.records import Score

log = logging.getLogger(__name__)

PAGE = 500


def start_canary(
    platform: Platform, connection: Connection, *, route: str, candidate: str, share: float, metric: str, rules: Rules
) -> Canary:
    """Start a canary, refusing a candidate that nothing answers to."""
    check = wired.check(platform, connection)
    return loop.start(
        connection, route=route, candidate=candidate, share=share, metric=metric, rules=rules, check=check
    )


def on_score(platform: Platform, project_id: UUID, score: Score) -> None:
    """A score was stored: let the running canaries of its metric count it, and act where it decides."""
    if score.span_id is None or score.value is None:
        return
    with platform.scope(project_id) as connection:
        running = loop.list_canaries(connection, status="running", metric=score.name)
        judged = _judged(connection, [score]) if running else []
        for canary in running:
            if any(one.span.versions.route == canary.route for one in judged):
                _say(loop.take(connection, canary.id, judged))


def evaluate(connection: Connection, id: UUID) -> Canary:
    """Count every score since the canary began that is not counted yet (a server that died may have missed some)."""
    canary = loop.get(connection, id)
    if canary.status != "running":
        return canary
    scores: list[Score] = []
    after: UUID | None = None
    while True:
        page = feedback.list_scores(connection, name=canary.metric, since=canary.started_at, after=after, limit=PAGE)
        scores += page
        if len(page) < PAGE:
            break
        after = page[-1].id
    return _say(loop.take(connection, id, _judged(connection, scores)))


def _judged(connection: Connection, scores: Sequence[Score]) -> list[Judged]:
    """The scores of answers, each with the span of its answer."""
    ids = [score.span_id for score in scores if score.span_id is not None]
    spans = {span.id: span for span in traces.for_ids(connection, ids)}
    return [Judged(score, spans[score.span_id]) for score in scores if score.span_id in spans]


def _say(canary: Canary) -> Canary:
    if canary.status != "running":
        log.info("canary %s on route %r: %s (%s)", canary.id, canary.route, canary.status, canary.reason)
    return canary
