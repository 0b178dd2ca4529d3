"""`vong evals`: score models on datasets and compare them."""

from typing import Any

import click

from vong.cli.output import emit, json_option, note, table
from vong.client import Client
from vong.records import EvalResult


@click.group()
def group() -> None:
    """Score models on datasets and compare them."""


@group.command()
@json_option
def scorers(as_json: bool) -> None:
    """The scorers that are installed, with their options and defaults."""
    found = Client().evals.scorers()
    if as_json:
        emit(found, True)
        return
    for scorer in found:
        options = ", ".join(f"{name}={value!r}" for name, value in scorer["options"].items())
        click.echo(f"{scorer['name']}  ({options})")
        click.echo("  " + scorer["about"].replace("\n", "\n  "))
        click.echo(f"  signature: {scorer['signature']}\n")


@group.command()
@click.option("--model", required=True, help="A route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--dataset", required=True, help="NAME, NAME@NUMBER or NAME@HASH.")
@click.option("--split", default="test", show_default=True)
@click.option(
    "--scorer", "scorers", multiple=True, default=["exact_match"], help="NAME or NAME:option=value;… (again)."
)
@click.option("--name", default="", help="What to call the run.")
@click.option("--system", help="A system message instead of the examples' own.")
@click.option("--template", help="Text around the user's, which stands where it says {input}.")
@click.option("--shots", type=click.IntRange(0, 64), help="Worked examples put before each question.")
@click.option("--shots-split", help="The split they are drawn from (never the evaluated one).  [default: train]")
@click.option("--limit", type=click.IntRange(1), help="Evaluate this many examples, chosen by --seed.")
@click.option("--seed", type=int, help="For --limit and --shots.")
@click.option("--max-tokens", type=click.IntRange(1), help="Longest answer.  [default: 256]")
@click.option("--temperature", type=click.FloatRange(0, 2), help="Randomness of the answers.  [default: 0]")
@click.option("--concurrency", type=click.IntRange(1, 64), help="Requests under way at once.  [default: 4]")
@click.option("--detach", is_flag=True, help="Return at once; follow the job later.")
@json_option
def run(
    model: str, dataset: str, split: str, scorers: tuple[str, ...], name: str, detach: bool, as_json: bool, **given: Any
) -> None:
    """Evaluate a model on a dataset split and show its scores."""
    from vong.cli.job_progress import follow

    client = Client()
    settings = {option: value for option, value in given.items() if value is not None}
    started = client.evals.run(model, dataset, split=split, scorers=scorers, name=name, **settings)
    if detach:
        emit(started, as_json)
        return
    follow(client, started.job)
    show_result(client.evals.show(started.result.id), as_json)


@group.command("list")
@click.option("--model", help="Only runs of this model.")
@click.option("--limit", default=20, show_default=True)
@json_option
def list_runs(model: str | None, limit: int, as_json: bool) -> None:
    """Runs, newest first."""
    found = Client().evals.list(model=model, limit=limit)
    if as_json:
        emit(found, True)
    else:
        table([row(result) for result in found])


@group.command()
@click.argument("ids", nargs=-1, required=True)
@click.option("--failed", is_flag=True, help="List the requests that failed, too.")
@json_option
def show(ids: tuple[str, ...], failed: bool, as_json: bool) -> None:
    """One run in full, or several side by side."""
    client = Client()
    found = [client.evals.show(id) for id in ids]
    if as_json:
        emit(found if len(found) > 1 else found[0], True)
    elif len(found) > 1:
        side_by_side(found)
    else:
        show_result(found[0], False)
    if failed and not as_json:
        rows = [answer for id in ids for answer in client.evals.examples(id, failed=True)]
        table(rows, ["position", "example", "error"])


@group.command()
@click.argument("a")
@click.argument("b")
@click.option("--changes", default=5, show_default=True, help="How many changed examples to show.")
@json_option
def compare(a: str, b: str, changes: int, as_json: bool) -> None:
    """Run B against run A, over the same examples: differences with intervals, wins, losses, and what changed."""
    found = Client().evals.compare(a, b, changes=changes)
    if as_json:
        emit(found, True)
        return
    note(f"A {found['a']['name']}\nB {found['b']['name']}")
    left = f", {found['left_out']} in one run only are left out" if found["left_out"] else ""
    note(
        f"{found['n']} examples in both{left}; {found['confidence']:.0%} intervals by paired bootstrap "
        f"({found['resamples']} resamples), p by McNemar's exact test"
    )
    table([compared(metric, one) for metric, one in found["metrics"].items()])
    note(f"\n{found['changed']} answers differ" + (", those that moved most:" if found["changes"] else ""))
    for change in found["changes"]:
        click.echo(f"\n#{change['position']} {change['prompt'][:200]!r}")
        for label, text in (("wanted", change["reference"]), ("A", change["a"]), ("B", change["b"])):
            click.echo(f"  {label:<7}{' '.join(text.split())[:300]}")


def show_result(result: EvalResult, as_json: bool) -> None:
    """One run: what was asked, the scores with their signatures, latency and tokens."""
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
        at_once = result.settings.get("concurrency", 1)
        click.echo(
            f"\nlatency p50 {result.latency_p50:.0f} ms, p95 {result.latency_p95:.0f} ms ({at_once} at once); "
            f"tokens in {result.input_tokens}, out {result.output_tokens}; cost {money(result.cost)}"
        )


def side_by_side(results: list[EvalResult]) -> None:
    """Several runs: a column each."""
    names = [f"{chr(ord('A') + i)}" for i in range(len(results))]
    for name, result in zip(names, results, strict=True):
        note(f"{name} {result.name}  ({result.id}, {result.done} examples, {result.failed} failed)")
    metrics = dict.fromkeys(metric for result in results for metric in result.scores)
    rows: list[dict[str, Any]] = [
        {"metric": metric, **{name: number(run.scores.get(metric)) for name, run in zip(names, results, strict=True)}}
        for metric in metrics
    ]
    for label, field in (("latency p50 (ms)", "latency_p50"), ("latency p95 (ms)", "latency_p95")):
        rows.append({"metric": label, **{name: getattr(run, field) for name, run in zip(names, results, strict=True)}})
    table(rows)


def row(result: EvalResult) -> dict[str, Any]:
    """One run on one line, with its first scores."""
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


def compared(metric: str, one: dict[str, Any]) -> dict[str, Any]:
    """One metric of a comparison on one line."""
    return {
        "metric": metric,
        "A": number(one["a"]),
        "B": number(one["b"]),
        "B-A": f"{one['difference']:+.4f}",
        "interval": f"[{one['low']:+.4f}, {one['high']:+.4f}]",
        "wins": one["wins"],
        "losses": one["losses"],
        "ties": one["ties"],
        "p": number(one["mcnemar_p"]),
        "detectable": number(one["minimum_detectable"]),
        "n": one["n"],
    }


def number(value: float | None) -> str:
    """A figure with four digits, very small ones with their power of ten."""
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < abs(value) < 0.0001 else f"{value:.4f}"


def money(cost: int | None) -> str:
    """Millionths of a US dollar as dollars."""
    return "unknown" if cost is None else f"${cost / 1_000_000:.4f}"
