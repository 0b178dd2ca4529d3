"""Options of the commands that deploy a model or plan it, and the settings that they stand for."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=Callable[..., Any])

OPTIONS = (
    click.option("--model", required=True, help="Model ref: NAME, NAME@HASH or NAME:ALIAS."),
    click.option("--engine", help="xllamacpp, transformers, vllm or embedding.  [default: by model and machine]"),
    click.option("--threads", type=click.IntRange(1), help="CPU threads of the engine."),
    click.option("--context", type=click.IntRange(1), help="Context length in tokens, prompt and answer together."),
    click.option("--batch", type=click.IntRange(1), help="Maximum conversations decoded concurrently."),
    click.option("--quantization", help="GGUF level for xllamacpp, for example q8_0, q4_k_m or f16.  [default: q8_0]"),
    click.option(
        "--reproducible/--shared-cache",
        default=None,
        help="Same text at temperature 0 under any load, with xllamacpp; needs the memory of BATCH contexts.",
    ),
    click.option("--cluster", type=click.Choice(["ray"]), help="Run the engines on the Ray cluster of the server."),
    click.option("--replicas", "min_replicas", type=click.IntRange(1, 64), help="Minimum number of engine processes."),
    click.option("--max-replicas", type=click.IntRange(1, 64), help="Maximum number; it follows the load."),
    click.option("--idle-seconds", type=click.IntRange(0), help="Sleep after this time without a call; 0 is never."),
    click.option("--first-token-target", type=click.IntRange(0), help="Milliseconds above which a replica is added."),
    click.option("--queue-limit", type=click.IntRange(0), help="Conversations that may wait; others get status 429."),
    click.option("--skip-parity", is_flag=True, help="Skip the parity check of a tuned model; this is recorded."),
    click.option("--engine-option", multiple=True, metavar="NAME=VALUE", help="Option of vllm, repeatable."),
    click.option("--follow/--no-follow", default=None, help="Update if the alias in --model moves. [default: follow]"),
    click.option(
        "--evaluate", metavar="DATASET[/SPLIT]", help="Score the deployment and the unquantized model on a split."
    ),
    click.option("--scorer", multiple=True, help="Scorer of --evaluate, repeatable.  [default: exact_match]"),
    click.option("--suite", help="Score the deployment and the unquantized model on a suite."),
    click.option("--evaluate-limit", type=click.IntRange(1), help="Number of examples of --evaluate.  [default: 100]"),
)


def deployment_options(command: C) -> C:
    """Add the options of a deployment to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def build_settings(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a deployment that the options name."""
    settings = {name: value for name, value in options.items() if value not in (None, ())}
    if (target := settings.pop("first_token_target", None)) is not None:
        settings["first_token_target_ms"] = target
    if settings.pop("skip_parity", False):
        settings["parity"] = "skip"
    if pairs := settings.pop("engine_option", None):
        settings["engine_options"] = dict(map(_parse_option, pairs))
    if evaluation := _build_evaluation(settings):
        settings["evaluate"] = evaluation
    return settings


def _build_evaluation(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the evaluation that the options name, and remove them from the settings."""
    split, suite = settings.pop("evaluate", ""), settings.pop("suite", "")
    scorers, limit = settings.pop("scorer", ()), settings.pop("evaluate_limit", None)
    if suite and (split or scorers or limit):
        raise click.UsageError("--suite has its own splits and scorers: omit --evaluate, --scorer and --evaluate-limit")
    if suite:
        return {"suite": suite}
    if not split:
        if scorers or limit:
            raise click.UsageError("--scorer and --evaluate-limit need a split: add --evaluate DATASET/SPLIT")
        return {}
    dataset, _, name = split.partition("/")
    more = {"scorers": list(scorers)} if scorers else {}
    return {"dataset": dataset, "split": name or "test", **more, **({"limit": limit} if limit else {})}


def _parse_option(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not name or not mark:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--engine-option")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
