"""Commands of `vong training`: recipes, plans and runs."""

import json
from typing import Any

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Group
from vong.client import Client
from vong.errors import InvalidInput


@click.group(cls=Group)
def group() -> None:
    """Train a base model on a dataset."""


def run_options(command: Any) -> Any:
    """Add the options of a run and its plan."""
    options = (
        click.argument("name"),
        click.option("--base", default="smollm2-135m-instruct", show_default=True, help="Ref of the base model."),
        click.option("--dataset", required=True, help="Ref of the dataset version."),
        click.option("--recipe", default="sft", show_default=True),
        click.option("--train-split", default="train", show_default=True),
        click.option("--validation-split", default="validation", show_default=True),
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
@json_option
def plan(name: str, settings: tuple[str, ...], as_json: bool, **more: str) -> None:
    """Estimate a run: steps, tokens, time, memory. Nothing is started."""
    estimate = Client().training.plan(
        name, more.pop("base"), more.pop("dataset"), settings=_parse_settings(settings), **more
    )
    emit(estimate, as_json)


@group.command()
@run_options
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def start(name: str, settings: tuple[str, ...], detach: bool, as_json: bool, **more: str) -> None:
    """Train a version of the model NAME and follow its progress."""
    client = Client()
    started = client.training.start(
        name, more.pop("base"), more.pop("dataset"), settings=_parse_settings(settings), **more
    )
    if detach:
        emit({"run": started.run.id, "job": started.job.id}, as_json)
        return
    print_message(f"run {started.run.id}; plot it with: vong experiments plot {started.run.id}")
    job = follow(client, started.job)
    run = client.experiments.get(started.run.id)
    for warning in run.warnings:
        print_message(f"warning: {warning}")
    result = job.result or {}
    emit(result if as_json else {"model": result.get("model"), "run": result.get("run"), **run.summary}, as_json)


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
