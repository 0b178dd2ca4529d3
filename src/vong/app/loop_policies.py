"""Loop policies connected to routes, datasets, suites, gates and jobs: store them and start runs on triggers."""

import logging
import threading
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from vong import data, gateway, jobs, serving
from vong.access import Principal
from vong.app import gates, releases
from vong.app.periodic import repeat
from vong.app.platform import INTERNAL_KEY_NAME, Platform
from vong.app.training import TrainingRequest, parse_settings, resolve_base
from vong.errors import Conflict, Forbidden, InvalidInput, NotFound, VongError
from vong.evals import gate_store, suites
from vong.evals.gates import select_policies
from vong.loop import policy_store, triggers
from vong.loop import releases as loop_releases
from vong.loop.policy_records import (
    ACTIVE_RUN_STATUSES,
    LoopPolicy,
    LoopPolicyDefinition,
    PolicyConsent,
    PolicyRun,
    PolicyStatus,
    TriggerState,
)
from vong.records import new_id, now

log = logging.getLogger(__name__)

JOB_KIND = "loop.policy_run"
INTERVAL_SECONDS = 5.0
"""Time between two looks at the triggers. New feedback is looked at when it arrives."""


def set_policy(connection: Connection, name: str, definition: LoopPolicyDefinition, principal: Principal) -> LoopPolicy:
    """Create a policy, or its next version, with the consent of the caller to runs without a person.

    Raises: Forbidden if the caller is a job; NotFound or InvalidInput if the definition names something invalid.
    """
    if principal.is_delegated or principal.actor == INTERNAL_KEY_NAME:
        raise Forbidden("a job cannot consent to a loop policy", "create it with the key or the account of a person")
    check_definition(connection, definition)
    consent = PolicyConsent(by=principal.actor, role=principal.role, at=now())
    base = triggers.resolve_base(connection, definition.training.base)
    return policy_store.set_policy(connection, name, definition, consent, {"base": base})


def check_definition(connection: Connection, definition: LoopPolicyDefinition) -> None:
    """Check everything that a policy names.

    Raises: NotFound or InvalidInput if something does not exist or cannot be used.
    """
    route = gateway.get_route(connection, definition.route)
    if route.tree is not None or not any(target.weight > 0 for target in route.targets):
        hint = "set targets with: vong gateway routes set"
        raise InvalidInput(f"route {route.name!r} has no targets that a release can replace", hint)
    if not data.list_versions(connection, definition.dataset, limit=1):
        raise NotFound(f"no dataset named {definition.dataset!r}", "import it first: vong data import")
    suite = suites.find_suite(connection, definition.suite)
    if not any(entry.thresholds for entry in suite.entries):
        hint = "add thresholds to its entries, so that a run can pass or fail"
        raise InvalidInput(f"suite {suite.ref} has no thresholds", hint)
    subject = gates.route_subject(definition.route)
    applying = {one.name for one in select_policies(subject, gate_store.list_policies(connection), now())}
    if definition.gate and definition.gate not in applying:
        hint = f"vong evals gates set {definition.gate} route {definition.route} --suite SUITE"
        raise NotFound(f"no gate policy {definition.gate!r} applies to {subject}", hint)
    releases.check_plan(connection, definition.release)
    plan = definition.training
    request = TrainingRequest(
        name=plan.model, base=plan.base, recipe=plan.recipe, settings=plan.settings, auto=plan.auto, dataset="checked"
    )
    parse_settings(request)
    resolve_base(connection, request)
    if definition.triggers.new_base and plan.base is None:
        raise InvalidInput("the trigger new_base needs a base", "set training.base to a model ref, such as NAME:ALIAS")


def get_status(connection: Connection, name: str) -> PolicyStatus:
    """Return a policy with its triggers and runs."""
    policy = policy_store.get_policy(connection, name)
    last = next(iter(policy_store.list_runs(connection, policy=name, limit=1)), None)
    active = policy_store.find_active(connection, name)
    return PolicyStatus(
        policy=policy,
        triggers=tuple(triggers.evaluate(connection, policy, last)),
        active_run=active.id if active else None,
        last_run=last.id if last else None,
        waits_until=triggers.waits_until(policy, last),
    )


def watch_triggers(platform: Platform, stop: threading.Event) -> None:
    """Look at the triggers of all policies until `stop` is set. Runs in a thread of the worker."""
    repeat("watch over loop policies", lambda: watch_once(platform), stop, seconds=INTERVAL_SECONDS)


def watch_once(platform: Platform) -> None:
    """Look at the triggers of all policies, and end the runs whose jobs have ended. Several workers may do this."""
    with platform.database.owner() as connection:
        names = policy_store.list_all_policies(connection)
    for project_id, name in names:
        try:
            with platform.scope(project_id) as connection:
                end_interrupted(connection, name)
                if not policy_store.get_policy(connection, name).paused:
                    look(platform, connection, name)
        except VongError as error:
            log.warning("the triggers of loop policy %s cannot be read: %s", name, error)


def look(platform: Platform, connection: Connection, name: str) -> PolicyRun | None:
    """Start a run of a policy if a trigger is due. Returns None if none is, or while a run or a cool-down lasts."""
    policy = policy_store.find_policy(connection, name, lock=True)
    if policy is None or policy.paused or policy_store.find_active(connection, name):
        return None
    last = next(iter(policy_store.list_runs(connection, policy=name, limit=1)), None)
    if triggers.waits_until(policy, last):
        return None
    if triggers.needs_drift(policy):
        definition = policy.definition
        report = triggers.measure(
            connection, policy, last, lambda: read_training_texts(platform, connection, definition)
        )
        state = {**policy.state, "drift": report and report.model_dump(mode="json"), "drift_at": now().isoformat()}
        policy = policy_store.update_policy(connection, name, state=state)
    due = next((one for one in triggers.evaluate(connection, policy, last) if one.is_due), None)
    return start(connection, policy, due) if due else None


def read_training_texts(platform: Platform, connection: Connection, definition: LoopPolicyDefinition) -> list[str]:
    """Return the prompts of the training rows of a policy."""
    version = next(iter(data.list_versions(connection, definition.dataset, limit=1)), None)
    if version is None:
        return []
    split = definition.training.train_split
    rows = data.read(platform.blobs, version, split=split if split in version.splits else None)
    return [text for row in rows if (text := triggers.last_user_text([one.model_dump() for one in row.messages]))]


def start(connection: Connection, policy: LoopPolicy, trigger: TriggerState) -> PolicyRun:
    """Start a run of a policy, in the transaction that holds its lock.

    Raises: Conflict if a run is active.
    """
    active = policy_store.find_active(connection, policy.name)
    if active is not None:
        hint = f"see: vong loop policies run {active.id}"
        raise Conflict(f"run {active.number} of loop policy {policy.name!r} is {active.status}", hint)
    moment, base = now(), triggers.resolve_base(connection, policy.definition.training.base)
    run = PolicyRun(
        id=new_id(),
        policy=policy.name,
        number=policy_store.next_number(connection, policy.name),
        version=policy.version,
        definition=policy.definition,
        consent=policy.consent,
        trigger=trigger,
        status="queued",
        harvest_since=policy_store.harvested_until(connection, policy.name),
        harvest_until=moment,
        base=base,
        created_at=moment,
    )
    try:
        with connection.begin_nested():
            policy_store.insert_run(connection, run)
    except IntegrityError as error:
        hint = f"see: vong loop policies runs {policy.name}"
        raise Conflict(f"a run of loop policy {policy.name!r} has just started", hint) from error
    state: dict[str, Any] = {**policy.state, "base": base, "drift": None, "drift_at": None}
    policy_store.update_policy(connection, policy.name, state=state)
    jobs.submit(connection, JOB_KIND, {"policy": policy.name, "number": run.number}, id=run.id)
    log.info("loop policy %s: run %d starts (%s)", policy.name, run.number, trigger.detail)
    return run


def start_by_hand(connection: Connection, name: str, by: str) -> PolicyRun:
    """Start a run without a trigger. Neither a pause nor a cool-down prevents it.

    Raises: Conflict if a run is active.
    """
    end_interrupted(connection, name)
    policy_store.get_policy(connection, name)
    policy = policy_store.find_policy(connection, name, lock=True)
    if policy is None:
        raise Conflict(f"loop policy {name!r} is starting a run", f"see: vong loop policies show {name}")
    return start(connection, policy, TriggerState(kind="manual", is_due=True, detail=f"started by {by}"))


def cancel(connection: Connection, id: UUID, by: str) -> PolicyRun:
    """Cancel a run with the job or the release that it waits for, and stop the candidate's deployment.

    Raises: Conflict if the run has ended.
    """
    run = policy_store.get_run(connection, id, lock=True)
    if run.status not in ACTIVE_RUN_STATUSES:
        raise Conflict(f"run {str(id)!r} is {run.status}", f"see: vong loop policies run {id}")
    reason = f"cancelled by {by}"
    jobs.cancel(connection, id)
    for step in run.steps:
        if step.status == "running" and step.job is not None:
            stop_job(connection, step.name, step.job, reason, by)
    return end(connection, run, "cancelled", reason)


def stop_job(connection: Connection, step: str, job: UUID, reason: str, by: str) -> None:
    """Stop the release or cancel the job of a step, if it has not ended."""
    try:
        if step == "release":
            loop_releases.stop(connection, job, reason, by)
        else:
            jobs.cancel(connection, job)
    except (Conflict, NotFound) as error:
        log.info("job %s of step %r was not stopped: %s", job, step, error.message)


def end(connection: Connection, run: PolicyRun, status: Any, reason: str) -> PolicyRun:
    """End a run that was not completed, and stop the candidate's deployment if no route exposes it."""
    steps = policy_store.replace_running(run.steps, "failed" if status == "failed" else "stopped", reason)
    stop_candidate(connection, run)
    return policy_store.update_run(connection, run, status=status, reason=reason, steps=steps, finished_at=now())


def stop_candidate(connection: Connection, run: PolicyRun) -> None:
    """Stop the deployment of a candidate, unless a route exposes it or it was never made."""
    if gates.routes_with_deployment(connection, run.candidate):
        return
    try:
        serving.stop(connection, run.candidate)
    except (NotFound, Conflict) as error:
        log.info("deployment %r was not stopped: %s", run.candidate, error.message)


def end_interrupted(connection: Connection, name: str) -> None:
    """End the active run of a policy if its job has failed or was cancelled. A retried job continues the run."""
    run = policy_store.find_active(connection, name)
    if run is None:
        return
    job = jobs.get(connection, run.id)
    if job.status in ("failed", "cancelled"):
        end(connection, run, job.status, job.error or "the job was cancelled")
