"""Commands for limits and budgets."""

from typing import Any
from uuid import UUID

import click
from pydantic import ValidationError

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option
from vong.client import Client
from vong.records.limit import Limit, LimitCreate, LimitWindow


@group.command()
@json_option
def limits(as_json: bool) -> None:
    """List limits on requests, tokens and concurrency with their usage."""
    _show_limits(as_json, budgets=False)


@group.group()
def limit() -> None:
    """Set or remove a limit."""


@limit.command("set")
@click.argument("on", metavar="ON[:NAME]")
@click.argument("bounds", nargs=-1, required=True, metavar="WHAT/PER=AMOUNT…")
@json_option
def set_limit(on: str, bounds: tuple[str, ...], as_json: bool) -> None:
    """Limit the project, or a key, user, route or tag: key:ci requests/minute=60 tokens/day=1000000 concurrency=5.

    Without a name, or with *, the limit applies to each key (user, route, tag) separately.
    """
    created = [_set_limit(on, *_parse_bound(bound)) for bound in bounds]
    emit(created, as_json, ["id", "on", "name", "what", "per", "amount"])


@limit.command("remove")
@click.argument("id", type=click.UUID)
@json_option
def remove_limit(id: UUID, as_json: bool) -> None:
    """Remove a limit or a budget with its counters."""
    emit(Client().gateway.delete_limit(id), as_json)


@group.command()
@json_option
def budgets(as_json: bool) -> None:
    """List budgets with their usage, in US dollars."""
    _show_limits(as_json, budgets=True)


@group.group()
def budget() -> None:
    """Set or remove a budget."""


@budget.command("set")
@click.argument("on", metavar="ON[:NAME]")
@click.argument("dollars", type=click.FloatRange(min=0, min_open=True), metavar="USD")
@click.option("--per", type=click.Choice(["day", "month", "ever"]), default="month", show_default=True)
@json_option
def set_budget(on: str, dollars: float, per: LimitWindow, as_json: bool) -> None:
    """Set a budget in US dollars for the project, or a key, user, route or tag: key:ci 25 --per month."""
    created = _set_limit(on, "cost", per, round(dollars * 1_000_000))
    emit(created, as_json, ["id", "on", "name", "what", "per", "amount"])


@budget.command("remove")
@click.argument("id", type=click.UUID)
@json_option
def remove_budget(id: UUID, as_json: bool) -> None:
    """Remove a budget with its counters; the ledger stays."""
    emit(Client().gateway.delete_limit(id), as_json)


def _show_limits(as_json: bool, *, budgets: bool) -> None:
    states = [state for state in Client().gateway.limits() if (state.limit.what == "cost") == budgets]
    if as_json:
        emit(states, True)
        return
    rows = list[dict[str, Any]]()
    for state in states:
        amounts = {"amount": state.limit.amount, "used": state.used, "reserved": state.reserved}
        shown = {name: f"${amount / 1e6:.6f}" for name, amount in amounts.items()} if budgets else amounts
        subject = state.limit.on if state.limit.on == "project" else f"{state.limit.on}:{state.subject}"
        resets = f"{state.resets_at.astimezone():%Y-%m-%d %H:%M}" if state.resets_at else None
        bounds = {"what": state.limit.what, "per": state.limit.per}
        rows.append({"id": state.limit.id, "on": subject, **bounds, **shown, "resets": resets})
    emit(rows, False)


def _set_limit(on: str, what: str, per: str, amount: int) -> Limit:
    kind, _, name = on.partition(":")
    try:
        request = LimitCreate.model_validate(
            {"on": kind, "name": name or "*", "what": what, "per": per, "amount": amount}
        )
    except ValidationError as error:
        first_error = error.errors()[0]
        location = " ".join(str(part) for part in first_error["loc"])
        raise click.BadParameter(
            f"{location}: {first_error['msg']}; write for example key:ci requests/minute=60"
        ) from None
    return Client().gateway.set_limit(request.on, request.what, request.per, request.amount, name=request.name)


def _parse_bound(text: str) -> tuple[str, str, int]:
    """Parse `WHAT/PER=AMOUNT`; `per` of concurrency is always `now`."""
    bound, _, amount = text.partition("=")
    what, _, per = bound.partition("/")
    if not amount.isdigit():
        raise click.BadParameter(f"{text!r}: write WHAT/PER=AMOUNT, for example requests/minute=60")
    return what, per or "now", int(amount)
