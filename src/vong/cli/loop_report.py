"""Report of a loop run in the terminal: metrics before and after, loss curve, decision, lineage and links."""

from pathlib import Path
from typing import Any

import click

from vong.cli.output import note, table
from vong.client import Client
from vong.records.lineage import Lineage

ROWS = {
    "exact match, all fields": "exact_match",
    "valid JSON": "json_valid",
    "ROUGE-L": "rougeL",
    "chrF": "chrf",
    "BLEU": "bleu",
}


def draw(client: Client, found: dict[str, Any], folder: Path) -> dict[str, str]:
    """Print the report, save its images, and return their paths by name."""
    click.echo()
    _steps(found)
    _before_and_after(found)
    _decision(found)
    pictures = _curve(client, found["training"]["run"], folder)
    _citations(found)
    _lineage(found)
    _where_to_look(found, pictures)
    return pictures


def _steps(found: dict[str, Any]) -> None:
    click.echo("Steps of the loop run")
    rows = [{"step": done["step"], "seconds": f"{done['seconds']:.1f}"} for done in found["steps"]]
    table([*rows, {"step": "total", "seconds": f"{sum(done['seconds'] for done in found['steps']):.1f}"}])
    click.echo("\nSimulated actions of the invented company's staff:")
    for line in found["replayed"]:
        click.echo(f"  · {line}")


def _before_and_after(found: dict[str, Any]) -> None:
    columns = {
        "base": found["base"]["zero_shot"],
        "base, with examples": found["base"]["few_shot"],
        "tuned": found["tuned"],
    }
    fields = [name for name in found["tuned"]["scores"] if name.startswith("json_fields.")]
    metrics = {**ROWS, **{f"field {name.partition('.')[2]}": name for name in fields}}
    rows = [
        {"": label, **{name: f"{result['scores'].get(metric, 0.0):.3f}" for name, result in columns.items()}}
        for label, metric in metrics.items()
    ]
    rows.append({"": "latency p50, ms", **{name: f"{result['latency_p50']:.0f}" for name, result in columns.items()}})
    rows.append({"": "held-out tickets", **{name: str(result["examples"]) for name, result in columns.items()}})
    click.echo("\nBefore and after, on held-out tickets")
    table(rows)
    exact = found["comparison"]["metrics"]["exact_match"]
    click.echo(
        f"exact match, tuned minus {found['comparison']['baseline']!r}: {exact['difference']:+.3f} "
        f"[{exact['low']:+.3f}, {exact['high']:+.3f}] (95 % paired bootstrap), {exact['wins']} won, "
        f"{exact['losses']} lost"
    )


def _decision(found: dict[str, Any]) -> None:
    canary, evidence = found["canary"], found["canary"]["evidence"]
    means = f"candidate {evidence['candidate']:.2f}, incumbent {evidence['incumbent']:.2f}"
    e_value = f"e-value {evidence['e_better']:.3g} of the {evidence['threshold']:.3g} needed"
    parity = found["parity"]
    outcome = "equal" if parity["equal"] else "not equal"
    click.echo(
        f"\nParity of trainer and engine: {outcome} over {parity['positions']} positions, log-probabilities differ by "
        f"at most {parity['largest_difference']:.2g} (allowed {parity['tolerance']:.2g})"
    )
    click.echo(f"Canary {canary['status']} after {evidence['pairs']} pairs: {means}, {e_value}")


def _curve(client: Client, run: str, folder: Path) -> dict[str, str]:
    """Print the loss curve and save it as a PNG."""
    from vong.cli.experiments import drawing, picture

    curves = client.experiments.metrics(run, ("loss", "eval_loss"))
    click.echo("\nTraining loss")
    click.echo(drawing(curves))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "loss.png"
    picture(curves, file, "Training loss of the loop run")
    return {"loss": str(file)}


def _citations(found: dict[str, Any]) -> None:
    for answer in found["handbook"]:
        click.echo(f"\nQuestion: {answer['question']}\n  {' '.join(answer['text'].split())}")
        for citation in answer["citations"]:
            click.echo(f"  [{citation['number']}] {citation['path']} › {citation['heading']}")
        for sentence in answer["unsupported"]:
            click.echo(f"  no passage supports: {sentence}")


def _lineage(found: dict[str, Any]) -> None:
    from vong.cli.registry import draw as tree

    node = Lineage.model_validate(found["lineage"]["chain"]).backwards
    click.echo("\nLineage of one answer")
    for line in tree(node) if node else ():
        click.echo(f"  {line}")


def _where_to_look(found: dict[str, Any], pictures: dict[str, str]) -> None:
    url = found["url"]
    click.echo(f"\nconsole   {url}/\nAPI       {url}/api/docs\nOpenAI    {url}/v1   model={found['canary']['route']!r}")
    for name, file in pictures.items():
        note(f"image of the {name}: {file}")
    note("stop Vong with: vong down")
