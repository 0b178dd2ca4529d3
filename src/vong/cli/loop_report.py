"""Report of a loop run in the terminal: metrics before and after, loss curve, decision, lineage and links."""

from pathlib import Path
from typing import Any

import click

from vong.cli.output import print_message, table
from vong.client import Client
from vong.records.lineage import Lineage

METRIC_LABELS = {
    "exact match, all fields": "exact_match",
    "valid JSON": "json_valid",
    "ROUGE-L": "rougeL",
    "chrF": "chrf",
    "BLEU": "bleu",
}


def render_report(client: Client, report: dict[str, Any], folder: Path) -> dict[str, str]:
    """Print the report, save its images, and return their paths by name."""
    click.echo()
    _print_steps(report)
    _print_before_and_after(report)
    _print_decision(report)
    pictures = _print_loss_curve(client, report["training"]["run"], folder)
    _print_citations(report)
    _print_lineage(report)
    _print_links(report, pictures)
    return pictures


def _print_steps(report: dict[str, Any]) -> None:
    click.echo("Steps of the loop run")
    rows = [{"step": done["step"], "seconds": f"{done['seconds']:.1f}"} for done in report["steps"]]
    table([*rows, {"step": "total", "seconds": f"{sum(done['seconds'] for done in report['steps']):.1f}"}])
    click.echo("\nSimulated actions of the invented company's staff:")
    for line in report["replayed"]:
        click.echo(f"  · {line}")


def _print_before_and_after(report: dict[str, Any]) -> None:
    columns = {
        "base": report["base"]["zero_shot"],
        "base, with examples": report["base"]["few_shot"],
        "tuned": report["tuned"],
    }
    fields = [name for name in report["tuned"]["scores"] if name.startswith("json_fields.")]
    metrics = {**METRIC_LABELS, **{f"field {name.partition('.')[2]}": name for name in fields}}
    rows = [
        {"": label, **{name: f"{result['scores'].get(metric, 0.0):.3f}" for name, result in columns.items()}}
        for label, metric in metrics.items()
    ]
    rows.append({"": "latency p50, ms", **{name: f"{result['latency_p50']:.0f}" for name, result in columns.items()}})
    rows.append({"": "held-out tickets", **{name: str(result["examples"]) for name, result in columns.items()}})
    click.echo("\nBefore and after, on held-out tickets")
    table(rows)
    exact = report["comparison"]["metrics"]["exact_match"]
    click.echo(
        f"exact match, tuned minus {report['comparison']['baseline']!r}: {exact['difference']:+.3f} "
        f"[{exact['low']:+.3f}, {exact['high']:+.3f}] (95 % paired bootstrap), {exact['wins']} won, "
        f"{exact['losses']} lost"
    )


def _print_decision(report: dict[str, Any]) -> None:
    canary, evidence = report["canary"], report["canary"]["evidence"]
    means = f"candidate {evidence['candidate']:.2f}, incumbent {evidence['incumbent']:.2f}"
    e_value = f"e-value {evidence['e_better']:.3g} of the {evidence['threshold']:.3g} needed"
    parity = report["parity"]
    outcome = "equal" if parity["equal"] else "not equal"
    click.echo(
        f"\nParity of trainer and engine: {outcome} over {parity['positions']} positions, log-probabilities differ by "
        f"at most {parity['largest_difference']:.2g} (allowed {parity['tolerance']:.2g})"
    )
    click.echo(f"Canary {canary['status']} after {evidence['pairs']} pairs: {means}, {e_value}")


def _print_loss_curve(client: Client, run: str, folder: Path) -> dict[str, str]:
    """Print the loss curve and save it as a PNG."""
    from vong.cli.experiments import render_plot, save_plot

    curves = client.experiments.metrics(run, ("loss", "eval_loss"))
    click.echo("\nTraining loss")
    click.echo(render_plot(curves))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "loss.png"
    save_plot(curves, file, "Training loss of the loop run")
    return {"loss": str(file)}


def _print_citations(report: dict[str, Any]) -> None:
    for answer in report["handbook"]:
        click.echo(f"\nQuestion: {answer['question']}\n  {' '.join(answer['text'].split())}")
        for citation in answer["citations"]:
            click.echo(f"  [{citation['number']}] {citation['path']} › {citation['heading']}")
        for sentence in answer["unsupported"]:
            click.echo(f"  no passage supports: {sentence}")


def _print_lineage(report: dict[str, Any]) -> None:
    from vong.cli.registry import render_tree as tree

    node = Lineage.model_validate(report["lineage"]["chain"]).backwards
    click.echo("\nLineage of one answer")
    for line in tree(node) if node else ():
        click.echo(f"  {line}")


def _print_links(report: dict[str, Any], images: dict[str, str]) -> None:
    url = report["url"]
    click.echo(
        f"\nconsole   {url}/\nAPI       {url}/api/docs\nOpenAI    {url}/v1   model={report['canary']['route']!r}"
    )
    for name, file in images.items():
        print_message(f"image of the {name}: {file}")
    print_message("stop Vong with: vong down")
