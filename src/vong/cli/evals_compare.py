"""Commands that compare evaluations and import those of other programs."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import TEXT, Command, FilePath
from vong.client import Client

OUTCOMES = click.Choice(["win", "loss", "tie"])


@click.command(cls=Command)
@click.argument("a", type=click.UUID)
@click.argument("b", type=click.UUID)
@click.option(
    "--changes", type=click.IntRange(0), default=5, show_default=True, help="Number of changed examples to show."
)
@click.option(
    "--slice", "slices", multiple=True, help="Also by language, length, label[:FIELD] or tag:KEY; repeatable."
)
@click.option("--metric", help="Metric of --outcome and --save-losses.  [default: the first]")
@click.option("--outcome", type=OUTCOMES, help="Show examples that B won, lost or tied instead of the largest changes.")
@click.option("--in-slice", help="Only examples of this slice, such as language=vi, with --outcome and --save-losses.")
@click.option("--save-losses", "dataset", help="Append the examples that B lost to this dataset.")
@json_option
def compare(a: UUID, b: UUID, changes: int, slices: tuple[str, ...], as_json: bool, **selected: Any) -> None:
    """Compare run B with run A on the same examples: differences with intervals, tests, wins, losses, changed answers.

    Each metric has the paired test that suits it: McNemar's exact test for scores of 0 and 1, the permutation test for
    other means, the bootstrap for metrics of a whole corpus. p is adjusted by Holm over the metrics.
    """
    client = Client()
    comparison = client.evals.compare(a, b, changes=changes, slices=slices)
    if selected["outcome"]:
        listed = client.evals.changes(
            a, b, metric=selected["metric"], outcome=selected["outcome"], slice=selected["in_slice"], limit=changes
        )
        comparison["changes"] = list(listed)
    saved = None
    if selected["dataset"]:
        saved = client.evals.save_changes(
            a, b, selected["dataset"], metric=selected["metric"], slice=selected["in_slice"]
        )
        comparison["saved"] = saved.ref
    if as_json:
        emit(comparison, True)
        return
    show_comparison(comparison, selected["outcome"])
    if saved is not None:
        print_message(f"\nsaved the losses as {saved.ref} ({saved.rows} rows in all)")


def show_comparison(comparison: dict[str, Any], outcome: str | None) -> None:
    """Print a comparison: metrics, slices and examples."""
    print_message(f"A {comparison['a']['name']}\nB {comparison['b']['name']}")
    ignored = f", {comparison['left_out']} in one run only are ignored" if comparison["left_out"] else ""
    print_message(
        f"{comparison['n']} examples in both{ignored}; {comparison['confidence']:.0%} intervals by paired bootstrap "
        f"({comparison['resamples']} resamples), p adjusted by Holm over the metrics"
    )
    for warning in comparison["warnings"]:
        print_message(f"note: {warning}")
    table([metric_row(metric, values) for metric, values in comparison["metrics"].items()])
    if comparison["slices"]:
        print_message("\nslices (p adjusted by Holm over all of them):")
        table([slice_row(one) for one in comparison["slices"][:20]])
    shown = f"examples that B {outcome}s" if outcome else "largest changes"
    print_message(f"\n{comparison['changed']} answers differ" + (f"; {shown}:" if comparison["changes"] else ""))
    for change in comparison["changes"]:
        click.echo(f"\n#{change['position']} {change['prompt'][:200]!r}")
        for label, text in (("wanted", change["reference"]), ("A", change["a"]), ("B", change["b"])):
            click.echo(f"  {label:<7}{' '.join(text.split())[:300]}")


@click.command("import", cls=Command)
@click.argument("files", nargs=-1, required=True, type=FilePath(exists=True, dir_okay=False, path_type=Path))
@click.option("--model", help="Name of the evaluated model here.  [default: that of the file]")
@click.option("--name", default="", type=TEXT, help="Name of the runs.")
@json_option
def import_results(files: tuple[Path, ...], model: str | None, name: str, as_json: bool) -> None:
    """Import results of lm-evaluation-harness, inspect_ai or promptfoo as runs with their signatures.

    lm-evaluation-harness: give results_….json and its samples_….jsonl (lm_eval --log_samples). inspect_ai: a log, .eval
    or .json. promptfoo: the file of promptfoo eval -o FILE.json.
    """
    found = Client().evals.import_files(files, model=model, name=name)
    if as_json:
        emit(found, True)
        return
    rows = [
        {
            "id": str(run.id),
            "source": run.source,
            "model": run.model,
            "dataset": run.dataset,
            "examples": run.examples,
            "scores": " ".join(f"{metric}={value:.4f}" for metric, value in run.scores.items()),
        }
        for run in found
    ]
    table(rows)


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
        "test": values["test"],
        "p": format_number(values["adjusted_p"]),
        "effect": format_number(values["effect_size"]),
        "detectable": format_number(values["minimum_detectable"]),
        "n": values["n"],
    }


def slice_row(one: dict[str, Any]) -> dict[str, Any]:
    """Return one slice of a comparison as a table row."""
    return {
        "slice": one["slice"],
        "metric": one["metric"],
        "A": format_number(one["a"]),
        "B": format_number(one["b"]),
        "B-A": f"{one['difference']:+.4f}",
        "wins": one["wins"],
        "losses": one["losses"],
        "n": one["n"],
        "p": format_number(one["adjusted_p"]),
    }


def format_number(value: float | None) -> str:
    """Format a number with four decimals, very small ones in scientific notation."""
    if value is None:
        return "-"
    return f"{value:.1e}" if 0 < abs(value) < 0.0001 else f"{value:.4f}"
