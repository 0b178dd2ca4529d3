"""Commands of `vong experiments`: training runs and their curves."""

from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import FilePath, Group
from vong.client import Client
from vong.errors import MissingExtra, NotFound

MARKERS = "·o+x*"
"""Markers that distinguish curves without colour."""


@click.group(cls=Group)
def group() -> None:
    """Show training runs and their curves."""


@group.command("list")
@click.option("--name", help="Only runs with this name.")
@click.option("--status", help="queued, running, finished, failed or cancelled.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def list_(name: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """List training runs, newest first."""
    runs = Client().experiments.runs(name=name, status=status, limit=limit)
    emit(runs, as_json, ["id", "name", "recipe", "status", "base", "dataset", "model", "created_at"])


@group.command()
@click.argument("run", type=click.UUID)
@json_option
def show(run: UUID, as_json: bool) -> None:
    """Show one run: settings, best and last metrics, warnings."""
    emit(Client().experiments.get(run), as_json)


@group.command()
@click.argument("runs", nargs=-1, required=True, type=click.UUID)
@json_option
def compare(runs: tuple[UUID, ...], as_json: bool) -> None:
    """Compare RUNS: settings that differ, and the best value of each metric (the winner marked *)."""
    comparison = Client().experiments.compare(runs)
    if as_json:
        emit(comparison, True)
        return
    titles = [f"{run['name']} {run['id'][-6:]}" for run in comparison["runs"]]
    rows: list[dict[str, Any]] = [
        {"what": name, **dict(zip(titles, values, strict=True))} for name, values in comparison["settings"].items()
    ]
    for name, values in comparison["best"].items():
        cells = ["-" if value is None else f"{value:.4g}" for value in values]
        if name in comparison["winner"]:
            cells[comparison["winner"][name]] += " *"
        rows.append({"what": f"best {name}", **dict(zip(titles, cells, strict=True))})
    emit(rows, False)


@group.command()
@click.argument("run", type=click.UUID)
@click.option("--metric", "names", multiple=True, help="Metric to plot; repeatable.  [default: loss, eval_loss]")
@click.option("--save", type=FilePath(dir_okay=False, path_type=Path), help="Save an image (.png, .svg, .pdf).")
@json_option
def plot(run: UUID, names: tuple[str, ...], save: Path | None, as_json: bool) -> None:
    """Plot the curves of a run in the terminal, or save them as an image."""
    curves = Client().experiments.metrics(run, names or ("loss", "eval_loss"), points=500)
    if not curves:
        raise NotFound(f"run {run} has none of these metrics", f"list its metrics with: vong experiments compare {run}")
    if as_json:
        emit(curves, True)
    elif save:
        save_plot(curves, save, str(run))
        print_message(f"saved {save}")
    else:
        click.echo(render_plot(curves))


@group.command()
@click.argument("run", type=click.UUID)
@click.option("--step", type=click.IntRange(0), help="Step of the samples.  [default: the last one]")
@json_option
def samples(run: UUID, step: int | None, as_json: bool) -> None:
    """Show the sample generations of a run beside the references and the outputs of the base model."""
    found = Client().experiments.samples(run, step=step)
    if as_json:
        emit(found, True)
        return
    if not found.samples:
        raise NotFound(f"run {run} has no samples", "set samples to 1 or more; samples need validation rows")
    print_message(f"step {found.step}; steps with samples: {', '.join(map(str, found.steps))}")
    for sample in found.samples:
        scores = "".join(f", {name} {value:.4g}" for name, value in sample.scores.items())
        click.echo(f"--- sample {sample.number + 1}{scores}")
        for title, text in (
            ("prompt", sample.prompt),
            ("reference", sample.reference),
            ("base", sample.base_output),
            ("model", sample.output),
        ):
            click.echo(f"{title + ':':11}{text}".replace("\n", "\n" + " " * 11))


def render_plot(curves: list[dict[str, Any]], width: int = 90, height: int = 22) -> str:
    """Return curves as a text plot without colour."""
    plotext: Any = import_module("plotext")
    figure = plotext.figure
    figure.clear()
    for marker, curve in zip(cycle(MARKERS), curves, strict=False):
        signal = figure.signal(*_points(curve), marker=marker)
        signal.lines()
        signal.label(curve["name"])
        figure.draw(signal)
    figure.plot_size(width, height)
    figure.label("step")
    return str(plotext.uncolorize(figure.build()))


def save_plot(curves: list[dict[str, Any]], file: Path, title: str) -> None:
    """Save curves as an image; the file suffix decides the format."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtra("matplotlib", "training") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for curve in curves:
        steps, values = _points(curve)
        axes.plot(steps, values, label=curve["name"], marker="o" if len(steps) < 30 else None, markersize=3)
    axes.set(title=title, xlabel="step")
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(file, dpi=150)
    pyplot.close(figure)


def _points(curve: dict[str, Any]) -> tuple[list[int], list[float]]:
    return [point["step"] for point in curve["points"]], [point["value"] for point in curve["points"]]
