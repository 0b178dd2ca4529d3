"""Commands of `vong serving`: deployments of local models."""

import json
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, Group
from vong.client import Client
from vong.records import Deployment
from vong.records.deployment import MemoryPlan

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
@click.option("--model", required=True, help="Model ref: NAME, NAME@HASH or NAME:ALIAS.")
@click.option("--engine", help="xllamacpp, transformers, vllm or embedding.  [default: by model and machine]")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of the engine.")
@click.option("--context", type=click.IntRange(1), help="Context length in tokens, prompt and answer together.")
@click.option("--batch", type=click.IntRange(1), help="Maximum conversations decoded concurrently.")
@click.option("--quantization", help="GGUF level for xllamacpp, for example q8_0, q4_k_m or f16.  [default: q8_0]")
@click.option(
    "--reproducible/--shared-cache",
    default=None,
    help="Same text at temperature 0 under any load, with xllamacpp; needs the memory of BATCH contexts.",
)
@click.option("--replicas", "min_replicas", type=click.IntRange(1, 64), help="Minimum number of engine processes.")
@click.option("--max-replicas", type=click.IntRange(1, 64), help="Maximum number; between both it follows the load.")
@click.option("--idle-seconds", type=click.IntRange(0), help="Sleep after this time without a call; 0 is never.")
@click.option("--first-token-target", type=click.IntRange(0), help="Milliseconds above which a replica is added.")
@click.option("--queue-limit", type=click.IntRange(0), help="Conversations that may wait; further ones get status 429.")
@click.option("--skip-parity", is_flag=True, help="Skip the parity check of a tuned model; this is recorded.")
@click.option("--engine-option", multiple=True, metavar="NAME=VALUE", help="Option of vllm, repeatable.")
@click.option("--wait/--detach", default=True, show_default=True, help="Wait until it is ready.")
@json_option
def deploy(
    name: str,
    model: str,
    engine: str | None,
    wait: bool,
    as_json: bool,
    skip_parity: bool,
    first_token_target: int | None,
    engine_option: tuple[str, ...],
    **options: int | None,
) -> None:
    """Deploy a model as deployment/NAME. The previous model answers until the new one is ready."""
    settings: dict[str, Any] = {field: value for field, value in options.items() if value is not None}
    if first_token_target is not None:
        settings["first_token_target_ms"] = first_token_target
    if skip_parity:
        settings["parity"] = "skip"
    if engine_option:
        settings["engine_options"] = dict(map(_parse_option, engine_option))
    client = Client()
    result = client.serving.deploy(name, model=model, engine=engine, settings=settings)
    if result.plan is not None and not as_json:
        _print_plan(result.plan)
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
        {**one.model_dump(mode="json"), "first_token_ms": one.time_to_first_token_ms, "memory": _size(one.memory)}
        for one in found
    ]
    emit(found if as_json else rows, as_json, REPLICA_COLUMNS)


@group.command()
@json_option
def machines(as_json: bool) -> None:
    """List the machines that run engines."""
    found = Client().serving.machines()
    sizes = [{"memory": _size(one.memory), "available": _size(one.available)} for one in found]
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


def _parse_option(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not name or not mark:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--engine-option")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _print_state(deployment: Deployment) -> None:
    print_message(f"{deployment.name}: {deployment.state}{f' ({deployment.reason})' if deployment.reason else ''}")


def _deployment_row(deployment: Deployment) -> dict[str, Any]:
    values = deployment.model_dump(mode="json")
    load = deployment.load
    if load is not None:
        values |= {"active": load.active, "waiting": load.waiting, "tokens/s": load.tokens_per_second}
    return {
        **values,
        "memory": _size(deployment.memory),
        "reason": (deployment.reason or "").partition("\n")[0] or None,
    }


def _size(count: int | None) -> str | None:
    return f"{count / 1e6:.0f} MB" if count else None


def _print_plan(plan: MemoryPlan) -> None:
    """Print what one replica needs and what its machine has free."""
    cache = "unknown" if plan.cache is None else _size(plan.cache)
    parts = f"weights {_size(plan.weights)}, cache {cache}, runtime {_size(plan.runtime)}"
    where = f"; {plan.machine} has {_size(plan.available)} free" if plan.machine else ""
    print_message(f"memory: {_size(plan.required)} per replica ({parts}){where}")
    if plan.evicts:
        print_message(f"idle deployments that may be put to sleep for it: {', '.join(plan.evicts)}")
    if plan.note:
        print_message(f"memory: {plan.note}")
