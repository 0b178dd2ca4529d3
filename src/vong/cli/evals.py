"""Commands of `vong evals`: score models on datasets and compare them."""

from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import TEXT, Group
from vong.client import Client
from vong.records import EvalResult


@click.group(cls=Group)
def group() -> None:
    """Score models on datasets and compare them."""


@group.command()
@json_option
def scorers(as_json: bool) -> None:
    """List the installed scorers with their options and defaults."""
    installed = Client().evals.scorers()
    if as_json:
        emit(installed, True)
        return
    for scorer in installed:
        options = ", ".join(f"{name}={value!r}" for name, value in scorer["options"].items())
        click.echo(f"{scorer['name']}  ({options})")
        click.echo("  " + scorer["about"].replace("\n", "\n  "))
        click.echo(f"  signature: {scorer['signature']}\n")


@group.command()
@click.option("--model", required=True, help="A route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--dataset", required=True, help="NAME, NAME@NUMBER or NAME@HASH.")
@click.option("--split", default="test", show_default=True)
@click.option(
    "--scorer", "scorers", multiple=True, default=["exact_match"], help="NAME or NAME:option=value;…; repeatable."
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
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def run(
    model: str,
    dataset: str,
    split: str,
    scorers: tuple[str, ...],
    name: str,
    detach: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Evaluate a model on a dataset split and show its scores."""
    from vong.cli.job_progress import follow

    client = Client()
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


@group.command()
@click.argument("a", type=click.UUID)
@click.argument("b", type=click.UUID)
@click.option(
    "--changes", type=click.IntRange(0), default=5, show_default=True, help="Number of changed examples to show."
)
@json_option
def compare(a: UUID, b: UUID, changes: int, as_json: bool) -> None:
    """Compare run B with run A on the same examples: differences with intervals, wins, losses, changed answers."""
    comparison = Client().evals.compare(a, b, changes=changes)
    if as_json:
        emit(comparison, True)
        return
    print_message(f"A {comparison['a']['name']}\nB {comparison['b']['name']}")
    ignored = f", {comparison['left_out']} in one run only are ignored" if comparison["left_out"] else ""
    print_message(
        f"{comparison['n']} examples in both{ignored}; {comparison['confidence']:.0%} intervals by paired bootstrap "
        f"({comparison['resamples']} resamples), p by McNemar's exact test"
    )
    table([metric_row(metric, values) for metric, values in comparison["metrics"].items()])
    print_message(f"\n{comparison['changed']} answers differ" + ("; largest changes:" if comparison["changes"] else ""))
    for change in comparison["changes"]:
        click.echo(f"\n#{change['position']} {change['prompt'][:200]!r}")
        for label, text in (("wanted", change["reference"]), ("A", change["a"]), ("B", change["b"])):
            click.echo(f"  {label:<7}{' '.join(text.split())[:300]}")


def show_result(result: EvalResult, as_json: bool) -> None:
    """Print one run: settings, scores with their signatures, latency and tokens."""
    if as_json:
        emit(result, True)
        return
    fields = ["id", "name", "model", "dataset", "split", "status", "examples", "done", "failed"]
    emit(result, False, fields)
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


def show_side_by_side(results: list[EvalResult]) -> None:
    """Print several runs, one column each."""
    names = [f"{chr(ord('A') + i)}" for i in range(len(results))]
    for name, result in zip(names, results, strict=True):
        print_message(f"{name} {result.name}  ({result.id}, {result.done} examples, {result.failed} failed)")
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
        "scores": " ".join(f"{metric}={value:.3f}" for metric, value in first),
    }


def metric_row(metric: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return one metric of a comparison as a table row."""
    return {
        "metric": metric,
        "A": format_number(values["a"]),
        "B": format_number(values["b"]),
        "B-A": f"{values['difference']:+.4f}",
        "interval": f"[{values['low']:+.4f}, {values['high']:+.4f}]",
        "wins": values["wins"],
        "losses": values["losses"],
        "ties": values["ties"],
        "p": format_number(values["mcnemar_p"]),
        "detectable": format_number(values["minimum_detectable"]),
        "n": values["n"],
    }


def format_number(value: float | None) -> str:
    """Format a number with four decimals, very small ones in scientific notation."""
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < abs(value) < 0.0001 else f"{value:.4f}"


def format_cost(cost: int | None) -> str:
    """Format millionths of a US dollar as dollars."""
    return "unknown" if cost is None else f"${cost / 1_000_000:.4f}"
