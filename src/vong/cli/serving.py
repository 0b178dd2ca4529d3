"""Commands of `vong serving`: deployments of local models."""

from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, Group
from vong.cli.serving_options import build_settings, deployment_options
from vong.cli.serving_plan_output import format_size, print_memory, print_plan
from vong.client import Client
from vong.records import Deployment

DEPLOYMENT_COLUMNS = [
    *("name", "model", "engine", "state", "replicas", "active", "waiting", "tokens/s", "memory", "restarts", "pid"),
    "reason",
]
REPLICA_COLUMNS = ["number", "machine", "state", "active", "waiting", "first_token_ms", "memory", "pid", "reason"]
MACHINE_COLUMNS = ["name", "state", "address", "cores", "memory", "available", "gpus", "replicas", "seen_at"]


@click.group(cls=Group)
def group() -> None:
    """Manage deployments of local models."""


@group.command()
@click.argument("name")
@deployment_options
@click.option("--reason", help="Override the gate of a route that it answers, if the policy allows your role.")
@click.option("--wait/--detach", default=True, show_default=True, help="Wait until it is ready.")
@json_option
def deploy(
    name: str, model: str, engine: str | None, reason: str | None, wait: bool, as_json: bool, **options: Any
) -> None:
    """Deploy a model as deployment/NAME. The previous model answers until the new one is ready."""
    client = Client()
    result = client.serving.deploy(name, model=model, engine=engine, settings=build_settings(options), reason=reason)
    if result.plan is not None and not as_json:
        print_memory(result.plan)
    deployment = client.serving.wait(name, on_change=_print_state) if wait else result.deployment
    emit(deployment, as_json)


@group.command()
@deployment_options
@json_option
def plan(model: str, engine: str | None, as_json: bool, **options: Any) -> None:
    """Show memory, speed, price, disk and time of a deployment, without making it."""
    found = Client().serving.plan(model=model, engine=engine, settings=build_settings(options))
    emit(found, True) if as_json else print_plan(found)


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
@click.option("--replica", type=click.IntRange(1), help="Number of the replica.  [default: the first one]")
@json_option
def logs(name: str, lines: int, replica: int | None, as_json: bool) -> None:
    """Show the last lines of the engine's log."""
    log_lines = Client().serving.logs(name, lines=lines, replica=replica)
    emit(log_lines, True) if as_json else click.echo("\n".join(log_lines))


@group.command()
@click.argument("name")
@json_option
def replicas(name: str, as_json: bool) -> None:
    """List the replicas of a deployment with their machines and loads."""
    found = Client().serving.replicas(name)
    rows = [
        {**one.model_dump(mode="json"), "first_token_ms": one.time_to_first_token_ms, "memory": format_size(one.memory)}
        for one in found
    ]
    emit(found if as_json else rows, as_json, REPLICA_COLUMNS)


@group.command()
@json_option
def machines(as_json: bool) -> None:
    """List the machines that run engines."""
    found = Client().serving.machines()
    sizes = [{"memory": format_size(one.memory), "available": format_size(one.available)} for one in found]
    names = [{"gpus": ", ".join(str(gpu.get("name")) for gpu in one.gpus)} for one in found]
    rows = [
        {**one.model_dump(mode="json"), **size, **gpus} for one, size, gpus in zip(found, sizes, names, strict=True)
    ]
    emit(found if as_json else rows, as_json, MACHINE_COLUMNS)


@group.command()
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@json_option
def events(name: str, limit: int, as_json: bool) -> None:
    """Show updates, scaling, sleep and wake of a deployment, newest first."""
    rows = [one.model_dump(mode="json") for one in Client().serving.events(name, limit=limit)]
    emit(rows, as_json, ["created_at", "kind", "message"])


@group.command()
@click.argument("name")
@click.option("--wait/--detach", default=True, show_default=True, help="Wait until it is ready.")
@json_option
def wake(name: str, wait: bool, as_json: bool) -> None:
    """Start a sleeping deployment before its first call."""
    client = Client()
    deployment = client.serving.wake(name)
    emit(client.serving.wait(name, on_change=_print_state) if wait else deployment, as_json)


@group.command()
@click.argument("name")
def metrics(name: str) -> None:
    """Show vLLM's metrics in Prometheus' format."""
    click.echo(Client().serving.metrics(name), nl=False)


def _print_state(deployment: Deployment) -> None:
    print_message(f"{deployment.name}: {deployment.state}{f' ({deployment.reason})' if deployment.reason else ''}")


def _deployment_row(deployment: Deployment) -> dict[str, Any]:
    values = deployment.model_dump(mode="json")
    load = deployment.load
    if load is not None:
        values |= {"active": load.active, "waiting": load.waiting, "tokens/s": load.tokens_per_second}
    return {
        **values,
        "memory": format_size(deployment.memory),
        "reason": (deployment.reason or "").partition("\n")[0] or None,
    }
