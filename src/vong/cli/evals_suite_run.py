"""Run of a suite by `vong evals run --suite`, with reports for continuous integration."""

from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import click

from vong.cli.evals_ci import parse_bounds, write_junit, write_markdown
from vong.cli.evals_suites import show_estimate, show_run
from vong.cli.output import emit, print_message
from vong.client import Client

SUITE_ONLY = ("repeats", "label", "fail_under", "baseline", "junit", "markdown")
IN_SUITE = ("template", "shots", "shots_split", "seed", "max_tokens", "temperature", "references", "samples")
"""Settings of an evaluation that a suite defines itself."""


class SuiteRequest(NamedTuple):
    """Suite run that was asked for on the command line."""

    suite: str
    model: str
    options: dict[str, Any]
    label: str
    fail_under: tuple[str, ...]
    baseline: str | None
    junit: Path | None
    markdown: Path | None


def take_suite_options(model: str, dataset: str | None, options: dict[str, Any]) -> SuiteRequest | None:
    """Remove the options of suites, and return the request. Returns None if no suite is named.

    Raises: click.UsageError if options of a suite and of a single evaluation are mixed.
    """
    suite = options.pop("suite", None)
    taken = {name: options.pop(name, None) for name in SUITE_ONLY}
    if suite is None:
        if given := [name for name, value in taken.items() if value]:
            raise click.UsageError(f"--{given[0].replace('_', '-')} needs --suite")
        return None
    mixed = ["dataset"] if dataset else [name for name in IN_SUITE if options.get(name) is not None]
    if mixed:
        raise click.UsageError(f"--{mixed[0].replace('_', '-')} is defined by the suite: change the suite instead")
    run_options = {name: options[name] for name in ("system", "limit", "concurrency") if options.get(name) is not None}
    if taken["repeats"]:
        run_options["repeats"] = taken["repeats"]
    return SuiteRequest(
        suite,
        model,
        run_options,
        taken["label"] or "",
        taken["fail_under"] or (),
        taken["baseline"],
        taken["junit"],
        taken["markdown"],
    )


def find_baseline(client: Client, suite: str, baseline: str | None) -> str | None:
    """Return the id of the baseline run, before the suite runs. Returns None if no run has the label yet.

    Raises: NotFound if the text is the id of no run.
    """
    if baseline is None:
        return None
    try:
        return str(client.evals.suites.get_run(UUID(baseline))["id"])
    except ValueError:
        pass
    found = client.evals.suites.runs(suite=suite, label=baseline, limit=50)
    finished = next((run for run in found if run["status"] == "finished"), None)
    if finished is None:
        print_message(f"no finished run of suite {suite!r} has the label {baseline!r} yet: there is nothing to compare")
        return None
    return str(finished["id"])


def run_suite(client: Client, request: SuiteRequest, *, detach: bool, as_json: bool) -> None:
    """Run a suite, write its reports, and exit with 1 if a check failed."""
    from vong.cli.job_progress import follow

    suite = client.evals.suites.get(request.suite)
    bounds = parse_bounds(request.fail_under, suite)
    baseline = find_baseline(client, suite["name"], request.baseline)
    ref = f"{suite['name']}@{suite['number']}"
    show_estimate(client.evals.suites.estimate(ref, request.model, **request.options))
    options: dict[str, Any] = request.options | ({"thresholds": bounds} if bounds else {})
    run, job = client.evals.suites.run(ref, request.model, label=request.label, key=None, **options)
    if detach:
        emit(run, as_json)
        return
    follow(client, job)
    run = client.evals.suites.get_run(run["id"])
    comparison = client.evals.suites.compare(run["id"], baseline) if baseline else None
    if request.junit is not None:
        write_junit(request.junit, run)
    if request.markdown is not None:
        write_markdown(request.markdown, run, comparison)
    if as_json:
        emit({**run, "comparison": comparison} if comparison else run, True)
    else:
        show_run(run)
        if comparison is not None:
            from vong.cli.evals_ci import render_markdown

            click.echo(render_markdown(run, comparison))
    if not run["passed"]:
        failed = sum(not check["passed"] for check in run["checks"])
        print_message(f"{failed} of {len(run['checks'])} checks failed")
        raise click.exceptions.Exit(1)
