"""Run of a loop policy as a job."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from vong import feedback
from vong.app import gates, loop_policies
from vong.app.gates import GateCaller
from vong.app.platform import Platform
from vong.errors import InvalidInput, JobCancelled
from vong.feedback.scores import newest_score_time
from vong.jobs import JobContext
from vong.loop import policy_run, policy_store
from vong.loop.policy_records import ACTIVE_RUN_STATUSES, PolicyRun, PolicyStep
from vong.loop.policy_run import PolicyOutcome
from vong.loop.policy_steps import PolicyRunner
from vong.records import Progress, now
from vong.store.retry import retry_while_unavailable


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `loop.policy_run`. Every finished step is stored, so that an interrupted run resumes there."""
    with platform.scope(job.project_id) as connection:
        stored = policy_store.get_run(connection, job.id)
        if stored.status in ("failed", "cancelled"):  # a retried job continues its run
            stored = policy_store.update_run(connection, stored, status="running", reason=None, finished_at=None)
    if stored.status in ACTIVE_RUN_STATUSES:
        with platform.client(job.project_id) as client:
            recorder = StepRecorder(job, platform)
            runner = PolicyRunner(
                id=job.id,
                client=client,
                run_once=job.step,
                progress=recorder.progress,
                log=job.log,
                on_job=recorder.add_job,
                run=stored,
                approve=lambda target: approve(platform, stored, job.project_id, target),
            )
            try:
                outcome = policy_run.run_policy(runner, recorder.record)
            except JobCancelled:
                if job.is_cancelled:
                    recorder.cancel()
                raise
            stored = finish(platform, job, outcome)
    return {"policy": stored.policy, "number": stored.number, "status": stored.status, "reason": stored.reason}


class StepRecorder:
    """Record of the steps in the run, and of the job that the current step waits for."""

    def __init__(self, job: JobContext, platform: Platform) -> None:
        self._job = job
        self._platform = platform
        self._step = PolicyStep(name="harvest", status="running")

    def record(self, step: PolicyStep) -> None:
        """Store the state of a step."""
        self._step = step

        def work(connection: Connection) -> None:
            policy_store.set_step(connection, self._job.id, step)

        _write(self._platform, self._job, work)

    def add_job(self, id: UUID) -> None:
        """Store the job that the current step waits for."""
        self.record(self._step.model_copy(update={"job": id}))

    def progress(self, step: str, state: Progress) -> None:
        """Report the progress of a step as progress of the job."""
        message = step if state.message in {"", step} else f"{step}: {state.message}"
        self._job.progress(state.done, state.total, unit=state.unit, message=message)

    def cancel(self) -> None:
        """Stop the job of the current step, which may have started after the run was cancelled."""
        step = self._step
        with self._platform.scope(self._job.project_id) as connection:
            if step.status == "running" and step.job is not None:
                loop_policies.stop_job(connection, step.name, step.job, "the run was cancelled", "internal")
            loop_policies.stop_candidate(connection, policy_store.get_run(connection, self._job.id))


def approve(platform: Platform, stored: PolicyRun, project_id: UUID, target: str) -> None:
    """Record the approval of the person who consented to the policy, for the candidate on its route."""
    caller = GateCaller(stored.consent.by, stored.consent.role)
    comment = f"consent to loop policy {stored.policy} version {stored.version} at {stored.consent.at.isoformat()}"
    with platform.scope(project_id) as connection:
        subject = gates.route_subject(stored.definition.route)
        try:
            gates.approve(connection, subject, target, caller, comment)
        except InvalidInput:
            return  # the gate policy changed meanwhile and needs no approval


def finish(platform: Platform, job: JobContext, outcome: PolicyOutcome) -> PolicyRun:
    """Store the outcome of a run with the time since the last correction and the number of human actions."""

    def work(connection: Connection) -> PolicyRun:
        stored = policy_store.get_run(connection, job.id, lock=True)
        if stored.status not in ACTIVE_RUN_STATUSES:
            return stored
        moment = now()
        corrections = feedback.ScoreFilter(
            route=stored.definition.route,
            kind="correction",
            since=stored.harvest_since,
            until=stored.harvest_until,
        )
        corrected = newest_score_time(connection, corrections)
        by_step = {step.name: step for step in stored.steps}
        released = by_step.get("release")
        actions = int(released.evidence.get("human_actions", 0)) if released else 0
        trained = by_step.get("train")
        model = trained.evidence.get("model") if trained else None
        return policy_store.update_run(
            connection,
            stored,
            status="promoted" if outcome.promoted else "not_promoted",
            reason=outcome.reason,
            model=model,
            human_actions=actions + (stored.trigger.kind == "manual"),
            last_correction_at=corrected,
            minutes=round((moment - corrected).total_seconds() / 60, 2) if corrected else None,
            finished_at=moment,
        )

    return _write(platform, job, work)


def _write(platform: Platform, job: JobContext, work: Any) -> Any:
    return retry_while_unavailable(platform.database, job.project_id, work, cancelled=job.stop_event)
