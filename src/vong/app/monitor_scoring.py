"""Scores of sampled answers: computed outside of transactions, stored once with feedback, drift and review items."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import Connection

from vong import feedback, traces
from vong.app.eval_scoring import span_to_input
from vong.app.feedback import call_listeners
from vong.app.monitor_calls import CallsMade, MeteredCaller, is_own_call, sum_costs
from vong.app.monitor_sampling import BUDGET_SPENT
from vong.app.platform import Platform
from vong.errors import VongError
from vong.evals import scoring, specs
from vong.evals.monitors import alarms, reviews, samples, store
from vong.evals.monitors.definitions import Monitor, MonitorAlarm, MonitorSample
from vong.evals.scorers.texts import to_storable_text
from vong.feedback import ScoreCreate
from vong.loop.drift import DriftState, observe
from vong.records import Score, Span, new_id, now

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
"""Attempts to score an answer. Later attempts use the stored judgements of earlier ones."""
FIRST_RETRY = timedelta(seconds=30)
BLOCKED_FOR = timedelta(minutes=5)
"""Time for which a monitor pauses whose models refuse the caller."""
NEWEST_SCORES = 50
"""Scores over which an alarm reports the mean."""
MAX_COMMENT_CHARS = 2000
NO_OUTPUT = "the span has no stored output"
OWN_CALL = "the call was made by an evaluation"


class ScoredAnswer(NamedTuple):
    """Scores in 0..1 of an answer by label, with their explanations and the reason why some are missing."""

    scores: dict[str, float]
    details: dict[str, str]
    error: str | None


class AnswerScorer:
    """Scorers of one monitor during one pass of a worker."""

    def __init__(
        self, platform: Platform, project_id: UUID, monitor: Monitor, scorers: Sequence[scoring.ConfiguredScorer]
    ) -> None:
        self._platform = platform
        self._project_id = project_id
        self._monitor = monitor
        self._scorers = scorers

    def score(self, sample: MonitorSample, caller: MeteredCaller, owner: str) -> bool:
        """Score one sampled answer and store the result. Returns False if the pass must end."""
        with self._platform.scope(self._project_id) as connection:
            found = traces.get_spans(connection, [sample.span_id])
        refusal = find_refusal(found[0] if found else None)
        if refusal is not None:
            return self._store(sample, owner, {"status": "skipped", "error": refusal})
        span = found[0]
        caller.take_calls()
        try:
            answer = score_answer(self._scorers, span)
            fault: VongError | None = None
        except VongError as error:
            answer, fault = ScoredAnswer({}, {}, str(error)), error
        made = caller.take_calls()
        used = {
            "calls": sample.calls + len(made.span_ids),
            "cost": (sample.cost or 0) + sum_costs(self._platform, self._project_id, made.span_ids),
        }
        if made.over_budget:
            return self._stop_for_today(sample, owner, used)
        if answer.error is not None and sample.attempts + 1 < MAX_ATTEMPTS and _may_succeed_later(fault, made):
            delay = FIRST_RETRY * 4**sample.attempts
            retry = {"attempts": sample.attempts + 1, "retry_at": now() + delay, "error": answer.error}
            blocked = fault is not None and fault.fault in {"caller", "configuration"}
            return self._store(sample, owner, {**used, **retry}, blocked=str(fault) if blocked else None)
        return self._finish(sample, span, answer, used, owner)

    def _finish(
        self, sample: MonitorSample, span: Span, answer: ScoredAnswer, used: dict[str, Any], owner: str
    ) -> bool:
        """Store scores, feedback, the drift test and a review item in one transaction, once per span."""
        stored: list[Score] = []
        values = {
            **used,
            "status": "scored" if answer.scores else "failed",
            "attempts": sample.attempts + 1,
            "scores": answer.scores,
            "details": answer.details,
            "error": answer.error,
            "scored_at": now(),
        }
        with self._platform.scope(self._project_id) as connection:
            if not store.lock_leased(connection, self._monitor.id, owner):
                return False
            if not samples.update_sample(connection, self._monitor.id, span.id, values):
                return True
            stored = self._add_feedback(connection, span, answer)
            self._observe_drift(connection, span, answer)
            self._mark_for_review(connection, span, answer)
        notify(self._platform, self._project_id, stored)
        return True

    def _store(self, sample: MonitorSample, owner: str, values: dict[str, Any], *, blocked: str | None = None) -> bool:
        with self._platform.scope(self._project_id) as connection:
            if not store.lock_leased(connection, self._monitor.id, owner):
                return False
            samples.update_sample(connection, self._monitor.id, sample.span_id, values)
            if blocked is not None:
                block = {"blocked": blocked, "blocked_until": now() + BLOCKED_FOR}
                store.update_monitor(connection, self._monitor.id, block)
        return blocked is None

    def _stop_for_today(self, sample: MonitorSample, owner: str, used: dict[str, Any]) -> bool:
        """Skip all pending samples, and block the monitor until the next day in UTC."""
        budget = self._monitor.settings.daily_budget / 1_000_000
        tomorrow = store.day_start(now()) + timedelta(days=1)
        reason = f"{BUDGET_SPENT} of ${budget:g} is spent"
        with self._platform.scope(self._project_id) as connection:
            if not store.lock_leased(connection, self._monitor.id, owner):
                return False
            samples.update_sample(connection, self._monitor.id, sample.span_id, {**used, "scored_at": now()})
            skipped = samples.skip_pending(connection, self._monitor.id, reason)
            counts = store.get_monitor(connection, self._monitor.id).counts
            counts = counts.model_copy(update={"over_budget": counts.over_budget + skipped})
            block = {"blocked": reason, "blocked_until": tomorrow, "counts": counts.model_dump()}
            store.update_monitor(connection, self._monitor.id, block)
        return False

    def _add_feedback(self, connection: Connection, span: Span, answer: ScoredAnswer) -> list[Score]:
        """Store the scores as feedback, except under a name that already has an automatic score of this answer."""
        existing = feedback.list_scores(connection, spans=(span.id,), limit=500)
        automatic = {one.name for one in existing if one.source in {"judge", "program"} and one.value is not None}
        stored: list[Score] = []
        for configured in self._scorers:
            label = configured.label
            if label not in answer.scores or label in automatic:
                continue
            request = ScoreCreate(
                span_id=span.id,
                id=uuid5(self._monitor.id, f"{span.id}:{label}"),
                name=label,
                value=answer.scores[label],
                comment=answer.details.get(label, "")[:MAX_COMMENT_CHARS] or None,
                source="judge" if specs.parse(configured.spec).name == "judge" else "program",
                author=self._monitor.tag,
            )
            stored.append(feedback.add_score(connection, span, request).score)
        return stored

    def _observe_drift(self, connection: Connection, span: Span, answer: ScoredAnswer) -> None:
        rules = self._monitor.settings.drift
        if rules is None:
            return
        drift = dict(store.get_state(connection, self._monitor.id).drift)
        alpha = rules.alpha / len(self._scorers)
        for label, value in answer.scores.items():
            before = DriftState.model_validate(drift.get(label, {}))
            if before.since is not None and span.started_at < before.since:
                continue
            after = observe(before, value, alpha=alpha, tolerance=rules.tolerance, window=rules.window)
            drift[label] = after.model_dump(mode="json")
            if after.raised and not before.raised:
                self._raise_alarm(connection, label, after, alpha)
        store.update_monitor(connection, self._monitor.id, {"drift": drift})

    def _raise_alarm(self, connection: Connection, label: str, state: DriftState, alpha: float) -> None:
        reference = state.reference
        if reference is None:
            return
        newest = min(NEWEST_SCORES, state.n)
        mean = samples.mean_of_newest(connection, self._monitor.id, label, newest)
        message = (
            f"{label} has dropped: mean {mean:.3f} over the newest {newest} answers, reference {reference.mean:.3f} "
            f"(at least {reference.low:.3f}, {reference.n} scores)"
        )
        alarm = MonitorAlarm(
            id=new_id(),
            monitor_id=self._monitor.id,
            monitor=self._monitor.name,
            route=self._monitor.settings.filter.route,
            metric=label,
            status="open",
            message=message,
            mean=mean,
            reference=reference.model_dump(mode="json"),
            evidence=state.evidence,
            alpha=alpha,
            n=state.n,
            created_at=now(),
            delivery="pending" if self._monitor.settings.webhook else "none",
        )
        alarms.add_alarm(connection, alarm)
        log.warning("alarm of monitor %r: %s", self._monitor.name, message)

    def _mark_for_review(self, connection: Connection, span: Span, answer: ScoredAnswer) -> None:
        bound = self._monitor.settings.review_below
        if bound is None or not answer.scores:
            return
        metric, value = min(answer.scores.items(), key=lambda one: one[1])
        if value >= bound:
            return
        item = reviews.ReviewItem(
            id=reviews.item_id(self._monitor.id, span.id),
            monitor_id=self._monitor.id,
            monitor=self._monitor.name,
            span_id=span.id,
            route=span.versions.route,
            model=span.model,
            metric=metric,
            value=value,
            bound=bound,
            reason=answer.details.get(metric, "") or f"{metric} {value:.2f} is below {bound:.2f}",
            created_at=now(),
        )
        reviews.add_item(connection, item)


def find_refusal(span: Span | None) -> str | None:
    """Return why a span is not scored: it is gone, was made by an evaluation, or has no output. None if it can be."""
    if span is None or span.output is None:
        return NO_OUTPUT
    return OWN_CALL if is_own_call(span) else None


def score_answer(scorers: Sequence[scoring.ConfiguredScorer], span: Span) -> ScoredAnswer:
    """Return the scores of an answer by all scorers.

    Raises: VongError if a scorer cannot be used.
    """
    scored = span_to_input(span)
    scores: dict[str, float] = {}
    details: dict[str, str] = {}
    missing: list[str] = []
    for configured in scorers:
        label = configured.label
        metrics = configured.rename(configured.scorer.score(scored))
        main = metrics.get(label) or next(iter(metrics.values()), None)
        failed = metrics.get(f"{label}.judged")
        if label not in metrics and failed is not None:
            missing.append(f"{label}: {failed.detail}")
            continue
        value = scoring.scale_value(configured.scorer, main.value) if main is not None else None
        if main is None or value is None:
            continue
        scores[label] = value
        if main.detail:
            details[label] = to_storable_text(main.detail)
    return ScoredAnswer(scores, details, to_storable_text("; ".join(missing)) or None)


def notify(platform: Platform, project_id: UUID, scores: Sequence[Score]) -> None:
    """Let running canaries and releases count new scores."""
    if not scores:
        return
    from vong.app import loop, releases  # imports the loop, which a worker without monitors does not need

    for score in scores:
        call_listeners((loop.on_score, releases.on_score), platform, project_id, score)


def _may_succeed_later(fault: VongError | None, made: CallsMade) -> bool:
    return fault is not None or made.may_succeed_later
