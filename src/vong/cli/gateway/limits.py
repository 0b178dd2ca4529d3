"""Commands for limits and budgets."""

from typing import Any
from uuid import UUID

import click
from pydantic import ValidationError

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option
from vong.client import Client
from vong.records.limit import Limit, LimitCreate, LimitWindow

SUBJECT_METAVAR = "SUBJECT_TYPE[:SUBJECT]"
LIMIT_COLUMNS = ["id", "subject_type", "subject", "metric", "window", "amount"]


@group.group()
def limits() -> None:
    """Manage limits on requests, tokens and concurrency."""


@limits.command("list")
@json_option
def list_limits(as_json: bool) -> None:
    """List limits on requests, tokens and concurrency with their usage."""
    _show_limits(as_json, budgets=False)


@limits.command("set")
@click.argument("subject", metavar=SUBJECT_METAVAR)
@click.argument("bounds", nargs=-1, required=True, metavar="METRIC/WINDOW=AMOUNT…")
@json_option
def set_limit(subject: str, bounds: tuple[str, ...], as_json: bool) -> None:
    """Limit the project, or a key, user, route or tag: key:ci requests/minute=60 tokens/day=1000000 concurrency=5.

    Without a subject, or with *, the limit applies to each key (user, route, tag) separately.
    """
    created = [_set_limit(subject, *bound) for bound in [_parse_bound(bound) for bound in bounds]]
    emit(created, as_json, LIMIT_COLUMNS)


@limits.command("delete")
@click.argument("id", type=click.UUID)
@json_option
def delete_limit(id: UUID, as_json: bool) -> None:
    """Delete a limit or a budget with its counters."""
    emit(Client().gateway.delete_limit(id), as_json)


@group.group()
def budgets() -> None:
    """Manage budgets, in US dollars."""


@budgets.command("list")
@json_option
def list_budgets(as_json: bool) -> None:
    """List budgets with their usage, in US dollars."""
    _show_limits(as_json, budgets=True)


@budgets.command("set")
@click.argument("subject", metavar=SUBJECT_METAVAR)
@click.argument("dollars", type=click.FloatRange(min=0, min_open=True), metavar="USD")
@click.option("--window", type=click.Choice(["day", "month", "lifetime"]), default="month", show_default=True)
@json_option
def set_budget(subject: str, dollars: float, window: LimitWindow, as_json: bool) -> None:
    """Set a budget in US dollars for the project, or a key, user, route or tag: key:ci 25 --window month."""
    created = _set_limit(subject, "cost", window, round(dollars * 1_000_000))
    emit(created, as_json, LIMIT_COLUMNS)


@budgets.command("delete")
@click.argument("id", type=click.UUID)
@json_option
def delete_budget(id: UUID, as_json: bool) -> None:
    """Delete a budget with its counters; the ledger stays."""
    emit(Client().gateway.delete_limit(id), as_json)


def _show_limits(as_json: bool, *, budgets: bool) -> None:
    states = [state for state in Client().gateway.limits() if (state.limit.metric == "cost") == budgets]
    if as_json:
        emit(states, True)
        return
    rows = list[dict[str, Any]]()
    for state in states:
        amounts = {"amount": state.limit.amount, "used": state.used, "reserved": state.reserved}
        shown = {name: f"${amount / 1e6:.6f}" for name, amount in amounts.items()} if budgets else amounts
        subject_type = state.limit.subject_type
        subject = subject_type if subject_type == "project" else f"{subject_type}:{state.subject}"
        resets = f"{state.resets_at.astimezone():%Y-%m-%d %H:%M}" if state.resets_at else None
        bounds = {"metric": state.limit.metric, "window": state.limit.window}
        rows.append({"id": state.limit.id, "subject": subject, **bounds, **shown, "resets": resets})
    emit(rows, False)


def _set_limit(subject: str, metric: str, window: str, amount: int) -> Limit:
    subject_type, separator, name = subject.partition(":")
    if separator and not name.strip():
        raise click.BadParameter(
            f"{subject!r} names no {subject_type}; write {subject_type}:NAME, or {subject_type}:* for each of them"
        )
    try:
        request = LimitCreate.model_validate(
            {
                "subject_type": subject_type,
                "subject": name or "*",
                "metric": metric,
                "window": window,
                "amount": amount,
            }
        )
    except ValidationError as error:
        first_error = error.errors()[0]
        location = " ".join(str(part) for part in first_error["loc"])
        raise click.BadParameter(
            f"{location}: {first_error['msg']}; write for example key:ci requests/minute=60"
        ) from None
    return Client().gateway.set_limit(
        request.subject_type, request.metric, request.window, request.amount, subject=request.subject
    )


def _parse_bound(text: str) -> tuple[str, str, int]:
    """Parse `METRIC/WINDOW=AMOUNT`; the window of concurrency is always `now`."""
    bound, _, amount = text.partition("=")
    metric, _, window = bound.partition("/")
    if not (amount.isascii() and amount.isdecimal() and len(amount) <= 18):
        raise click.BadParameter(
            f"{text!r}: write METRIC/WINDOW=AMOUNT with a whole number, for example requests/minute=60"
        )
    return metric, window or "now", int(amount)
