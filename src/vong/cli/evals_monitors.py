"""Commands of `vong evals monitors`: score live answers, watch for drift, resolve alarms."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import Group
from vong.client import Client

F = TypeVar("F", bound=Callable[..., Any])
FILTERS = ("route", "model", "deployment", "model_version", "key", "tag")
DRIFT = ("alpha", "tolerance", "window", "suite_run")
MICRO = 1_000_000


@click.group(cls=Group)
def monitors() -> None:
    """Score a sample of live answers, and raise alarms on score drift."""


def take_settings(command: F) -> F:
    """Add the options of the settings of a monitor."""
    options = (
        click.option("--route", help="Only calls of this route."),
        click.option("--model", help="Only calls answered by this model."),
        click.option("--deployment", help="Only calls answered by this deployment."),
        click.option("--model-version", help="Only calls answered by this model version, NAME@HASH."),
        click.option("--key", help="Only calls with the API key of this name."),
        click.option("--tag", help="Only calls with this tag."),
        click.option("--scorer", "scorers", multiple=True, help="Scorer without a reference, or judge; repeatable."),
        click.option("--suite", help="Also use the scorers of this suite that need no reference."),
        click.option("--share", type=click.FloatRange(0, 1, min_open=True), help="Share of the calls to score."),
        click.option("--max-per-hour", type=click.IntRange(1, 100_000), help="Most calls to score in 60 minutes."),
        click.option(
            "--daily-budget", type=click.FloatRange(0), help="US dollars per day for the scorers' model calls."
        ),
        click.option("--review-below", type=click.FloatRange(0, 1), help="Mark answers below this score for review."),
        click.option("--no-review", is_flag=True, help="Mark no answers for review."),
        click.option(
            "--alpha",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            help="Probability of a false alarm between two resolutions.",
        ),
        click.option("--tolerance", type=click.FloatRange(0, 1), help="Drop of the mean score that is no drift."),
        click.option("--window", type=int, help="Number of first scores that are the reference."),
        click.option("--suite-run", type=click.UUID, help="Use the scores of this suite run as the reference."),
        click.option("--no-drift", is_flag=True, help="Do not test for drift."),
        click.option("--webhook", help="URL to which alarms are sent."),
        click.option("--no-webhook", is_flag=True, help="Send alarms nowhere."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@monitors.command()
@click.argument("name")
@take_settings
@json_option
def create(name: str, as_json: bool, **given: Any) -> None:
    """Create a monitor that scores calls from now on."""
    show_changed(Client().evals.monitors.create(name, **read_settings(given)), as_json)


@monitors.command()
@click.argument("name")
@take_settings
@json_option
def update(name: str, as_json: bool, **given: Any) -> None:
    """Change settings of a monitor. A filter or drift rules that are given replace the old ones."""
    show_changed(Client().evals.monitors.update(name, **read_settings(given)), as_json)


@monitors.command("list")
@json_option
def list_monitors(as_json: bool) -> None:
    """List the monitors with counts, cost and open alarms."""
    found = Client().evals.monitors.list()
    if as_json:
        emit(found, True)
    else:
        table([monitor_row(monitor) for monitor in found])


@monitors.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a monitor: settings, counts and cost."""
    show_monitor(Client().evals.monitors.get(name), as_json)


@monitors.command()
@click.argument("name")
@json_option
def pause(name: str, as_json: bool) -> None:
    """Stop scoring calls."""
    show_changed(Client().evals.monitors.update(name, enabled=False), as_json)


@monitors.command()
@click.argument("name")
@json_option
def resume(name: str, as_json: bool) -> None:
    """Score calls again, from now on."""
    show_changed(Client().evals.monitors.update(name, enabled=True), as_json)


@monitors.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete a monitor. Scores of answers and review items are kept."""
    Client().evals.monitors.delete(name)
    print_message(f"deleted monitor {name}")


@monitors.command()
@click.argument("name")
@click.option("--status", type=click.Choice(["pending", "scored", "failed", "skipped"]))
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def samples(name: str, status: str | None, limit: int, as_json: bool) -> None:
    """List sampled calls with their scores, newest first."""
    found = Client().evals.monitors.samples(name, status=status, limit=limit)
    if as_json:
        emit(found, True)
        return
    rows = [
        {
            "span": one["span_id"],
            "status": one["status"],
            "scores": format_scores(one["scores"]),
            "cost": format_cost(one["cost"] or 0),
            "model": one["model"] or "-",
            "error": one["error"] or "-",
        }
        for one in found
    ]
    table(rows)


@monitors.command()
@click.argument("name")
@click.option("--bucket", type=click.Choice(["hour", "day"]), default="hour", show_default=True)
@json_option
def history(name: str, bucket: str, as_json: bool) -> None:
    """Show the mean scores by hour or day."""
    found = Client().evals.monitors.history(name, bucket=bucket)
    if as_json:
        emit(found, True)
        return
    table(
        [
            {"at": one["at"], "n": one["n"], "scores": format_scores(one["means"]), "cost": format_cost(one["cost"])}
            for one in found
        ]
    )


@monitors.command()
@click.option("--monitor", help="Only alarms of this monitor.")
@click.option("--route", help="Only alarms of monitors of this route.")
@click.option("--status", type=click.Choice(["open", "resolved"]))
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def alarms(monitor: str | None, route: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """List alarms, newest first."""
    found = Client().evals.monitors.alarms(monitor=monitor, route=route, status=status, limit=limit)
    emit(found, as_json, ["id", "monitor", "metric", "status", "message", "delivery", "created_at"])


@monitors.command()
@click.argument("alarm", type=click.UUID)
@click.option("--new-reference", is_flag=True, help="Use the next scores as the reference.")
@json_option
def resolve(alarm: UUID, new_reference: bool, as_json: bool) -> None:
    """Mark an alarm as resolved, and test again from now on."""
    found = Client().evals.monitors.resolve(alarm, keep_reference=not new_reference)
    emit(found, as_json, ["id", "monitor", "metric", "status", "resolved_by", "resolved_at"])


def read_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of the options that were given."""
    known = {name: value for name, value in given.items() if value not in (None, (), False)}
    settings = {
        name: known[name] for name in ("suite", "share", "max_per_hour", "review_below", "webhook") if name in known
    }
    if chosen := {name: known[name] for name in FILTERS if name in known}:
        settings["filter"] = chosen
    if rules := {name: str(known[name]) if name == "suite_run" else known[name] for name in DRIFT if name in known}:
        settings["drift"] = rules
    if "scorers" in known:
        settings["scorers"] = list(known["scorers"])
    if "daily_budget" in known:
        settings["daily_budget"] = round(known["daily_budget"] * MICRO)
    for flag, name in (("no_review", "review_below"), ("no_drift", "drift"), ("no_webhook", "webhook")):
        if flag in known:
            settings[name] = None
    return settings


def show_changed(changed: dict[str, Any], as_json: bool) -> None:
    """Print a monitor after a change, with the secret of a new webhook."""
    if as_json:
        emit(changed, True)
        return
    show_monitor(changed["monitor"], False)
    if changed["webhook_secret"]:
        print_message(f"secret of the webhook, shown only now: {changed['webhook_secret']}")


def show_monitor(monitor: dict[str, Any], as_json: bool) -> None:
    """Print a monitor."""
    if as_json:
        emit(monitor, True)
        return
    settings, counts = monitor["settings"], monitor["counts"]
    emit(monitor_row(monitor), False)
    values = {
        "filter": " ".join(f"{name}={value}" for name, value in settings["filter"].items() if value) or "all calls",
        "scorers": " ".join(settings["scorers"]) or "-",
        "suite": settings["suite"] or "-",
        "limits": f"share {settings['share']:g}, {settings['max_per_hour']} per hour, "
        f"{format_cost(settings['daily_budget'])} per day",
        "matched": counts["matched"],
        "not sampled": f"{counts['over_limit']} over the hourly limit, {counts['over_budget']} over the budget, "
        f"{counts['own']} calls of evaluations",
        "webhook": settings["webhook"] or "-",
    }
    emit(values, False)


def monitor_row(monitor: dict[str, Any]) -> dict[str, Any]:
    """Return a monitor as a table row."""
    state = "paused" if not monitor["enabled"] else monitor["blocked"] or "running"
    return {
        "monitor": monitor["name"],
        "state": state,
        "scored": monitor["scored"],
        "pending": monitor["pending"],
        "failed": monitor["failed"],
        "hour": f"{monitor['hour']}/{monitor['settings']['max_per_hour']}",
        "today": f"{format_cost(monitor['cost_today'])}/{format_cost(monitor['settings']['daily_budget'])}",
        "alarms": monitor["open_alarms"],
        "reviews": monitor["open_reviews"],
    }


def format_scores(scores: dict[str, float]) -> str:
    """Return scores as text."""
    return " ".join(f"{name}={value:.3f}" for name, value in scores.items()) or "-"


def format_cost(cost: int) -> str:
    """Return a cost in millionths of a US dollar as text."""
    return f"${cost / MICRO:.4f}"
