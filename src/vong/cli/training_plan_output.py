"""Text of a training plan for the terminal."""

from typing import Any

import click


def print_plan(plan: dict[str, Any]) -> None:
    """Print memory, time and cost of a plan, what the planner chose, and what would fit instead."""
    if "provider" in plan:
        print_provider_plan(plan)
        return
    verdict = "fits" if plan["fits"] else "does not fit"
    limit = format_bytes(plan["memory_limit_bytes"])
    lines = [
        ("memory", f"{format_bytes(plan['memory_bytes'])} of {limit}: {verdict} ({plan['memory_source']})"),
        (
            "time",
            f"{format_seconds(plan['seconds'])} ({plan['tokens_per_second']:,.0f} tokens/s: {plan['rate_source']})",
        ),
        ("cost", format_cost(plan)),
        ("steps", f"{plan['steps']:,} with {plan['tokens']:,} tokens"),
        ("rows", f"{plan['rows']:,} for training, {plan['validation_rows']:,} for validation"),
        ("parameters", f"{plan['parameters']:,}, of which {plan['trained_parameters']:,} are trained"),
        ("machine", plan["machine"]),
    ]
    for name, text in lines:
        click.echo(f"{name:<11} {text}")
    for choice in plan["choices"]:
        click.echo(f"chosen      {choice['setting']} = {choice['value']}: {choice['reason']}")
    for note in plan["notes"]:
        click.echo(f"note        {note}")
    for other in plan["alternatives"]:
        options = " ".join(f"--set {name}={format_value(value)}" for name, value in other["changes"].items())
        resources = f"{format_bytes(other['memory_bytes'])}, {format_seconds(other['seconds'])}"
        click.echo(f"would fit   {other['description']} ({resources}): {options}")
    if not plan["fits"] and not plan["alternatives"]:
        click.echo("would fit   nothing found: use a smaller base model, or a machine with more memory")


def print_provider_plan(plan: dict[str, Any]) -> None:
    """Print tokens and cost of a job at a provider."""
    price, cost = plan["price_per_million_tokens"], plan["cost"]
    lines = [
        ("provider", f"{plan['provider']}, model {plan['model']}, method {plan['method']}"),
        ("cost", "unknown" if cost is None else f"${cost:,.4f} at ${price:g} per million trained tokens"),
        ("tokens", f"{plan['tokens']:,} (estimate) in {plan['epochs']} epochs"),
        ("rows", f"{plan['rows']:,} for training, {plan['validation_rows']:,} for validation"),
    ]
    for name, text in lines:
        click.echo(f"{name:<11} {text}")
    for note in plan["notes"]:
        click.echo(f"note        {note}")


def format_cost(plan: dict[str, Any]) -> str:
    """Return the cost of a plan, or which setting it needs."""
    if plan["cost"] is None:
        return "unknown: set machine_price_per_hour (US dollars) in vong.toml"
    return f"${plan['cost']:,.4f} at ${plan['machine_price_per_hour']:g} per hour"


def format_bytes(size: float) -> str:
    """Return a number of bytes in GB."""
    return f"{size / 1e9:.2f} GB"


def format_seconds(seconds: float) -> str:
    """Return a duration in hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def format_value(value: Any) -> str:
    """Return a setting as `--set` accepts it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
