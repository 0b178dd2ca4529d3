"""`vong serving`: deployments of local models."""

from typing import Any

import click

from vong.cli.output import emit, json_option, note
from vong.client import Client
from vong.records import Deployment

COLUMNS = ["name", "model", "engine", "state", "memory", "restarts", "pid", "reason"]


@click.group()
def group() -> None:
    """Deployments of local models."""


@group.command()
@click.argument("name")
@click.option("--model", required=True, help="A model ref: NAME, NAME@HASH or NAME:ALIAS.")
@click.option("--engine", help="transformers or xllamacpp; the model's format decides where it is left out.")
@click.option("--threads", type=int, help="CPU threads of its engine.")
@click.option("--context", type=int, help="Tokens of prompt and answer together.")
@click.option("--batch", type=int, help="Conversations decoded side by side.")
@click.option("--skip-parity", is_flag=True, help="Serve a tuned model without the parity check; this is recorded.")
@click.option("--wait/--detach", default=True, show_default=True, help="Wait until it answers.")
@json_option
def deploy(
    name: str,
    model: str,
    engine: str | None,
    wait: bool,
    as_json: bool,
    skip_parity: bool,
    **chosen: int | None,
) -> None:
    """Serve a model as deployment/NAME."""
    settings: dict[str, Any] = {field: value for field, value in chosen.items() if value is not None}
    if skip_parity:
        settings["parity"] = "skip"
    client = Client()
    made = client.serving.deploy(name, model=model, engine=engine, settings=settings)
    deployment = client.serving.wait(name, seen=_say) if wait else made.deployment
    emit(deployment, as_json)


@group.command("list")
@click.option("--after", default="", help="Names after this one.")
@click.option("--limit", default=50, show_default=True)
@json_option
def list_deployments(after: str, limit: int, as_json: bool) -> None:
    """All deployments and how they stand."""
    emit([_short(found) for found in Client().serving.list(after=after, limit=limit)], as_json, COLUMNS)


@group.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """One deployment, its process and its parity check."""
    emit(Client().serving.get(name), as_json)


@group.command()
@click.argument("name")
@json_option
def stop(name: str, as_json: bool) -> None:
    """Serve it no more."""
    emit(_short(Client().serving.stop(name)), as_json, COLUMNS)


@group.command()
@click.argument("name")
@click.option("--wait/--detach", default=True, show_default=True, help="Wait until it answers again.")
@json_option
def restart(name: str, wait: bool, as_json: bool) -> None:
    """Start its engine process anew."""
    client = Client()
    made = client.serving.restart(name)
    emit(client.serving.wait(name, seen=_say) if wait else made.deployment, as_json)


@group.command()
@click.argument("name")
@click.option("--lines", default=100, show_default=True)
@json_option
def log(name: str, lines: int, as_json: bool) -> None:
    """The end of its engine's log."""
    found = Client().serving.log(name, lines=lines)
    emit(found, True) if as_json else click.echo("\n".join(found))


def _say(deployment: Deployment) -> None:
    note(f"{deployment.name}: {deployment.state}{f' ({deployment.reason})' if deployment.reason else ''}")


def _short(deployment: Deployment) -> dict[str, Any]:
    values = deployment.model_dump(mode="json")
    megabytes = f"{deployment.memory / 1e6:.0f} MB" if deployment.memory else None
    return {**values, "memory": megabytes, "reason": (deployment.reason or "").partition("\n")[0] or None}
