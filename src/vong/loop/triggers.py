"""Triggers of loop policies: what has happened since the last run, beside what is needed."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from vong import feedback, registry, traces
from vong.cron import next_cron_time
from vong.data.drift import DriftReport, measure_drift
from vong.durations import parse_duration
from vong.errors import NotFound
from vong.feedback.harvest import parse_messages
from vong.feedback.scores import count_scored_spans
from vong.loop.policy_records import DriftTrigger, LoopPolicy, PolicyRun, TriggerKind, TriggerState
from vong.records import now
from vong.traces.search import SpanFilter

ReadTexts = Callable[[], Sequence[str]]


def evaluate(connection: Connection, policy: LoopPolicy, last: PolicyRun | None) -> list[TriggerState]:
    """Return the state of every trigger of a policy. The drift is the last measured one."""
    triggers, moment = policy.definition.triggers, now()
    states: list[TriggerState] = []
    if triggers.corrections:
        states.append(_count(connection, policy, last, "corrections", triggers.corrections))
    if triggers.scores:
        states.append(_count(connection, policy, last, "scores", triggers.scores))
    if triggers.drift:
        states.append(_drift(policy, triggers.drift))
    if triggers.every or triggers.cron:
        states.append(_schedule(policy, last, moment))
    if triggers.new_base:
        states.append(_base(connection, policy))
    return states


def needs_drift(policy: LoopPolicy) -> bool:
    """Return True if the drift of a policy is due to be measured."""
    trigger = policy.definition.triggers.drift
    if trigger is None:
        return False
    measured = policy.state.get("drift_at")
    every = parse_duration(trigger.every) or timedelta(0)
    return measured is None or now() - datetime.fromisoformat(measured) >= every


def measure(connection: Connection, policy: LoopPolicy, last: PolicyRun | None, read: ReadTexts) -> DriftReport | None:
    """Return the drift of the route's newest calls since the last run. Returns None without enough calls."""
    trigger = policy.definition.triggers.drift or DriftTrigger()
    since = last.harvest_until if last else None
    found = SpanFilter(route=policy.definition.route, since=since)
    summaries = traces.search_spans(connection, found, limit=trigger.calls)
    if len(summaries) < trigger.calls:
        return None
    spans = traces.get_spans(connection, [one.id for one in summaries])
    live = [text for span in spans if (text := last_user_text(span.input))]
    return measure_drift(read(), live)


def last_user_text(body: Any) -> str:
    """Return the text of the last user message of a request. Returns an empty text without one."""
    messages = parse_messages(body) or ()
    return next((message.text for message in reversed(messages) if message.role == "user"), "")


def resolve_base(connection: Connection, base: str | None) -> str | None:
    """Return the version that a base names now. Returns None if there is none."""
    if base is None:
        return None
    try:
        return registry.find(connection, base).ref
    except NotFound:
        return None


def waits_until(policy: LoopPolicy, last: PolicyRun | None) -> datetime | None:
    """Return the end of the cool-down. Returns None if it has passed."""
    if last is None or last.finished_at is None:
        return None
    end = last.finished_at + (parse_duration(policy.definition.cool_down) or timedelta(0))
    return end if end > now() else None


def count_filter(policy: LoopPolicy, last: PolicyRun | None, kind: TriggerKind) -> feedback.ScoreFilter:
    """Return the filter of the feedback since the last run; before the first, of all that was never harvested."""
    return feedback.ScoreFilter(
        route=policy.definition.route,
        name=policy.definition.harvest.name,
        source=policy.definition.harvest.source,
        kind="correction" if kind == "corrections" else "score",
        since=last.harvest_until if last else None,
        harvested=None if last else False,
    )


def _count(
    connection: Connection, policy: LoopPolicy, last: PolicyRun | None, kind: TriggerKind, needed: int
) -> TriggerState:
    count = count_scored_spans(connection, count_filter(policy, last, kind))
    noun = "corrected" if kind == "corrections" else "scored"
    detail = f"{count} of {needed} newly {noun} answers of route {policy.definition.route!r}"
    return TriggerState(kind=kind, value=count, needed=needed, is_due=count >= needed, detail=detail)


def _drift(policy: LoopPolicy, trigger: DriftTrigger) -> TriggerState:
    stored = policy.state.get("drift")
    if stored is None:
        detail = f"fewer than {trigger.calls} calls since the last run, or not measured yet"
        return TriggerState(kind="drift", needed=trigger.bound, detail=detail)
    report = DriftReport.model_validate(stored)
    detail = (
        f"drift score {report.score:.2f} [{report.low:.2f}, {report.high:.2f}] of {report.live_texts} calls against "
        f"{report.reference_texts} training rows, bound {trigger.bound:g}; live words: {', '.join(report.words[:5])}"
    )
    due = report.low > trigger.bound
    return TriggerState(kind="drift", value=report.low, needed=trigger.bound, is_due=due, detail=detail)


def _schedule(policy: LoopPolicy, last: PolicyRun | None, moment: datetime) -> TriggerState:
    triggers = policy.definition.triggers
    anchor = max(policy.updated_at, last.created_at) if last else policy.updated_at
    if triggers.cron:
        due_at, text = next_cron_time(triggers.cron, anchor.astimezone(UTC)), f"cron {triggers.cron}"
    else:
        due_at, text = anchor + (parse_duration(triggers.every or "") or timedelta(0)), f"every {triggers.every}"
    detail = f"{text}: next at {due_at.isoformat(timespec='seconds')}"
    return TriggerState(kind="schedule", is_due=due_at <= moment, detail=detail)


def _base(connection: Connection, policy: LoopPolicy) -> TriggerState:
    base = policy.definition.training.base
    found, known = resolve_base(connection, base), policy.state.get("base")
    due = found is not None and found != known
    detail = f"{base} now names {found}, the last run used {known}" if due else f"{base} still names {known}"
    return TriggerState(kind="base", is_due=due, detail=detail)
