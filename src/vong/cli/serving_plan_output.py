"""Text of the plan of a deployment for the terminal."""

import click

from vong.cli.output import print_message
from vong.records.deployment import DeploymentPlan, MemoryPlan


def format_size(count: int | None) -> str | None:
    """Return a number of bytes in megabytes."""
    return f"{count / 1e6:.0f} MB" if count else None


def print_memory(plan: MemoryPlan) -> None:
    """Print what one replica needs and what its machine has free."""
    cache = "unknown" if plan.cache is None else format_size(plan.cache)
    parts = f"weights {format_size(plan.weights)}, cache {cache}, runtime {format_size(plan.runtime)}"
    where = f"; {plan.machine} has {format_size(plan.available)} free" if plan.machine else ""
    print_message(f"memory: {format_size(plan.required)} per replica ({parts}){where}")
    if plan.evicts:
        print_message(f"idle deployments that may be put to sleep for it: {', '.join(plan.evicts)}")
    if plan.note:
        print_message(f"memory: {plan.note}")


def print_plan(plan: DeploymentPlan) -> None:
    """Print what a deployment needs and costs, and what would fit instead."""
    memory, speed, price = plan.memory, plan.speed, plan.price
    quantization = plan.settings.get("quantization") or ""
    cache = "unknown" if memory.cache is None else format_size(memory.cache)
    where = f"; {memory.machine} has {format_size(memory.available) or '0 MB'} free" if memory.machine else ""
    parts = f"weights {format_size(memory.weights)}, cache {cache}, runtime {format_size(memory.runtime)}"
    rows = [
        ("model", plan.model),
        ("engine", " ".join(filter(None, [plan.engine, quantization]))),
        ("because", plan.engine_reason),
        ("fits", "yes" if plan.fits else f"no: {plan.lack}"),
        ("memory", f"{format_size(memory.required)} per replica ({parts}){where}"),
        ("sleeps", ", ".join(memory.evicts)),
        ("note", memory.note),
        ("speed", _describe_speed(speed.output, speed.prompt, speed.source)),
        ("price", price.note if price.source == "unset" else _describe_price(price.input, price.output, price.note)),
        ("disk", f"{format_size(plan.disk_bytes) or '0 MB'} new, {plan.disk_available / 1e9:.1f} GB free"),
        ("start", f"{plan.start_seconds:.0f} s ({plan.start_source})"),
    ]
    for name, text in rows:
        if text:
            click.echo(f"{name:8} {text}")
    for level in plan.levels:
        fits = "fits" if level.fits else "does not fit"
        tokens = f"{level.output_speed:.0f} tokens/s" if level.output_speed else "speed unknown"
        click.echo(f"  {level.quantization:7} {format_size(level.required):>9}  {tokens}  {fits}")
    for one in plan.alternatives:
        changes = ", ".join(f"{name} {value}" for name, value in one.settings.items())
        click.echo(f"would fit: {changes} ({format_size(one.required)})")


def _describe_speed(output: float | None, prompt: float | None, source: str) -> str:
    if output is None:
        return "unknown"
    prompts = f", prompts {prompt:.0f} tokens/s" if prompt else ""
    return f"{output:.0f} tokens/s for one caller{prompts} ({source})"


def _describe_price(input: float | None, output: float | None, note: str) -> str:
    if input is None or output is None:
        return f"unknown: {note}"
    return f"${input:.4f} per million input tokens, ${output:.4f} output ({note})"
