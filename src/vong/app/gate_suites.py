"""Runs of eval suites as evidence for a gate: passed thresholds, no worse slice, calibrated judges."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection

from vong import data, evals, serving, traces
from vong.app.gate_candidate import GateCandidate
from vong.errors import Conflict, InvalidInput, NotFound
from vong.evals import specs, suite_runs, suites
from vong.evals.gates import GateRequirements, RequirementKind
from vong.evals.judges import get_calibration
from vong.evals.prompting import choose_examples
from vong.evals.slices import assign_slices
from vong.evals.suite_runs import SuiteRun
from vong.evals.suites import Suite, SuiteEntry
from vong.records import now
from vong.records.route import TargetKey
from vong.store.blobs import BlobStore

JUDGE_SCORER = "judge"
FIXED_PREFIXES = ("prompt/", "pipeline/")
"""Targets that name a version, so that their answers need not be checked."""
MAX_RUNS = 50
"""Newest finished runs of a suite that are searched for one of the candidate."""
CHECKED_SPANS = 20
"""Spans of a run whose model version is compared with that of the candidate."""


class SuiteEvidence(NamedTuple):
    """Result of one requirement of a suite."""

    kind: RequirementKind
    name: str
    passed: bool
    detail: str
    command: str | None
    evidence: dict[str, Any]


def check_suite(
    connection: Connection, blobs: BlobStore, ref: str, candidate: GateCandidate, needed: GateRequirements
) -> Iterator[SuiteEvidence]:
    """Yield the results of a required suite: its newest run of the candidate, its slices and its judges."""
    command = f"vong evals run --suite {ref} --model {candidate.target or candidate.key}"
    try:
        suite = suites.find_suite(connection, ref)
    except NotFound as error:
        yield SuiteEvidence("suite", f"suite:{ref}", False, error.message, "vong evals suites create", {})
        return
    run = find_run(connection, suite, candidate.key, candidate.target)
    passed, detail = _judge_run(run, suite, candidate, needed)
    evidence = {"suite_run": str(run.id)} if run else {}
    yield SuiteEvidence("suite", f"suite:{suite.ref}", passed, detail, command, evidence)
    if needed.calibrated_judges:
        yield from _check_judges(connection, suite)
    if needed.no_worse_slice and run is not None:
        yield _check_slices(connection, blobs, suite, run, candidate, needed.slice_alpha)


def find_run(connection: Connection, suite: Suite, key: str, target: str | None) -> SuiteRun | None:
    """Return the newest finished run of a suite version whose answers came from the model `key`.

    Runs with a limit or another system prompt evaluate something else and do not count.
    """
    deployments = {
        f"deployment/{one.name}" for one in serving.list_deployments(connection, limit=500) if one.model == key
    }
    subjects = {key, target, *deployments}
    for run in suite_runs.list_runs(connection, suite=suite.ref, status="finished", limit=MAX_RUNS):
        changed = run.options.limit is not None or run.options.system is not None
        is_fixed = run.subject in (key, target) and run.subject.startswith(FIXED_PREFIXES) and "@" in run.subject
        if run.subject in subjects and not changed and (is_fixed or _has_answered(connection, run, key)):
            return run
    return None


def _judge_run(
    run: SuiteRun | None, suite: Suite, candidate: GateCandidate, needed: GateRequirements
) -> tuple[bool, str]:
    """Return whether a run passes, and why."""
    if run is None:
        return False, f"suite {suite.ref} has no complete run of {candidate.key}"
    if not run.checks:
        return False, f"suite {suite.ref} has no thresholds, so its runs show nothing: add thresholds to its entries"
    if needed.max_age_days is not None and now() - run.created_at > timedelta(days=needed.max_age_days):
        return False, f"the run of suite {suite.ref} is older than {needed.max_age_days:g} days"
    failed = [check for check in run.checks if not check.passed]
    if failed or not run.passed:
        texts = [
            f"{check.scorer}{f' [{check.slice}]' if check.slice else ''}: {check.reason or 'failed'}"
            for check in failed[:5]
        ]
        return False, f"suite {suite.ref}: {'; '.join(texts) or 'the run did not pass'}"
    return True, f"suite {suite.ref} passed ({len(run.checks)} thresholds, run {run.id})"


def _has_answered(connection: Connection, run: SuiteRun, key: str) -> bool:
    """Return True if the spans of a run show the model as the one that answered.

    A deployment may have served another model at the time of the run, and a label may have named another version of a
    prompt. A model of a provider has no version.
    """
    expected = TargetKey.parse(key)
    if "@" not in key:
        return True
    ids = [
        output.span_id
        for id in run.runs
        for output in evals.list_outputs(connection, id, limit=CHECKED_SPANS)
        if output.span_id is not None
    ][:CHECKED_SPANS]
    versions = [span.versions for span in traces.filter_ids(connection, ids)] if ids else []
    if expected.prompt is not None and {one.prompt_version for one in versions} != {expected.prompt}:
        return False
    return "@" not in expected.model or {one.model_version for one in versions} == {expected.model}


def _check_judges(connection: Connection, suite: Suite) -> Iterator[SuiteEvidence]:
    """Yield whether each judge of a suite can gate on the dataset of its entry."""
    seen: set[tuple[str, str]] = set()
    for entry in suite.entries:
        task = entry.dataset.partition("@")[0]
        for judge in _judges(entry):
            if (judge, task) in seen:
                continue
            seen.add((judge, task))
            yield _check_judge(connection, judge, task)


def _check_judge(connection: Connection, judge: str, task: str) -> SuiteEvidence:
    command = f"vong evals judges calibrate {judge} --task {task}"
    name = f"judge:{judge}:{task}"
    try:
        calibration = get_calibration(connection, judge, task)
    except NotFound as error:
        return SuiteEvidence("judges", name, False, error.message, "vong evals judges create", {})
    if calibration is None:
        return SuiteEvidence("judges", name, False, f"judge {judge} is not calibrated on {task}", command, {})
    low = "unknown" if calibration.low is None else f"{calibration.low:.2f}"
    kappa = "unknown" if calibration.kappa is None else f"{calibration.kappa:.2f}"
    detail = f"judge {judge} on {task}: kappa {kappa}, at least {low}, from {calibration.labels} labels"
    evidence = {"calibration": str(calibration.id)}
    return SuiteEvidence("judges", name, calibration.can_gate, detail, command, evidence)


def _judges(entry: SuiteEntry) -> list[str]:
    """Return the judges that score an entry."""
    found: list[str] = []
    for spec in map(specs.parse, entry.scorers):
        if spec.name != JUDGE_SCORER:
            continue
        if spec.options.lstrip().startswith("{"):
            found.append(str(json.loads(spec.options).get("name", "")))
        else:
            parts = [part.partition("=") for part in spec.options.split(";")]
            found += [value for option, _, value in parts if option == "name"]
    return [name for name in found if name]


def _check_slices(
    connection: Connection,
    blobs: BlobStore,
    suite: Suite,
    run: SuiteRun,
    candidate: GateCandidate,
    alpha: float,
) -> SuiteEvidence:
    """Return whether a slice is worse than with the current version."""
    name = f"slices:{suite.ref}"
    current = candidate.current
    if current is None or current == candidate.key:
        return SuiteEvidence("slices", name, True, "there is no current version to compare with", None, {})
    base = find_run(connection, suite, current, candidate.current_target)
    if base is None:
        target = candidate.current_target or current
        command = f"vong evals run --suite {suite.ref} --model {target}"
        detail = f"suite {suite.ref} has no complete run of the current version {current}"
        return SuiteEvidence("slices", name, False, detail, command, {})
    try:
        worse = _find_worse(connection, blobs, suite, base, run, alpha)
    except (Conflict, InvalidInput, NotFound) as error:
        return SuiteEvidence("slices", name, False, f"the runs cannot be compared: {error.message}", None, {})
    evidence = {"suite_run": str(run.id), "base": str(base.id)}
    if worse:
        command = f"vong evals compare {base.runs[0]} {run.runs[0]}"
        return SuiteEvidence("slices", name, False, f"worse than {current}: {'; '.join(worse[:5])}", command, evidence)
    return SuiteEvidence("slices", name, True, f"no slice is worse than with {current}", None, evidence)


def _find_worse(
    connection: Connection, blobs: BlobStore, suite: Suite, base: SuiteRun, run: SuiteRun, alpha: float
) -> list[str]:
    """Return the slices, and the metrics of whole entries, in which `run` is significantly worse than `base`."""
    evaluations, before = suite_runs.list_evaluations(connection, run), suite_runs.list_evaluations(connection, base)
    found: list[str] = []
    for number, entry in enumerate(suite.entries):
        own, other = _first_of(evaluations, suite, run, number), _first_of(before, suite, base, number)
        members = _assign_slices(connection, blobs, entry) if entry.slices else {}
        compared = evals.compare(connection, other, own, changes=0, slices=members)
        found += [
            f"{one.metric} [{one.slice}] {one.a:.3g} -> {one.b:.3g} (p {one.adjusted_p:.2g})"
            for one in compared.slices
            if one.is_worse and one.adjusted_p < alpha
        ]
        found += [
            f"{metric} {one.a:.3g} -> {one.b:.3g} (p {one.adjusted_p:.2g})"
            for metric, one in compared.metrics.items()
            if one.is_worse(alpha)
        ]
    return found


def _assign_slices(connection: Connection, blobs: BlobStore, entry: SuiteEntry) -> dict[str, frozenset[int]]:
    examples = list(data.read(blobs, data.find(connection, entry.dataset), split=entry.split))
    return assign_slices(choose_examples(examples, entry.settings), entry.slices)


def _first_of(evaluations: Sequence[Any], suite: Suite, run: SuiteRun, number: int) -> Any:
    """Return the id of the first repeat of an entry."""
    planned = next(one for one in suite_runs.plan_runs(run.id, suite, run.options) if one.entry == number)
    if all(one.id != planned.id for one in evaluations):
        raise NotFound(f"entry {number} of suite run {run.id} has no evaluation", "run the suite again")
    return planned.id
