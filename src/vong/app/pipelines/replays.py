"""Replays of pipeline runs: with changes, by a job, compared with the original outputs afterwards.

The stored results of the steps that a change does not affect are used again. A killed job continues: runs that it has
started are not started again.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection

from vong import evals, jobs
from vong.access.principal import Principal
from vong.app.eval_estimates import find_price
from vong.app.pipelines import runs
from vong.app.pipelines.callers import find_caller, to_caller
from vong.app.pipelines.replay_scores import score_replay
from vong.app.pipelines.runnables import check_call_rights, list_functions
from vong.app.pipelines.runs import RunRequest
from vong.app.platform import Platform
from vong.errors import Conflict, InvalidInput, JobCancelled, PreconditionFailed, VongError
from vong.evals import scoring
from vong.evals.comparison import EvalComparison
from vong.gateway.pricing.prices import ModelPrice
from vong.jobs import JobContext
from vong.pipelines import replay_store, run_store, versions
from vong.pipelines.definition import PipelineDefinition
from vong.pipelines.references import is_template
from vong.pipelines.replay_plan import ReplayChanges, ReplayPlan, plan_replay, top_level
from vong.pipelines.replay_store import PipelineReplay, ReplayedRun, ReplayEstimate, ReplaySource
from vong.pipelines.run_records import FINAL_RUN_STATES, PipelineRun, RunStep
from vong.pipelines.validation import require_valid
from vong.records import Job, Record, Usage, new_id, now

CONCURRENT_RUNS = 16
POLL_SECONDS = 0.5
MODEL_KINDS = frozenset({"prompt", "classify", "extract", "rerank"})


class ReplayRequest(Record):
    """Replay to estimate or start.

    `scorers` compare the outputs: the reference of each is the original output. `allow_effects` executes steps again
    that may change something outside, such as HTTP requests with POST. `max_cost_usd` stops the replay.
    """

    source: ReplaySource = ReplaySource()
    changes: ReplayChanges = ReplayChanges()
    scorers: tuple[str, ...] = Field(default=("exact_match",), min_length=1, max_length=20)
    allow_effects: bool = False
    max_cost_usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class _Sources(NamedTuple):
    """Original runs, and their plans by the hash of the version that they executed."""

    runs: list[PipelineRun]
    plans: dict[str, ReplayPlan]


PriceOf = Callable[[str], ModelPrice | None]
"""Returns the price of a model, or None if it is unknown."""


def price_finder(platform: Platform, project_id: UUID) -> PriceOf:
    """Return the function that finds the prices of models of a project."""
    return cache(partial(find_price, platform, project_id))


def estimate(
    connection: Connection, pipeline: str, request: ReplayRequest, price_of: PriceOf | None = None
) -> ReplayEstimate:
    """Return the estimate of a replay, from the stored usage of the steps that would run again.

    Steps that get another model are priced with `price_of` it.

    Raises: InvalidInput if a change is invalid; NotFound if there is no such run or version.
    """
    return _estimate(connection, _find_sources(connection, pipeline, request), request, price_of)


def start(
    connection: Connection,
    principal: Principal,
    pipeline: str,
    request: ReplayRequest,
    key: str | None = None,
    price_of: PriceOf | None = None,
) -> tuple[PipelineReplay, Job]:
    """Store a replay and submit its job. Both have the same id.

    Raises: PreconditionFailed if steps with effects would run again without `allow_effects`.
    """
    scoring.build_scorers(request.scorers)
    sources = _find_sources(connection, pipeline, request)
    _check_call_rights(connection, principal, pipeline, request, sources)
    estimated = _estimate(connection, sources, request, price_of)
    if estimated.effects and not request.allow_effects:
        steps = ", ".join(estimated.effects)
        message = f"the replay would execute steps again that may change something outside: {steps}"
        raise PreconditionFailed(message, "allow it with allow_effects (--allow-effects), or replace the steps")
    params = {"pipeline": pipeline, "caller": to_caller(principal), "max_cost_usd": request.max_cost_usd}
    job = jobs.submit(connection, "pipelines.replay", params, id=new_id(), key=key)
    try:
        return replay_store.get_replay(connection, job.id), job  # a repeated request
    except VongError:
        pass
    replay = PipelineReplay(
        id=job.id,
        pipeline=pipeline,
        version=_pinned_version(connection, pipeline, request.changes),
        changes=request.changes,
        scorers=request.scorers,
        status="queued",
        estimate=estimated,
        created_by=principal.actor,
        created_at=now(),
    )
    replay_store.add_replay(connection, replay, [run.id for run in sources.runs])
    return replay_store.get_replay(connection, job.id), job


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `pipelines.replay`: start the runs, wait for them, and compare the outputs."""
    with platform.scope(job.project_id) as connection:
        replay = replay_store.get_replay(connection, job.id)
        replay_store.update_replay(connection, job.id, {"status": "running", "finished_at": None})
    try:
        _Replay(job, platform, replay).execute()
        found = score_replay(job, platform, replay)
        with platform.scope(job.project_id) as connection:
            replay_store.finish_replay(connection, job.id, "finished", found)
            states = replay_store.get_replay(connection, job.id).states
    except VongError as error:
        with platform.scope(job.project_id) as connection:
            status = "cancelled" if isinstance(error, JobCancelled) else "failed"
            replay_store.finish_replay(connection, job.id, status)
        raise
    return {"replay": str(job.id), "states": states, "evaluations": [str(id) for id in found]}


def compare(connection: Connection, id: UUID, *, changes: int = 20) -> EvalComparison:
    """Return the paired comparison of the original outputs with the new ones.

    Raises: Conflict if the replay has not finished.
    """
    replay = replay_store.get_replay(connection, id)
    if not replay.evaluations:
        raise Conflict(f"replay {str(id)!r} is {replay.status} and has no comparison", "wait until it has finished")
    return evals.compare(connection, *replay.evaluations, changes=changes)


class _Replay:
    """Execution of one replay in a job."""

    def __init__(self, job: JobContext, platform: Platform, replay: PipelineReplay) -> None:
        self._job, self._platform, self._replay = job, platform, replay
        self._principal: Principal = find_caller(platform, job.project_id, job.params["caller"])
        self._plans: dict[str, ReplayPlan] = {}
        self._budget = job.params.get("max_cost_usd")
        self._cost = 0

    def execute(self) -> None:
        """Start all runs, at most `CONCURRENT_RUNS` at a time, and wait for their ends."""
        with self._scope() as connection:
            items = replay_store.list_replayed_runs(connection, self._replay.id)
        running = {item.position: item for item in items if item.state == "running"}
        pending = [item for item in items if item.state == "pending"]
        settled = len(items) - len(running) - len(pending)
        while pending or running:
            self._job.check()
            while pending and len(running) < CONCURRENT_RUNS:
                item = pending.pop(0)
                started = self._start(item)
                if started is None:
                    settled += 1
                else:
                    running[item.position] = started
            settled += self._collect(running)
            self._job.progress(settled, len(items), unit="runs")
            if running:
                time.sleep(POLL_SECONDS)

    def _scope(self) -> Any:
        return self._platform.scope(self._job.project_id)

    def _start(self, item: ReplayedRun) -> ReplayedRun | None:
        """Start one run. Returns None if it cannot be started, which is recorded."""
        try:
            self._check_budget()
            with self._scope() as connection:
                source = run_store.get_run(connection, item.source_id)
                steps = run_store.list_steps(connection, item.source_id)
                plan = self._plan_of(connection, source)
            request = RunRequest(
                self._principal,
                {**source.inputs, **self._replay.changes.inputs},
                version=_NamedDefinition(self._replay.pipeline, plan.definition),
                replay_of=source.id,
                options=source.options,
                idempotency_key=f"replay:{self._replay.id}:{item.position}",
            )
            started = runs.enqueue(self._platform, request, [step for step in steps if plan.reuses(step)])
        except JobCancelled:
            raise
        except VongError as error:
            self._record(item, {"state": "failed", "error": error.message})
            return None
        self._record(item, {"state": "running", "run_id": started.id})
        return item.model_copy(update={"run_id": started.id, "state": "running"})

    def _collect(self, running: dict[int, ReplayedRun]) -> int:
        """Record the runs that have ended, and return their number. A run that waits for a decision counts."""
        ended = 0
        for position, item in list(running.items()):
            with self._scope() as connection:
                found = run_store.get_run(connection, item.run_id)
            if found.state in FINAL_RUN_STATES or found.state == "waiting":
                self._cost += found.cost
                error = found.error.message if found.error else None
                self._record(item, {"state": found.state, "error": error})
                del running[position]
                ended += 1
        return ended

    def _record(self, item: ReplayedRun, values: dict[str, Any]) -> None:
        with self._scope() as connection:
            replay_store.update_replayed_run(connection, self._replay.id, item.position, values)

    def _plan_of(self, connection: Connection, source: PipelineRun) -> ReplayPlan:
        if source.version not in self._plans:
            original = run_store.get_definition(connection, source.version)
            version = self._replay.version
            target = versions.find(connection, version).definition if version else None
            self._plans[source.version] = plan_replay(original, self._replay.changes, target)
        return self._plans[source.version]

    def _check_budget(self) -> None:
        if self._budget is not None and self._cost > self._budget * 1_000_000:
            message = f"the replay has cost ${self._cost / 1e6:.4f}, more than its maximum of ${self._budget:.4f}"
            raise Conflict(message, "raise max_cost_usd")


class _NamedDefinition(NamedTuple):
    """Changed definition that runs under the name of its pipeline."""

    name: str
    definition: PipelineDefinition


def _find_sources(connection: Connection, pipeline: str, request: ReplayRequest) -> _Sources:
    found = replay_store.select_sources(connection, pipeline, request.source)
    if not found:
        raise InvalidInput(f"no finished run of pipeline {pipeline!r} matches", "name runs, or widen the filter")
    version = _pinned_version(connection, pipeline, request.changes)
    target = versions.find(connection, version).definition if version else None
    plans: dict[str, ReplayPlan] = {}
    for digest in dict.fromkeys(run.version for run in found):
        plans[digest] = plan_replay(run_store.get_definition(connection, digest), request.changes, target)
        require_valid(plans[digest].definition)
    return _Sources(found, plans)


def _check_call_rights(
    connection: Connection, principal: Principal, pipeline: str, request: ReplayRequest, sources: _Sources
) -> None:
    """Check the definitions whose changes name Python objects that no stored definition names.

    Raises: Forbidden if the caller is no owner.
    """
    version = _pinned_version(connection, pipeline, request.changes)
    stored = list_functions(versions.find(connection, version).definition.steps) if version else set[str]()
    for digest, plan in sources.plans.items():
        known = stored | list_functions(run_store.get_definition(connection, digest).steps)
        if list_functions(plan.definition.steps) - known:
            check_call_rights(principal.role, plan.definition)


def _pinned_version(connection: Connection, pipeline: str, changes: ReplayChanges) -> str | None:
    return versions.find_version(connection, pipeline, changes.version).ref if changes.version else None


def _estimate(
    connection: Connection, sources: _Sources, request: ReplayRequest, price_of: PriceOf | None
) -> ReplayEstimate:
    cost = tokens = reused = unpriced = 0
    executed: dict[str, int] = {}
    effects: dict[str, None] = {}
    for source in sources.runs:
        plan = sources.plans[source.version]
        steps = run_store.list_steps(connection, source.id)
        again = _executed_steps(plan, steps)
        reused += sum(plan.reuses(step) for step in steps)
        tokens += sum(step.tokens for step in again)
        for step in again:
            price = _cost_of(step, plan, price_of)
            cost += price or 0
            unpriced += step.kind in MODEL_KINDS and step.tokens > 0 and not price
        for name in dict.fromkeys([*plan.executed, *(top_level(step.path) for step in again)]):
            executed[name] = executed.get(name, 0) + 1
        effects |= dict.fromkeys(plan.effects)
    return ReplayEstimate(
        runs=len(sources.runs),
        cost=cost,
        tokens=tokens,
        executed=executed,
        reused=reused,
        effects=tuple(effects),
        unpriced=unpriced,
        assumes_old_lengths=not request.changes.is_empty,
    )


def _executed_steps(plan: ReplayPlan, steps: Sequence[RunStep]) -> list[RunStep]:
    return [step for step in steps if step.state != "skipped" and not plan.reuses(step)]


def _cost_of(step: RunStep, plan: ReplayPlan, price_of: PriceOf | None) -> int | None:
    """Return the cost of a step: the stored one, or that of its tokens with the new model. None if it is unknown."""
    definition = plan.definition.steps.get(step.path)
    model = definition.settings.get("model") if definition is not None else None
    outputs = step.outputs or {}
    used = outputs.get("usage")
    if price_of is None or not isinstance(model, str) or not isinstance(used, dict) or is_template(model):
        return step.cost
    if model == outputs.get("model") or model == (step.inputs or {}).get("model"):
        return step.cost
    price = price_of(model)
    counts = [used.get(name) for name in ("input_tokens", "output_tokens")]
    if price is None or not all(isinstance(count, int) for count in counts):
        return None
    return price.cost_of_usage(Usage(input_tokens=counts[0], output_tokens=counts[1]))
