"""Monitors connected to scorers, suites, limits and the callers of their models."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, select

from vong.access.principal import Principal
from vong.app.caller_client import find_caller
from vong.app.platform import Platform
from vong.errors import Conflict, InvalidInput
from vong.evals import list_outputs, scoring, specs, suite_runs, suites
from vong.evals.judges.pinning import JUDGE_SCORER, pin_judges, read_judge_name
from vong.evals.judges.store import find_judge
from vong.evals.monitors import alarms, store
from vong.evals.monitors.definitions import Monitor, MonitorAlarm, MonitorSettings
from vong.gateway.limits.store import delete_limit, list_limits, set_limit
from vong.gateway.upstream.url_policy import check_url
from vong.loop.drift import DriftReference, DriftState, build_reference, restart
from vong.records import now
from vong.records.limit import LimitCreate
from vong.records.name import check_name
from vong.store.encryption import SecretBox, lock_secrets
from vong.store.schema import PROJECT_SETTING
from vong.traces.stream import last_number

MIN_REFERENCE = 10
"""Scores that a suite run needs to be a reference."""


class CreatedMonitor(NamedTuple):
    """New monitor and the secret with which its alarms are signed, if it has a webhook."""

    monitor: Monitor
    webhook_secret: str | None


def create(
    platform: Platform, connection: Connection, name: str, settings: MonitorSettings, principal: Principal
) -> CreatedMonitor:
    """Store a monitor that scores the calls from now on, and limit the cost of its scorers' calls.

    Raises: NotFound or InvalidInput if a scorer, suite or run is unknown or needs a reference; Conflict if the name is
    taken.
    """
    check_name(name, "monitor")
    settings = check_settings(platform, connection, settings)
    caller = find_caller(principal)
    secret = secrets.token_urlsafe(32) if settings.webhook else None
    monitor = store.create_monitor(
        connection,
        name,
        settings,
        actor=principal.actor,
        caller=[id and str(id) for id in caller] if caller else None,
        cursor=last_number(connection),
        webhook_secret=_encrypt(platform, connection, name, secret),
    )
    drift = initial_drift(connection, settings)
    store.update_monitor(connection, monitor.id, {"drift": drift})
    _limit_cost(connection, monitor)
    return CreatedMonitor(monitor, secret)


def update(
    platform: Platform,
    connection: Connection,
    name: str,
    changes: Mapping[str, Any],
    *,
    enabled: bool | None = None,
    principal: Principal,
) -> CreatedMonitor:
    """Change settings of a monitor. New scorers or drift rules begin with a new reference.

    A monitor that is enabled again scores the calls from then on. Its models are called on behalf of `principal`.
    """
    monitor = store.get_monitor(connection, name)
    given = MonitorSettings.model_validate({**monitor.settings.model_dump(), **changes})
    settings = check_settings(platform, connection, given) if changes else monitor.settings
    caller = find_caller(principal)
    values: dict[str, Any] = {
        "settings": settings.model_dump(mode="json"),
        "caller": [id and str(id) for id in caller] if caller else None,
        "updated_at": now(),
        "blocked": None,
        "blocked_until": None,
    }
    secret = None
    if settings.webhook != monitor.settings.webhook:
        secret = secrets.token_urlsafe(32) if settings.webhook else None
        values["webhook_secret"] = _encrypt(platform, connection, name, secret)
    if (settings.scorers, settings.suite, settings.drift) != _scoring_of(monitor.settings):
        values["drift"] = initial_drift(connection, settings)
    if enabled is not None and enabled != monitor.enabled:
        values |= {"enabled": enabled, "lease_owner": None, "lease_until": None}
        values |= {"cursor": last_number(connection), "cursor_at": now()} if enabled else {}
    store.update_monitor(connection, monitor.id, values)
    changed = store.get_monitor(connection, name)
    _limit_cost(connection, changed)
    return CreatedMonitor(changed, secret)


def delete(connection: Connection, name: str) -> None:
    """Delete a monitor, its samples, alarms and budget. Scores of answers and review items are kept."""
    monitor = store.get_monitor(connection, name)
    store.delete_monitor(connection, monitor.id)
    for limit in list_limits(connection):
        if (limit.subject_type, limit.subject, limit.metric) == ("tag", monitor.tag, "cost"):
            delete_limit(connection, limit.id)


def resolve_alarm(connection: Connection, id: UUID, actor: str, *, keep_reference: bool = True) -> MonitorAlarm:
    """Mark an alarm as resolved and test its metric from now on, with the same reference or with the next scores."""
    alarm = alarms.resolve_alarm(connection, id, actor)
    drift = store.get_state(connection, alarm.monitor_id).drift
    if alarm.metric in drift:
        state = restart(DriftState.model_validate(drift[alarm.metric]), keep_reference=keep_reference)
        drift = drift | {alarm.metric: state.model_dump(mode="json")}
        store.update_monitor(connection, alarm.monitor_id, {"drift": drift})
    return alarm


def reset_references(connection: Connection, route: str) -> None:
    """Let the monitors that score answers of a route collect new references, from the answers given from now on.

    Monitors of one model or deployment are left alone: their scores do not depend on the targets of the route.
    """
    for monitor in store.list_monitors(connection):
        scope = monitor.settings.filter
        if scope.route not in (None, route) or scope.model or scope.deployment or scope.model_version:
            continue
        drift = store.get_state(connection, monitor.id).drift
        labels = drift or [specs.parse(spec).label for spec in scorer_specs(connection, monitor.settings)]
        fresh = DriftState(since=now()).model_dump(mode="json")
        store.update_monitor(connection, monitor.id, {"drift": dict.fromkeys(labels, fresh)})


def scorer_specs(connection: Connection, settings: MonitorSettings) -> list[str]:
    """Return the scorers of a monitor and of its suite that need no reference and have a best value."""
    specs = list(settings.scorers)
    if settings.suite is not None:
        specs += [spec for entry in suites.find_suite(connection, settings.suite).entries for spec in entry.scorers]
    configured = scoring.build_scorers(list(dict.fromkeys(specs))) if specs else []
    return [
        one.spec
        for one in configured
        if not one.scorer.uses_reference
        and one.scorer.higher_is_better is not None
        and not _needs_reference(connection, one.spec)
    ]


def check_settings(platform: Platform, connection: Connection, settings: MonitorSettings) -> MonitorSettings:
    """Return the settings with pinned versions of judges.

    Raises: NotFound or InvalidInput if a scorer, suite, run or webhook is unknown, unusable or blocked.
    """
    pinned = [str(spec) for spec in pin_judges(connection, settings.scorers)]
    settings = settings.model_copy(update={"scorers": tuple(pinned)})
    usable = scorer_specs(connection, settings)
    for spec in settings.scorers:
        if spec not in usable:
            raise InvalidInput(
                f"scorer {spec!r} cannot score live answers: it needs a reference, or has no best value",
                "use scorers such as judge:name=NAME, json_valid, json_schema or refusal",
            )
    if not usable:
        raise InvalidInput(
            "the monitor has no scorer that works without a reference",
            "name scorers such as judge:name=NAME or json_valid, or a suite that has one",
        )
    if settings.webhook is not None:
        _check_webhook(settings.webhook, allow_link_local=platform.settings.allow_link_local)
    initial_drift(connection, settings)
    return settings


def initial_drift(connection: Connection, settings: MonitorSettings) -> dict[str, Any]:
    """Return the first states of the drift tests by metric: with the scores of a suite run, or empty.

    Raises: NotFound if there is no such suite run; Conflict if it has not finished; InvalidInput if it lacks a metric.
    """
    if settings.drift is None or settings.drift.suite_run is None:
        return {}
    run = suite_runs.get_run(connection, settings.drift.suite_run)
    if run.status != "finished":
        raise Conflict(f"suite run {str(run.id)!r} is {run.status}", "wait until it has finished")
    configured = scoring.build_scorers(scorer_specs(connection, settings))
    outputs = [one for id in run.runs for one in list_outputs(connection, id, limit=None)]
    states: dict[str, Any] = {}
    for one in configured:
        found = [output.scores[one.label] for output in outputs if one.label in output.scores]
        values = [scaled for value in found if (scaled := scoring.scale_value(one.scorer, value)) is not None]
        if len(values) < MIN_REFERENCE:
            raise InvalidInput(
                f"suite run {str(run.id)!r} has {len(values)} scores of {one.label!r}; a reference needs "
                f"{MIN_REFERENCE}",
                "choose a run of a suite with this scorer, or omit suite_run",
            )
        reference: DriftReference = build_reference(values, settings.drift.alpha / len(configured), "suite_run")
        states[one.label] = DriftState(reference=reference).model_dump(mode="json")
    return states


def _needs_reference(connection: Connection, spec: str) -> bool:
    """Return whether the prompt of a judge needs a reference."""
    parsed = specs.parse(spec)
    name = read_judge_name(parsed.options) if parsed.name == JUDGE_SCORER else None
    return name is not None and find_judge(connection, name).definition.uses_reference


def _scoring_of(settings: MonitorSettings) -> tuple[Any, ...]:
    return settings.scorers, settings.suite, settings.drift


def _check_webhook(url: str, *, allow_link_local: bool) -> None:
    try:
        check_url(url, allow_link_local=allow_link_local)
    except InvalidInput as error:
        raise InvalidInput(f"invalid webhook: {error.message}", error.hint) from error


def _limit_cost(connection: Connection, monitor: Monitor) -> None:
    """Let the gateway refuse calls of the monitor's scorers beyond the daily budget, also by their worst case."""
    set_limit(
        connection,
        LimitCreate(
            subject_type="tag",
            subject=monitor.tag,
            metric="cost",
            window="day",
            amount=monitor.settings.daily_budget,
        ),
    )


def _encrypt(platform: Platform, connection: Connection, name: str, secret: str | None) -> bytes | None:
    if secret is None:
        return None
    lock_secrets(connection)
    project_id = current_project(connection)
    return SecretBox(platform.settings.home_folder).encrypt(secret, store.webhook_context(project_id, name))


def current_project(connection: Connection) -> UUID:
    """Return the project of a transaction."""
    return UUID(connection.scalar(select(func.current_setting(PROJECT_SETTING))))
