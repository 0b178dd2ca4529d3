"""Suites connected to datasets, jobs and the gateway: create them, start their runs, and run the job."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection

from vong import data, evals, jobs
from vong.access.principal import Principal
from vong.app.caller_client import caller_params
from vong.app.eval_subjects import pin_subject
from vong.app.evals import run_evaluation
from vong.app.platform import Platform
from vong.errors import Conflict, InvalidInput, JobCancelled, NotFound, VongError
from vong.evals import specs, suite_runs, suites
from vong.evals.comparison import MetricComparison, compare
from vong.evals.judges.pinning import pin_judges
from vong.evals.prompting import choose_examples
from vong.evals.runs import create_run, find_run, list_outputs, update_run
from vong.evals.runs import get_run as get_evaluation
from vong.evals.slices import assign_slices
from vong.evals.suite_results import SuiteCheck, SuiteMetric
from vong.evals.suite_runs import PlannedRun, SuiteRun, SuiteRunOptions
from vong.evals.suites import Suite, SuiteDefinition, SuiteEntry
from vong.jobs import JobContext
from vong.records import EvalResult, Job, Record, new_id, now
from vong.records.job import FINAL_STATUSES

if TYPE_CHECKING:
    from vong.client import Client


def create(connection: Connection, name: str, definition: SuiteDefinition) -> Suite:
    """Store a suite whose datasets and judges are fixed to the versions that they name now.

    Raises: NotFound if a dataset or judge does not exist; InvalidInput if a dataset lacks a split.
    """
    fixed: list[SuiteEntry] = []
    for entry in definition.entries:
        version = data.find(connection, entry.dataset)
        for split in (entry.split, *([entry.settings.shots_split] if entry.settings.shots else [])):
            if split not in version.splits:
                available = ", ".join(version.splits) or "none; create splits with: vong data split"
                raise InvalidInput(f"{version.ref} has no split {split!r}", f"it has: {available}")
        judged = tuple(specs.to_text(spec) for spec in pin_judges(connection, entry.scorers))
        fixed.append(entry.model_copy(update={"dataset": version.ref, "scorers": judged}))
    return suites.create_suite(connection, name, definition.model_copy(update={"entries": tuple(fixed)}))


def start(
    connection: Connection,
    suite: str,
    subject: str,
    *,
    options: SuiteRunOptions | None = None,
    label: str = "",
    key: str | None = None,
    principal: Principal | None = None,
) -> tuple[SuiteRun, Job]:
    """Record a suite run and submit its job, in one transaction. Both have the same id.

    A repeated `key` returns the first run and job. Scorers call models on behalf of `principal`.
    """
    found = suites.find_suite(connection, suite)
    settings = [effective_settings(entry, options or SuiteRunOptions()) for entry in found.entries]
    subject = pin_subject(connection, subject, settings)
    params = {"suite": found.ref, "subject": subject, "label": label, **caller_params(principal)}
    job = jobs.submit(connection, "evals.suite", params, id=new_id(), key=key)
    try:
        run = suite_runs.get_run(connection, job.id)
    except NotFound:
        run = suite_runs.create_run(connection, found, subject, options=options, label=label, id=job.id)
    return run, job


def run(job: JobContext, platform: Platform) -> dict[str, Any]:
    """Run the job `evals.suite`: the evaluations that have not finished yet, then the report."""
    with platform.scope(job.project_id) as connection:
        suite_run = suite_runs.get_run(connection, job.id)
        suite = suites.find_suite(connection, suite_run.suite)
        suite_runs.update_run(connection, job.id, {"status": "running", "finished_at": None})
    try:
        with platform.client(job.project_id) as client:
            _run_evaluations(job, platform, client, suite_run, suite)
        finished = _report(job, platform, suite_run, suite)
    except VongError as error:
        with platform.scope(job.project_id) as connection:
            suite_runs.update_counts(connection, suite_run)
            status = "cancelled" if isinstance(error, JobCancelled) else "failed"
            suite_runs.update_run(connection, job.id, {"status": status, "finished_at": now()})
        raise
    failed = [check.model_dump(mode="json") for check in finished.checks if not check.passed]
    return {"suite_run": str(finished.id), "passed": finished.passed, "failed_checks": failed}


def _run_evaluations(job: JobContext, platform: Platform, client: "Client", suite_run: SuiteRun, suite: Suite) -> None:
    plan = suite_runs.plan_runs(job.id, suite, suite_run.options)
    with platform.scope(job.project_id) as connection:
        results = [_prepare(connection, suite_run, suite.entries[planned.entry], planned) for planned in plan]
        suite_runs.update_counts(connection, suite_run)
    total, done = sum(result.examples for result in results), 0
    for planned, result in zip(plan, results, strict=True):
        if result.status != "finished":
            start, message = done, f"{result.dataset}/{result.split}"
            if suite_run.options.repeats or suite.entries[planned.entry].repeats > 1:
                message += f", repeat {planned.repeat + 1}"

            def report(newly_done: int, _: int, start: int = start, message: str = message) -> None:
                job.progress(start + newly_done, total, unit="examples", message=message)

            result = run_evaluation(job, platform, client, result, progress=report, bypass_cache=True)
            with platform.scope(job.project_id) as connection:
                suite_runs.update_counts(connection, suite_run)
        done += result.done
        job.progress(done, total, unit="examples")


def _prepare(connection: Connection, suite_run: SuiteRun, entry: SuiteEntry, planned: PlannedRun) -> EvalResult:
    """Return the evaluation of an entry and repeat, recorded first if that is missing."""
    existing = find_run(connection, planned.id)
    if existing is not None:
        return existing
    version = data.find(connection, entry.dataset)
    settings = effective_settings(entry, suite_run.options)
    repeat = f", repeat {planned.repeat + 1}" if planned.repeat else ""
    created = create_run(
        connection,
        model=suite_run.subject,
        dataset=version,
        split=entry.split,
        scorers=pin_judges(connection, entry.scorers),
        settings=settings,
        name=f"{suite_run.suite}: {suite_run.subject} on {version.name}/{entry.split}{repeat}",
        id=planned.id,
    )
    update_run(connection, planned.id, {"suite_run": suite_run.id})
    return created


def effective_settings(entry: SuiteEntry, options: SuiteRunOptions) -> evals.EvalSettings:
    """Return the settings of an entry with the options of a run."""
    changes: dict[str, Any] = {}
    if options.system is not None:
        changes["system"] = options.system
    if options.concurrency is not None:
        changes["concurrency"] = options.concurrency
    if options.limit is not None:
        changes["limit"] = min(options.limit, entry.settings.limit or options.limit)
    return entry.settings.model_copy(update=changes)


def entry_slices(
    platform: Platform, connection: Connection, entry: SuiteEntry, settings: evals.EvalSettings
) -> dict[str, frozenset[int]]:
    """Return the slices of the evaluated examples of an entry."""
    if not entry.slices:
        return {}
    version = data.find(connection, entry.dataset)
    examples = list(data.read(platform.blobs, version, split=entry.split))
    return assign_slices(choose_examples(examples, settings), entry.slices)


def _report(job: JobContext, platform: Platform, suite_run: SuiteRun, suite: Suite) -> SuiteRun:
    from vong.evals import suite_report

    metrics: list[SuiteMetric] = []
    checks: list[SuiteCheck] = []
    groups: list[tuple[int, suite_report.EntryOutputs, Mapping[str, frozenset[int]]]] = []
    plan = suite_runs.plan_runs(job.id, suite, suite_run.options)
    with platform.scope(job.project_id) as connection:
        for number, entry in enumerate(suite.entries):
            repeats = [list_outputs(connection, one.id, limit=None) for one in plan if one.entry == number]
            outputs = suite_report.EntryOutputs(entry, repeats)
            slices = entry_slices(platform, connection, entry, effective_settings(entry, suite_run.options))
            metrics += suite_report.measure_metrics(number, outputs)
            checks += suite_report.check_thresholds(number, outputs, slices, suite_run.options.thresholds)
            groups.append((number, outputs, slices))
        worst = suite_report.find_worst_slices(groups)
        return suite_runs.finish_run(connection, suite_run, metrics, checks, worst)


def get_run(connection: Connection, id: UUID) -> SuiteRun:
    """Return a suite run with current counts, updated first if its job ended without recording that."""
    run = suite_runs.get_run(connection, id)
    if run.status in FINAL_STATUSES:
        return run
    suite_runs.update_counts(connection, run)
    try:
        job = jobs.get(connection, id)
    except NotFound:
        return suite_runs.get_run(connection, id)
    if job.status in {"failed", "cancelled"}:
        suite_runs.update_run(connection, id, {"status": job.status, "finished_at": job.finished_at})
        for result in suite_runs.list_evaluations(connection, run):
            if result.status not in FINAL_STATUSES:
                update_run(connection, result.id, {"status": job.status, "finished_at": job.finished_at})
    return suite_runs.get_run(connection, id)


class EntryComparison(Record):
    """Comparison of one entry with the baseline's evaluation of the same examples, over the first repeats."""

    entry: int
    dataset: str
    split: str
    a: UUID
    b: UUID
    metrics: dict[str, MetricComparison]


class SuiteComparison(Record):
    """Comparison of a suite run with a baseline. `missing` lists entries that the baseline did not evaluate."""

    run: UUID
    baseline: SuiteRun
    entries: tuple[EntryComparison, ...]
    missing: tuple[int, ...] = ()


def compare_runs(connection: Connection, id: UUID, baseline: str) -> SuiteComparison:
    """Compare a finished suite run with a baseline: the id of a run, or the label of the newest finished one.

    Raises: Conflict if the run has not finished; NotFound if there is no such baseline.
    """
    run = get_run(connection, id)
    base = suite_runs.find_baseline(connection, run, baseline)
    for one in (run, base):
        if one.status != "finished":
            raise Conflict(f"suite run {str(one.id)!r} is {one.status}", "wait until it has finished, or run it again")
    evaluated = {(one.dataset, one.split): one for one in reversed(suite_runs.list_evaluations(connection, base))}
    suite = suites.find_suite(connection, run.suite)
    entries: list[EntryComparison] = []
    missing: list[int] = []
    for planned in suite_runs.plan_runs(run.id, suite, run.options):
        if planned.repeat:
            continue
        current = get_evaluation(connection, planned.id)
        before = evaluated.get((current.dataset, current.split))
        if before is None or not set(before.scorers) & set(current.scorers):
            missing.append(planned.entry)
            continue
        found = compare(connection, before.id, current.id, changes=0)
        entries.append(
            EntryComparison(
                entry=planned.entry,
                dataset=current.dataset,
                split=current.split,
                a=before.id,
                b=current.id,
                metrics=found.metrics,
            )
        )
    return SuiteComparison(run=run.id, baseline=base, entries=tuple(entries), missing=tuple(missing))
