"""Commands of `vong serving`: deployments of local models."""

from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, Group
from vong.client import Client
from vong.records import Deployment

DEPLOYMENT_COLUMNS = ["name", "model", "engine", "state", "memory", "restarts", "pid", "reason"]


@click.group(cls=Group)
def group() -> None:
    """Manage deployments of local models."""


@group.command()
@click.argument("name")
@click.option("--model", required=True, help="Model ref: NAME, NAME@HASH or NAME:ALIAS.")
@click.option("--engine", help="transformers or xllamacpp.  [default: by the model's format]")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the engine.")
@click.option("--context", type=click.IntRange(1), help="Context length in tokens, prompt and answer together.")
@click.option("--batch", type=click.IntRange(1), help="Maximum conversations decoded concurrently.")
@click.option("--skip-parity", is_flag=True, help="Skip the parity check of a tuned model; this is recorded.")
@click.option("--wait/--detach", default=True, show_default=True, help="Wait until it is ready.")
@json_option
def deploy(
    name: str,
    model: str,
    engine: str | None,
    wait: bool,
    as_json: bool,
    skip_parity: bool,
    **options: int | None,
) -> None:
    """Deploy a model as deployment/NAME."""
    settings: dict[str, Any] = {field: value for field, value in options.items() if value is not None}
    if skip_parity:
        settings["parity"] = "skip"
    client = Client()
    result = client.serving.deploy(name, model=model, engine=engine, settings=settings)
    deployment = client.serving.wait(name, on_change=_print_state) if wait else result.deployment
    emit(deployment, as_json)


@group.command("list")
@click.option("--after", type=TEXT, default="", help="Show names after this one.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def list_deployments(after: str, limit: int, as_json: bool) -> None:
    """List all deployments and their states."""
    emit(
        [_deployment_row(deployment) for deployment in Client().serving.list(after=after, limit=limit)],
        as_json,
        DEPLOYMENT_COLUMNS,
    )


@group.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one deployment with its process and parity check."""
    emit(Client().serving.get(name), as_json)


@group.command()
@click.argument("name")
@json_option
def stop(name: str, as_json: bool) -> None:
    """Stop a deployment."""
    emit(_deployment_row(Client().serving.stop(name)), as_json, DEPLOYMENT_COLUMNS)


@group.command()
@click.argument("name")
@click.option("--wait/--detach", default=True, show_default=True, help="Wait until it is ready again.")
@json_option
def restart(name: str, wait: bool, as_json: bool) -> None:
    """Restart the engine process of a deployment."""
    client = Client()
    result = client.serving.restart(name)
    emit(client.serving.wait(name, on_change=_print_state) if wait else result.deployment, as_json)


@group.command()
@click.argument("name")
@click.option("--lines", type=click.IntRange(1), default=100, show_default=True)
@json_option
def logs(name: str, lines: int, as_json: bool) -> None:
    """Show the last lines of the engine's log."""
    log_lines = Client().serving.logs(name, lines=lines)
    emit(log_lines, True) if as_json else click.echo("\n".join(log_lines))


def _print_state(deployment: Deployment) -> None:
    print_message(f"{deployment.name}: {deployment.state}{f' ({deployment.reason})' if deployment.reason else ''}")


def _deployment_row(deployment: Deployment) -> dict[str, Any]:
    values = deployment.model_dump(mode="json")
    megabytes = f"{deployment.memory / 1e6:.0f} MB" if deployment.memory else None
    return {**values, "memory": megabytes, "reason": (deployment.reason or "").partition("\n")[0] or None}
