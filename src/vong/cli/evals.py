"""Commands of `vong evals`: score models on datasets and compare them."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.evals_compare import compare, format_number, import_results
from vong.cli.evals_gates import gates
from vong.cli.evals_judges import judges
from vong.cli.evals_monitors import monitors
from vong.cli.evals_reviews import reviews
from vong.cli.evals_score import score, scorers
from vong.cli.evals_suite_run import run_suite, take_suite_options
from vong.cli.evals_suites import suites
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import TEXT, FilePath, Group
from vong.client import Client
from vong.records import EvalResult


@click.group(cls=Group)
def group() -> None:
    """Score models on datasets and compare them."""


group.add_command(compare)
group.add_command(gates)
group.add_command(import_results)
group.add_command(judges)
group.add_command(monitors)
group.add_command(reviews)
group.add_command(score)
group.add_command(scorers)
group.add_command(suites)


@group.command()
@click.option(
    "--model",
    required=True,
    help="A route, deployment/NAME, PROVIDER/MODEL, prompt/NAME:LABEL or pipeline/NAME:LABEL.",
)
@click.option("--step", help="Step of a pipeline whose output is scored, in place of that of the pipeline.")
@click.option("--dataset", help="NAME, NAME@NUMBER or NAME@HASH.")
@click.option("--suite", help="Run a suite instead: NAME (the newest version) or NAME@NUMBER.")
@click.option("--split", default="test", show_default=True)
@click.option(
    "--scorer",
    "scorers",
    multiple=True,
    default=["exact_match"],
    help="NAME, NAME:option=value;… or JSON with name and options; repeatable.",
)
@click.option("--name", default="", type=TEXT, help="Name of the run.")
@click.option("--system", type=TEXT, help="System message that replaces those of the examples.")
@click.option("--template", help="Prompt template; {input} is replaced by the user message.")
@click.option("--shots", type=click.IntRange(0, 64), help="Number of few-shot examples before each prompt.")
@click.option("--shots-split", help="Split of the few-shot examples (not the evaluated one).  [default: train]")
@click.option("--limit", type=click.IntRange(1), help="Number of examples to evaluate, chosen with --seed.")
@click.option("--seed", type=int, help="Random seed for --limit and --shots.")
@click.option("--max-tokens", type=click.IntRange(1), help="Maximum tokens of an answer.  [default: 256]")
@click.option("--temperature", type=click.FloatRange(0, 2), help="Sampling temperature.  [default: 0]")
@click.option("--concurrency", type=click.IntRange(1, 64), help="Concurrent requests.  [default: 4]")
@click.option("--references", type=TEXT, help="Metadata field with a list of further correct texts of an example.")
@click.option("--samples", type=click.IntRange(1, 100), help="Outputs per example, for pass@k.  [default: 1]")
@click.option("--repeats", type=click.IntRange(1, 20), help="Suite: number of repeats of every entry.")
@click.option("--label", type=TEXT, help="Suite: name of the evaluated state, such as a branch.")
@click.option(
    "--fail-under", multiple=True, help="Suite: lowest allowed METRIC=VALUE, or VALUE for the first scorer; repeatable."
)
@click.option("--baseline", help="Suite: run id, or label of a run, to compare with.")
@click.option("--junit", type=FilePath(dir_okay=False, path_type=Path), help="Suite: write the checks as JUnit XML.")
@click.option("--markdown", type=FilePath(dir_okay=False, path_type=Path), help="Suite: write a report as Markdown.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def run(
    model: str,
    dataset: str | None,
    split: str,
    scorers: tuple[str, ...],
    name: str,
    detach: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Evaluate a model on a dataset split, or with a suite, and show its scores.

    With a suite the exit status is 1 if a check failed.
    """
    from vong.cli.job_progress import follow

    client = Client()
    request = take_suite_options(model, dataset, options)
    if request is not None:
        run_suite(client, request, detach=detach, as_json=as_json)
        return
    if dataset is None:
        raise click.UsageError("give --dataset, or --suite")
    settings = {option: value for option, value in options.items() if value is not None}
    started = client.evals.run(model, dataset, split=split, scorers=scorers, name=name, **settings)
    if detach:
        emit(started, as_json)
        return
    follow(client, started.job)
    show_result(client.evals.get(started.result.id), as_json)


@group.command("list")
@click.option("--model", help="Only runs of this model.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_runs(model: str | None, limit: int, as_json: bool) -> None:
    """List evaluation runs, newest first."""
    results = Client().evals.list(model=model, limit=limit)
    if as_json:
        emit(results, True)
    else:
        table([run_row(result) for result in results])


@group.command()
@click.argument("ids", nargs=-1, required=True, type=click.UUID)
@click.option("--failed", is_flag=True, help="Also list failed requests.")
@json_option
def show(ids: tuple[UUID, ...], failed: bool, as_json: bool) -> None:
    """Show one run in full, or several side by side."""
    client = Client()
    results = [client.evals.get(id) for id in ids]
    if as_json:
        emit(results if len(results) > 1 else results[0], True)
    elif len(results) > 1:
        show_side_by_side(results)
    else:
        show_result(results[0], False)
    if failed and not as_json:
        rows = [answer for id in ids for answer in client.evals.examples(id, failed=True)]
        table(rows, ["position", "example", "error"])


def show_result(result: EvalResult, as_json: bool) -> None:
    """Print one run: settings, scores with their signatures, latency and tokens."""
    if as_json:
        emit(result, True)
        return
    fields = ["id", "name", "model", "dataset", "split", "status", "examples", "done", "failed"]
    emit(result, False, fields)
    show_warnings(result)
    click.echo()
    table([{"metric": metric, "score": f"{value:.4f}"} for metric, value in result.scores.items()])
    click.echo()
    table([{"scorer": name, "how": how} for name, how in result.signatures.items()])
    if result.latency_p50 is not None and result.latency_p95 is not None:
        concurrency = result.settings.get("concurrency", 1)
        click.echo(
            f"\nlatency p50 {result.latency_p50:.0f} ms, p95 {result.latency_p95:.0f} ms (concurrency {concurrency}); "
            f"tokens in {result.input_tokens}, out {result.output_tokens}; cost {format_cost(result.cost)}"
        )


def show_warnings(result: EvalResult) -> None:
    """Print what limits the meaning of the scores: truncated outputs, and what scorers cannot score well."""
    if result.truncated:
        limit = result.settings.get("max_tokens")
        where = "before their end" if limit is None else f"at max_tokens {limit}; raise --max-tokens"
        print_message(f"{result.truncated} of {result.done} outputs were truncated {where}")
    for warning in result.warnings:
        print_message(f"warning: {warning}")


def show_side_by_side(results: list[EvalResult]) -> None:
    """Print several runs, one column each."""
    names = [f"{chr(ord('A') + i)}" for i in range(len(results))]
    for name, result in zip(names, results, strict=True):
        counts = f"{result.done} examples, {result.failed} failed, {result.truncated} truncated"
        print_message(f"{name} {result.name}  ({result.id}, {counts})")
    metrics = dict.fromkeys(metric for result in results for metric in result.scores)
    rows: list[dict[str, Any]] = [
        {
            "metric": metric,
            **{name: format_number(run.scores.get(metric)) for name, run in zip(names, results, strict=True)},
        }
        for metric in metrics
    ]
    for label, field in (("latency p50 (ms)", "latency_p50"), ("latency p95 (ms)", "latency_p95")):
        rows.append({"metric": label, **{name: getattr(run, field) for name, run in zip(names, results, strict=True)}})
    table(rows)


def run_row(result: EvalResult) -> dict[str, Any]:
    """Return one run as a table row, with its first scores."""
    first = list(result.scores.items())[:4]
    return {
        "id": str(result.id),
        "model": result.model,
        "dataset": f"{result.dataset}/{result.split}",
        "status": result.status,
        "done": f"{result.done}/{result.examples}",
        "failed": result.failed,
        "truncated": result.truncated,
        "scores": " ".join(f"{metric}={value:.3f}" for metric, value in first),
    }


def format_cost(cost: int | None) -> str:
    """Format millionths of a US dollar as dollars."""
    return "unknown" if cost is None else f"${cost / 1_000_000:.4f}"
