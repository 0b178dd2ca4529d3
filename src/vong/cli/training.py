"""Commands of `vong training`: recipes, plans and runs."""

import json
import math
from typing import Any
from uuid import UUID

import click

from vong.cli.fine_tuning import fine_tuning
from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Group
from vong.cli.run_output import print_run
from vong.cli.training_plan_output import print_plan
from vong.client import Client
from vong.errors import InvalidInput
from vong.records.run import TrainingStarted

DEFAULT_BASE = "smollm2-135m-instruct"


@click.group(cls=Group)
def group() -> None:
    """Train a base model on a dataset."""


group.add_command(fine_tuning)


def run_options(command: Any) -> Any:
    """Add the options of a run and its plan."""
    options = (
        click.argument("name"),
        click.option("--base", help=f"Ref of the base model.  [default: {DEFAULT_BASE}, none with pretrain]"),
        click.option(
            "--dataset",
            "datasets",
            required=True,
            multiple=True,
            metavar="REF[=WEIGHT]",
            help="Ref of the dataset version; repeatable, with the share of the rows, for a mixture.",
        ),
        click.option(
            "--mixing",
            type=click.Choice(["shuffle", "in_order"]),
            default="shuffle",
            show_default=True,
            help="Order of several datasets.",
        ),
        click.option("--recipe", default="sft", show_default=True),
        click.option("--train-split", default="train", show_default=True),
        click.option("--validation-split", default="validation", show_default=True),
        click.option(
            "--auto", is_flag=True, help="Choose batch size, precision and similar settings for this machine."
        ),
        click.option(
            "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Setting of the recipe; repeatable."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@group.command()
@json_option
def recipes(as_json: bool) -> None:
    """List the recipes and every setting with its default and reason."""
    installed = Client().training.recipes()
    if as_json:
        emit(installed, True)
        return
    for recipe in installed:
        click.echo(f"{recipe['name']}: {recipe['description']}")
        for name, field in recipe["settings_schema"]["properties"].items():
            click.echo(f"  {name} = {json.dumps(field.get('default'))}\n      {field.get('description', '')}")


@group.command()
@run_options
@click.option("--probe", is_flag=True, help="First run 20 real steps, which measure speed and memory.")
@json_option
def plan(
    name: str, datasets: tuple[str, ...], settings: tuple[str, ...], probe: bool, as_json: bool, **more: str
) -> None:
    """Estimate a run: does it fit, how long does it take, what does it cost. Nothing is started."""
    client = Client()
    base, refs = _choose_base(more), _parse_datasets(datasets)
    values = _parse_settings(settings)
    if probe:
        follow(client, client.training.probe(name, base, refs, settings=values, **more))
    estimate = client.training.plan(name, base, refs, settings=values, **more)
    if as_json:
        emit(estimate, True)
    else:
        print_plan(estimate)


@group.command()
@run_options
@click.option(
    "--keep-checkpoints",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help="Register the weights at the end of this many epochs, counted from the end, as versions too.",
)
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def start(
    name: str, datasets: tuple[str, ...], settings: tuple[str, ...], detach: bool, as_json: bool, **more: Any
) -> None:
    """Train a version of the model NAME and follow its progress.

    With --recipe provider, the model PROVIDER/MODEL of --base is trained at its provider.
    """
    client = Client()
    started = client.training.start(
        name, _choose_base(more), _parse_datasets(datasets), settings=_parse_settings(settings), **more
    )
    _follow_run(client, started, detach=detach, as_json=as_json)


@group.command()
@click.argument("run", type=click.UUID)
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def resume(run: UUID, detach: bool, as_json: bool) -> None:
    """Continue a cancelled or failed RUN from its newest checkpoint and follow its progress."""
    client = Client()
    started = client.training.resume(run)
    _follow_run(client, started, detach=detach, as_json=as_json)


@group.command()
@click.argument("run", type=click.UUID)
@json_option
def show(run: UUID, as_json: bool) -> None:
    """Show the result of RUN; after a distillation also the comparison of teacher and student."""
    found = Client().experiments.get(run)
    if as_json:
        emit(found, True)
        return
    fields = ("name", "recipe", "status", "base", "dataset", "model")
    print_run(found, {name: getattr(found, name) for name in fields})
    for warning in found.warnings:
        print_message(f"warning: {warning}")


def _follow_run(client: Client, started: TrainingStarted, *, detach: bool, as_json: bool) -> None:
    """Follow the job of a run, and print its result and warnings."""
    if detach:
        emit({"run": started.run.id, "job": started.job.id}, as_json)
        return
    print_message(f"run {started.run.id}; plot it with: vong experiments plot {started.run.id}")
    job = follow(client, started.job)
    run = client.experiments.get(started.run.id)
    for warning in run.warnings:
        print_message(f"warning: {warning}")
    result = job.result or {}
    if as_json:
        emit(result, True)
    else:
        print_run(run, {"model": result.get("model"), "run": result.get("run")})


def _choose_base(options: dict[str, Any]) -> str | None:
    """Return the base of a run: the option, or the default if the recipe needs one."""
    base = options.pop("base")
    if base is None and options.get("recipe") != "sft":
        known = {recipe["name"]: recipe["needs_base"] for recipe in Client().training.recipes()}
        return DEFAULT_BASE if known.get(options.get("recipe"), True) else None
    return base or DEFAULT_BASE


def _parse_datasets(values: tuple[str, ...]) -> str | dict[str, float | None]:
    """Parse `REF` or `REF=WEIGHT` options; one ref without a weight is returned as it is."""
    parsed: dict[str, float | None] = {}
    for value in values:
        ref, separator, weight = value.partition("=")
        if ref in parsed:
            raise InvalidInput(f"--dataset {ref!r} is given twice", "give it once, with a larger weight")
        try:
            parsed[ref] = float(weight) if separator else None
        except ValueError:
            parsed[ref] = math.nan
        if separator and not (math.isfinite(parsed[ref] or 0.0) and (parsed[ref] or 0.0) > 0):
            raise InvalidInput(f"the weight of --dataset {value!r} is not a number above 0", "write REF=0.7")
    return values[0] if len(values) == 1 and "=" not in values[0] else parsed


def _parse_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """Parse `NAME=VALUE` settings; a value that is not valid JSON is text."""
    parsed: dict[str, Any] = {}
    for argument in settings:
        name, separator, value = argument.partition("=")
        if not separator:
            raise InvalidInput(f"--set {argument!r} has no value", "write --set NAME=VALUE")
        try:
            parsed[name] = json.loads(value)
        except json.JSONDecodeError:
            parsed[name] = value
    return parsed
