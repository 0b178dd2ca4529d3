"""Steps of a run of a loop policy. Each calls a stage through the public API and returns its evidence as plain values.

Every step returns `passed`, `reason` and `links`. A step that did not pass ends the run without a promotion. An
interrupted step runs again: its requests carry idempotency keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from vong.errors import Conflict, NotFound, PreconditionFailed
from vong.evals.comparison import declines
from vong.loop.policy_records import LoopPolicyDefinition, PolicyRun
from vong.loop.step_runner import StepRunner
from vong.loop.steps import HELD_OUT_SPLITS
from vong.records import Job, Progress

ALPHA = 0.05
"""Level at which a candidate counts as worse than the current target in the suite, with Holm's correction."""


class RunBudgetExceeded(PreconditionFailed):
    """A run has used the minutes of its budget."""


@dataclass(kw_only=True)
class PolicyRunner(StepRunner):
    """State of a run. `approve` records the approval that the consent of the policy contains, for a candidate."""

    run: PolicyRun
    approve: Callable[[str], None]

    @property
    def definition(self) -> LoopPolicyDefinition:
        """Return the policy's content at the start of the run."""
        return self.run.definition

    @property
    def target(self) -> str:
        """Return the candidate as a target of the route."""
        return f"deployment/{self.run.candidate}"

    def remaining_minutes(self) -> float:
        """Return the minutes left of the budget."""
        used = datetime.now(UTC) - self.run.created_at
        return self.definition.budget.minutes - used / timedelta(minutes=1)

    def report_progress(self, progress: Progress) -> None:
        """Report the progress of the current step.

        Raises: RunBudgetExceeded if the minutes of the budget are used. A release and the cleanup are not limited.
        """
        super().report_progress(progress)
        if self.current_step not in ("release", "clean up") and self.remaining_minutes() <= 0:
            minutes = self.definition.budget.minutes
            raise RunBudgetExceeded(f"the budget of {minutes:g} minutes is used", "raise budget.minutes of the policy")

    def wait_within_budget(self, job: Job) -> dict[str, Any]:
        """Wait for a job, and cancel it if the budget is used."""
        try:
            return self.wait_for_job(job)
        except RunBudgetExceeded:
            cancel_job(self, job.id)
            raise


def harvest(runner: PolicyRunner) -> dict[str, Any]:
    """Harvest the feedback since the last harvest into the next version of the dataset."""
    run, plan = runner.run, runner.definition.harvest
    suite = runner.client.evals.suites.get(runner.definition.suite)
    held_out = {entry["split"] for entry in suite["entries"]} - {runner.definition.training.train_split}
    result = runner.client.feedback.harvest(
        runner.definition.dataset,
        split=runner.definition.training.train_split,
        min_value=plan.min_value,
        name=plan.name,
        source=plan.source,
        pairs=plan.pairs,
        route=runner.definition.route,
        since=run.harvest_since.isoformat() if run.harvest_since else None,
        until=run.harvest_until.isoformat(),
        exclude_splits=sorted({*HELD_OUT_SPLITS, *held_out}),
        key=runner.idempotency_key(),
    )
    counts = f"{result['corrections']} corrections and {result['good']} good answers, {result['added']} new rows"
    is_new = run.trigger.kind == "manual" or not _was_trained(runner, result["ref"])
    reason = f"{counts} in {result['ref']}" if is_new else f"{counts}: nothing new to train on"
    return _evidence(is_new, reason, {"dataset": result["ref"]}, result)


def check_health(runner: PolicyRunner, harvested: dict[str, Any]) -> dict[str, Any]:
    """Create the health report of the dataset version. An error ends the run."""
    ref = harvested["ref"]
    result = runner.wait_within_budget(runner.client.data.profile(ref, key=runner.idempotency_key()))
    errors = [finding for finding in result["findings"] if finding["severity"] == "error"]
    texts = "; ".join(f"{one['text']} ({one['next_step']})" for one in errors)
    others = len(result["findings"]) - len(errors)
    reason = f"{len(errors)} errors: {texts}" if errors else f"no errors, {others} other findings"
    return _evidence(not errors, reason, {"dataset": ref}, result)


def train(runner: PolicyRunner, harvested: dict[str, Any]) -> dict[str, Any]:
    """Train a candidate on the dataset version, if the plan fits the budget."""
    plan, budget = runner.definition.training, runner.definition.budget
    request: dict[str, Any] = {"recipe": plan.recipe, "settings": plan.settings, "auto": plan.auto}
    request |= {"train_split": plan.train_split, "validation_split": plan.validation_split}
    base = runner.run.base or plan.base
    planned = runner.client.training.plan(plan.model, base, harvested["ref"], **request)
    planned = {name: planned.get(name) for name in ("seconds", "cost", "fits")}
    minutes, left = (planned["seconds"] or 0) / 60, runner.remaining_minutes()
    if minutes > left:
        reason = f"the training is planned with {minutes:.0f} minutes, {left:.0f} are left of the budget"
        return _evidence(False, reason, {}, {"plan": planned})
    if budget.cost is not None and (planned["cost"] or 0) > budget.cost:
        reason = f"the training is planned with ${planned['cost']:g}, the budget is ${budget.cost:g}"
        return _evidence(False, reason, {}, {"plan": planned})
    started = runner.client.training.start(plan.model, base, harvested["ref"], key=runner.idempotency_key(), **request)
    result = runner.wait_within_budget(started.job)
    links = {"run": str(result["run"]), "model": result["model"]}
    return _evidence(True, f"trained {result['model']}", links, {**result, "plan": planned})


def deploy(runner: PolicyRunner, trained: dict[str, Any]) -> dict[str, Any]:
    """Deploy the candidate beside the targets of the route, after its parity check and without traffic."""
    name = runner.run.candidate
    runner.client.serving.deploy(name, model=trained["model"], engine=runner.definition.engine)
    seconds = max(60.0, runner.remaining_minutes() * 60)
    ready = runner.client.serving.wait(
        name, timeout=seconds, on_change=lambda one: runner.report_progress(Progress(message=one.state))
    )
    evidence = {"deployment": name, "parity": ready.parity, "memory": ready.memory}
    return _evidence(True, f"deployment {name!r} is ready, without traffic", {"deployment": name}, evidence)


def evaluate(runner: PolicyRunner, trained: dict[str, Any]) -> dict[str, Any]:
    """Run the suite on the candidate and on the current target, and compare both."""
    suite = runner.client.evals.suites.get(runner.definition.suite)
    ref = f"{suite['name']}@{suite['number']}"
    run = _run_suite(runner, ref, runner.target, runner.idempotency_key("candidate"))
    current, model = find_current(runner)
    baseline = _run_baseline(runner, ref, current, model)
    compared = runner.client.evals.suites.compare(run["id"], baseline["id"])
    worse = [
        f"{metric} {one['a']:.3g} -> {one['b']:.3g} (adjusted p {one['adjusted_p']:.2g})"
        for entry in compared["entries"]
        for metric, one in entry["metrics"].items()
        if one["adjusted_p"] < ALPHA and declines(one["difference"], one["higher_is_better"])
    ]
    failed = [
        f"{one['scorer']} is {one['value']}, {one['direction'].replace('_', ' ')} {one['bound']:g} is required"
        for one in run["checks"]
        if not one["passed"]
    ]
    problems = [*failed, *(f"worse than {current}: {text}" for text in worse)]
    metrics = {
        metric: {name: one[name] for name in ("a", "b", "difference", "low", "high", "adjusted_p")}
        for entry in compared["entries"]
        for metric, one in entry["metrics"].items()
    }
    links = {"suite": ref, "suite_run": run["id"], "baseline": baseline["id"], "model": trained["model"]}
    reason = "; ".join(problems) or f"suite {ref} passed, and no metric is worse than with {current}"
    evidence = {"current": current, "current_model": model, "metrics": metrics, "checks": run["checks"]}
    return _evidence(not problems, reason, links, evidence)


def check_gate(runner: PolicyRunner) -> dict[str, Any]:
    """Check every gate of the route. The consent of the policy counts as the approval of the person who gave it."""
    route, needed = runner.definition.route, runner.definition.gate
    decision = runner.client.evals.gates.check("route", route, runner.target)
    missing = [one for one in decision["requirements"] if not one["passed"]]
    if missing and all(one["kind"] == "approval" for one in missing):
        runner.approve(runner.target)
        decision = runner.client.evals.gates.check("route", route, runner.target)
        missing = [one for one in decision["requirements"] if not one["passed"]]
    texts = [f"{one['detail']}{_command(one['command'])}" for one in missing]
    policies = [ref.partition("@")[0] for ref in decision["policies"]]
    if needed and needed not in policies:
        texts.append(f"gate policy {needed!r} no longer applies to route {route!r}")
    passed = f"passed {', '.join(decision['policies'])}" if policies else "no gate policy applies to the route"
    return _evidence(not texts, "; ".join(texts) or passed, {"gate": route}, decision)


def release(runner: PolicyRunner) -> dict[str, Any]:
    """Release the candidate on the route by the plan of the policy, and wait for the decision."""
    plan = runner.definition.release.model_dump(mode="json")
    route, releases = runner.definition.route, runner.client.loop.releases
    started = next((one for one in releases.list(route=route) if one["candidate"] == runner.target), None)
    if started is None:
        try:
            started = releases.start(route, runner.target, key=runner.idempotency_key(), **plan)
        except Conflict as error:
            return _evidence(False, f"{error.message}; {error.hint}", {"route": route}, {})
    id = started["id"]
    runner.on_job(UUID(id))
    runner.client.jobs.wait(id, on_progress=lambda job: runner.report_progress(job.progress))
    ended = releases.get(id)
    people = [one for one in releases.events(id) if one["actor"] not in ("evidence", "internal")]
    quality = {name: value for name, value in ended["evidence"]["quality"].items() if not isinstance(value, list)}
    names = ("status", "reason", "decided_by", "started_at", "ended_at", "reaction_seconds", "gates", "model")
    evidence = {name: ended[name] for name in names} | {"quality": quality, "human_actions": len(people)}
    evidence["guard_rails"] = ended["evidence"]["guard_rails"]
    reason = f"{ended['status'].replace('_', ' ')}: {ended['reason']}"
    return _evidence(ended["status"] == "promoted", reason, {"release": id, "route": route}, evidence)


def clean_up(runner: PolicyRunner, promoted: bool) -> dict[str, Any]:
    """Stop the deployment of a candidate that was not promoted, or those that this policy no longer needs."""
    names = [runner.run.candidate]
    if promoted:
        names = [name for name in _own_deployments(runner) if name != runner.run.candidate][:-1]
    stopped: list[str] = []
    for name in names:
        try:
            if runner.client.serving.get(name).state != "stopped":
                runner.client.serving.stop(name)
                stopped.append(name)
        except (NotFound, Conflict, PreconditionFailed) as error:
            runner.log(f"deployment {name!r} was not stopped: {error}")
    reason = f"stopped {', '.join(stopped)}" if stopped else "nothing to stop"
    return _evidence(True, reason, {}, {"stopped": stopped})


def find_current(runner: PolicyRunner) -> tuple[str, str | None]:
    """Return the target with the largest weight, the candidate excluded, and the model version of a deployment."""
    route = runner.client.gateway.route(runner.definition.route)
    others = [target for target in route.targets if target.key != runner.target and target.weight > 0]
    if not others:
        hint = "add the current target to the route"
        raise PreconditionFailed(f"route {route.name!r} has no target beside the candidate", hint)
    current = max(others, key=lambda target: target.weight).model
    if not current.startswith("deployment/"):
        return current, None
    return current, runner.client.serving.get(current.removeprefix("deployment/")).model


def cancel_job(runner: StepRunner, id: UUID) -> None:
    """Cancel a job that a step waits for, if it has not ended."""
    try:
        runner.client.jobs.cancel(id)
    except (Conflict, NotFound) as error:
        runner.log(f"job {id} was not cancelled: {error}")


def _was_trained(runner: PolicyRunner, ref: str) -> bool:
    """Return True if the newest run that trained a candidate used this dataset version and the same base."""
    for run in runner.client.loop.policies.runs(runner.run.policy, limit=50):
        steps = {step["name"]: step for step in run["steps"]}
        if run["id"] != str(runner.run.id) and steps.get("train", {}).get("status") == "passed":
            return steps["harvest"]["evidence"].get("ref") == ref and run["base"] == runner.run.base
    return False


def _own_deployments(runner: PolicyRunner) -> list[str]:
    """Return the running deployments of this policy, in the order of their runs."""
    prefix = runner.run.candidate.removesuffix(str(runner.run.number))
    numbers: list[int] = []
    after = ""
    while page := runner.client.serving.list(after=after, limit=500):
        after = page[-1].name
        for one in page:
            number = one.name.removeprefix(prefix)
            if one.name.startswith(prefix) and number.isdecimal() and one.state != "stopped":
                numbers.append(int(number))
    return [f"{prefix}{number}" for number in sorted(numbers)]


def _run_baseline(runner: PolicyRunner, suite: str, current: str, model: str | None) -> dict[str, Any]:
    """Return the suite run of the current target. That of an earlier loop run is used if the model is the same."""
    if model is not None:
        for run in runner.client.evals.suites.runs(suite=suite, subject=current, label=model):
            if run["status"] == "finished" and not run["options"].get("limit"):
                return run
    return _run_suite(runner, suite, current, runner.idempotency_key("baseline"), label=model or "")


def _run_suite(runner: PolicyRunner, suite: str, subject: str, key: str, label: str = "") -> dict[str, Any]:
    started, job = runner.client.evals.suites.run(suite, subject, label=label, key=key)
    runner.wait_within_budget(job)
    return runner.client.evals.suites.get_run(started["id"])


def _evidence(passed: bool, reason: str, links: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
    pairs = [{"kind": kind, "ref": ref} for kind, ref in links.items()]
    return {**values, "passed": passed, "reason": reason, "links": pairs}


def _command(command: str | None) -> str:
    return f" (run: {command})" if command else ""
