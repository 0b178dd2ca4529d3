"""`vong training`: recipes, plans and runs."""

import json
from typing import Any

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, note
from vong.client import Client
from vong.errors import InvalidInput


@click.group()
def group() -> None:
    """Teach a base model from a dataset."""


def run_options(command: Any) -> Any:
    """What a run and its plan are told."""
    options = (
        click.argument("name"),
        click.option("--base", default="smollm2-135m-instruct", show_default=True, help="The base model's ref."),
        click.option("--dataset", required=True, help="The dataset version's ref."),
        click.option("--recipe", default="sft", show_default=True),
        click.option("--train-split", default="train", show_default=True),
        click.option("--validation-split", default="validation", show_default=True),
        click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of the recipe."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@group.command()
@json_option
def recipes(as_json: bool) -> None:
    """The ways of training, and every setting with its default and the reason for it."""
    found = Client().training.recipes()
    if as_json:
        emit(found, True)
        return
    for recipe in found:
        click.echo(f"{recipe['name']}: {recipe['description']}")
        for name, field in recipe["settings_schema"]["properties"].items():
            click.echo(f"  {name} = {json.dumps(field.get('default'))}\n      {field.get('description', '')}")


@group.command()
@run_options
@json_option
def plan(name: str, settings: tuple[str, ...], as_json: bool, **more: str) -> None:
    """What a run would take: steps, tokens, time, memory. Nothing is started."""
    found = Client().training.plan(name, more.pop("base"), more.pop("dataset"), settings=_parsed(settings), **more)
    emit(found, as_json)


@group.command()
@run_options
@click.option("--detach", is_flag=True, help="Return at once; follow the job later.")
@json_option
def start(name: str, settings: tuple[str, ...], detach: bool, as_json: bool, **more: str) -> None:
    """Train a version of the model NAME, following its progress."""
    client = Client()
    started = client.training.start(name, more.pop("base"), more.pop("dataset"), settings=_parsed(settings), **more)
    if detach:
        emit({"run": started.run.id, "job": started.job.id}, as_json)
        return
    note(f"run {started.run.id}; see its curve with: vong experiments plot {started.run.id}")
    job = follow(client, started.job)
    run = client.experiments.get(started.run.id)
    for warning in run.warnings:
        note(f"warning: {warning}")
    result = job.result or {}
    emit(result if as_json else {"model": result.get("model"), "run": result.get("run"), **run.summary}, as_json)


def _parsed(settings: tuple[str, ...]) -> dict[str, Any]:
    """`NAME=VALUE`, where the value is JSON if it can be read so, else text."""
    found: dict[str, Any] = {}
    for one in settings:
        name, mark, value = one.partition("=")
        if not mark:
            raise InvalidInput(f"--set {one!r} has no value", "write --set NAME=VALUE")
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    return found
