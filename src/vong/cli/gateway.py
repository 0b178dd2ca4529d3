"""`vong gateway`: routes to every model behind one endpoint."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO, get_args
from uuid import UUID

import click
from pydantic import ValidationError

from vong.cli.output import emit, json_option, moment, note
from vong.client import Client
from vong.records import Policy, Timeouts
from vong.records.limit import LedgerBy, LedgerLine, Limit, LimitWanted, Per
from vong.records.tree import RouteNode
from vong.records.usage_report import Bucket, Consumed, UsageBy

TIMES = list(Timeouts.model_fields)
PROVIDER = ["name", "kind", "source", "base_url", "key"]


@click.group()
def group() -> None:
    """Routes to every model behind one endpoint."""


@group.command()
@json_option
def routes(as_json: bool) -> None:
    """The project's routes."""
    emit(Client().gateway.routes(), as_json, ["name", "version", "targets", "updated_at"])


@group.group()
def route() -> None:
    """One route: set, show, history, delete."""


@route.command("set")
@click.argument("name")
@click.argument("targets", nargs=-1, metavar="TARGET=WEIGHT…")
@click.option("--tree", metavar="FILE", help="A file with a tree of targets, in JSON; - reads it from stdin.")
@click.option("--fallback", "fallbacks", metavar="MODEL", multiple=True, help="Asked when the target fails; several.")
@click.option("--retries", type=click.IntRange(0, 10), help="How often a failed target is asked again.  [default: 1]")
@click.option("--timeout", "times", metavar="KIND=SECONDS", multiple=True, help=f"KIND is one of: {', '.join(TIMES)}.")
@click.option("--no-policy", is_flag=True, help="Try a call once, as without --fallback, --retries and --timeout.")
@json_option
def set_route(
    name: str, targets: tuple[str, ...], tree: str | None, no_policy: bool, as_json: bool, **wanted: Any
) -> None:
    """Make a route or give it new targets: deployment/NAME=0.9 echo/echo=0.1. A target without a weight has 1.

    With --fallback, --retries or --timeout it gets a policy for failures, of these alone; without, its policy stays.
    """
    if bool(targets) == (tree is not None):
        raise click.UsageError("name one target or more, or a file with --tree")
    given = {option: value for option, value in wanted.items() if value not in (None, ())}
    if no_policy and given:
        raise click.UsageError("--no-policy goes with none of --fallback, --retries and --timeout")
    more: dict[str, Policy | None] = {"policy": None} if no_policy else {}
    if given:
        more["policy"] = _policy(given)
    emit(Client().gateway.put_route(name, _tree(tree) if tree else dict(map(_target, targets)), **more), as_json)


@route.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """One route and its targets."""
    emit(Client().gateway.route(name), as_json)


@route.command()
@click.argument("name")
@json_option
def history(name: str, as_json: bool) -> None:
    """Every version of a route, newest first."""
    emit(Client().gateway.history(name), as_json, ["version", "targets", "changed_at"])


@route.command()
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> None:
    """Remove a route; its history stays."""
    emit(Client().gateway.delete_route(name), as_json)


@group.command()
@json_option
def providers(as_json: bool) -> None:
    """The configured providers and whether each answers."""
    emit(Client().gateway.providers(), as_json, [*PROVIDER, "reachable", "models", "error"])


@group.group()
def provider() -> None:
    """Stored providers: list, set, remove, test."""


@provider.command("list")
@json_option
def list_providers(as_json: bool) -> None:
    """Every provider, from vong.toml and stored, without asking them."""
    emit(Client().gateway.providers(probe=False), as_json, [*PROVIDER, "timeout", "updated_at"])


@provider.command("set")
@click.argument("name")
@click.option(
    "--kind",
    default="openai",
    show_default=True,
    help="openai (any API in its shape), groq, mistral, ollama …: see the guide on providers.",
)
@click.option("--base-url", help="Where it is: http(s)://HOST[:PORT]/PATH.")
@click.option("--api-key-file", type=click.File(), help="A file with the API key; - reads it from stdin.")
@click.option("--ask-key", is_flag=True, help="Ask for the API key on the terminal.")
@click.option("--no-key", is_flag=True, help="Remove the stored API key.")
@click.option("--timeout", type=float, default=120.0, show_default=True, help="Seconds for one whole call.")
@click.option("--model", "models", multiple=True, help="A model to list, instead of what the API lists; several.")
@json_option
def set_provider(
    name: str, api_key_file: TextIO | None, ask_key: bool, no_key: bool, as_json: bool, **wanted: Any
) -> None:
    """Make a provider or change it. Its key is encrypted and never shown again; without a key option it stays."""
    if sum(map(bool, (api_key_file, ask_key, no_key))) > 1:
        raise click.UsageError("choose one of --api-key-file, --ask-key and --no-key")
    if api_key_file or ask_key:
        wanted["api_key"] = (api_key_file.read() if api_key_file else click.prompt("API key", hide_input=True)).strip()
    elif no_key:
        wanted["api_key"] = None
    wanted["models"] = list(wanted["models"])
    emit(Client().gateway.put_provider(name, **wanted), as_json, [*PROVIDER, "timeout", "listed"])


@provider.command("remove")
@click.argument("name")
def remove_provider(name: str) -> None:
    """Remove a stored provider with its key."""
    Client().gateway.delete_provider(name)
    note(f"removed {name}")


@provider.command("test")
@click.argument("name")
@json_option
def test_provider(name: str, as_json: bool) -> None:
    """Ask a provider for its models; exit code 1 where it does not answer."""
    said = Client().gateway.test_provider(name)
    emit(said, as_json)
    if not said["reachable"]:
        raise click.exceptions.Exit(1)


@group.command()
@json_option
def limits(as_json: bool) -> None:
    """Limits on requests, tokens and concurrency, and how far each is."""
    _show_limits(as_json, budgets=False)


@group.group()
def limit() -> None:
    """One limit: set, remove."""


@limit.command("set")
@click.argument("on", metavar="ON[:NAME]")
@click.argument("bounds", nargs=-1, required=True, metavar="WHAT/PER=AMOUNT…")
@json_option
def set_limit(on: str, bounds: tuple[str, ...], as_json: bool) -> None:
    """Limit the project, or a key, user, route or tag: key:ci requests/minute=60 tokens/day=1000000 concurrency=5.

    Without a name, or with *, each key (user, route, tag) may use so much by itself.
    """
    made = [_set_limit(on, *_bound(bound)) for bound in bounds]
    emit(made, as_json, ["id", "on", "name", "what", "per", "amount"])


@limit.command("remove")
@click.argument("id", type=click.UUID)
@json_option
def remove_limit(id: UUID, as_json: bool) -> None:
    """Remove a limit or a budget with what it counted."""
    emit(Client().gateway.delete_limit(id), as_json)


@group.command()
@json_option
def budgets(as_json: bool) -> None:
    """Budgets, and how far each is, in US dollars."""
    _show_limits(as_json, budgets=True)


@group.group()
def budget() -> None:
    """One budget: set, remove."""


@budget.command("set")
@click.argument("on", metavar="ON[:NAME]")
@click.argument("dollars", type=click.FloatRange(min=0, min_open=True), metavar="USD")
@click.option("--per", type=click.Choice(["day", "month", "ever"]), default="month", show_default=True)
@json_option
def set_budget(on: str, dollars: float, per: Per, as_json: bool) -> None:
    """Allow the project, or a key, user, route or tag, so many US dollars: key:ci 25 --per month."""
    made = _set_limit(on, "cost", per, round(dollars * 1_000_000))
    emit(made, as_json, ["id", "on", "name", "what", "per", "amount"])


@budget.command("remove")
@click.argument("id", type=click.UUID)
@json_option
def remove_budget(id: UUID, as_json: bool) -> None:
    """Remove a budget with what it counted; the ledger stays."""
    emit(Client().gateway.delete_limit(id), as_json)


@group.command()
@click.option("--since", help="From: 15m, 2h, 7d, or a moment like 2026-11-22T08:00.  [default: 30 days before]")
@click.option("--until", help="To: the same forms.  [default: now]")
@click.option("--by", type=click.Choice(list(get_args(LedgerBy))), default="key", show_default=True)
@json_option
def ledger(since: str | None, until: str | None, by: LedgerBy, as_json: bool) -> None:
    """What calls cost, by the append-only ledger."""
    lines = Client().gateway.ledger(by=by, since=moment(since), until=moment(until))
    if as_json:
        emit(lines, True)
        return
    columns = ["calls", "input_tokens", "output_tokens", "cost"]
    rows = [{by: line.group, **line.model_dump(), "cost": _dollars(line)} for line in lines]
    emit(rows, False, columns if by == "none" else [by, *columns])


@group.command()
@json_option
def models(as_json: bool) -> None:
    """Every name that the `model` field of a request may have."""
    emit(Client().gateway.models(), as_json)


@group.command()
@click.option("--since", help="From: 15m, 2h, 7d, or a moment like 2026-11-22T08:00.  [default: a day before]")
@click.option("--until", help="To: the same forms.  [default: now]")
@click.option("--by", type=click.Choice(["model", "route", "key", "none"]), default="model", show_default=True)
@click.option("--bucket", type=click.Choice(["minute", "hour", "day"]), help="Show the course of time instead.")
@json_option
def usage(since: str | None, until: str | None, by: UsageBy, bucket: Bucket | None, as_json: bool) -> None:
    """Calls, tokens, cost and latencies: in all by group, or over time with --bucket."""
    spell = {"since": moment(since), "until": moment(until)}
    report = Client().gateway.usage(bucket=bucket or fitting(spell["since"]), by=by, **spell)
    if as_json:
        emit(report, True)
        return
    note(f"{report.since.astimezone():%Y-%m-%d %H:%M} to {report.until.astimezone():%Y-%m-%d %H:%M}")
    if bucket:
        emit([{"at": f"{point.at.astimezone():%m-%d %H:%M}", **consumed(point, by)} for point in report.points], False)
    else:
        emit([consumed(total, by) for total in report.totals], False)


def fitting(since: str | None) -> Bucket:
    """The bucket for totals: hours for up to a month, else days."""
    if since is None:
        return "hour"
    return "hour" if datetime.now(UTC) - datetime.fromisoformat(since) < timedelta(days=31) else "day"


def consumed(what: Consumed, by: UsageBy) -> dict[str, Any]:
    """A line of the table. A cost that is not known in all calls says so."""
    cost = None if what.cost is None else f"${what.cost / 1e6:.6f}"
    if cost and what.priced < what.calls:
        cost += f" ({what.priced} priced)"
    group = {} if by == "none" else {by: what.group}
    return group | {
        "calls": what.calls,
        "errors": what.errors,
        "in": what.input_tokens,
        "out": what.output_tokens,
        "cost": cost,
        "p50 ms": what.latency_p50,
        "p95 ms": what.latency_p95,
        "first token ms": what.first_token_p50,
    }


@group.command("try")
@click.argument("text")
@click.option("--model", required=True, help="A route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--stream", is_flag=True, help="Print the answer while it is made.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="The longest answer, in tokens.")
@json_option
def try_model(text: str, model: str, stream: bool, max_tokens: int | None, as_json: bool) -> None:
    """Ask a model and show its answer and the span that was recorded."""
    client = Client()
    params: dict[str, Any] = {"max_tokens": max_tokens} if max_tokens else {}
    if stream and not as_json:
        streamed = client.gateway.stream(model, text, **params)
        for piece in streamed:
            click.echo(piece, nl=False)
            sys.stdout.flush()
        click.echo()
        answer = streamed.answer
    else:
        answer = client.gateway.chat(model, text, **params)
        if as_json:
            emit(answer, True)
        else:
            click.echo(answer.text)
    usage = answer.usage
    note(f"span {answer.span_id} · {answer.model} · {usage.input_tokens} + {usage.output_tokens} tokens")


def _show_limits(as_json: bool, *, budgets: bool) -> None:
    found = [state for state in Client().gateway.limits() if (state.limit.what == "cost") == budgets]
    if as_json:
        emit(found, True)
        return
    rows = list[dict[str, Any]]()
    for state in found:
        amounts = {"amount": state.limit.amount, "used": state.used, "reserved": state.reserved}
        said = {name: f"${amount / 1e6:.6f}" for name, amount in amounts.items()} if budgets else amounts
        whom = state.limit.on if state.limit.on == "project" else f"{state.limit.on}:{state.subject}"
        resets = f"{state.resets_at.astimezone():%Y-%m-%d %H:%M}" if state.resets_at else None
        what = {"what": state.limit.what, "per": state.limit.per}
        rows.append({"id": state.limit.id, "on": whom, **what, **said, "resets": resets})
    emit(rows, False)


def _set_limit(on: str, what: str, per: str, amount: int) -> Limit:
    kind, _, name = on.partition(":")
    try:
        wanted = LimitWanted.model_validate(
            {"on": kind, "name": name or "*", "what": what, "per": per, "amount": amount}
        )
    except ValidationError as error:
        wrong = error.errors()[0]
        where = " ".join(str(part) for part in wrong["loc"])
        raise click.BadParameter(f"{where}: {wrong['msg']}; write for one key:ci requests/minute=60") from None
    return Client().gateway.set_limit(wanted.on, wanted.what, wanted.per, wanted.amount, name=wanted.name)


def _bound(text: str) -> tuple[str, str, int]:
    """`WHAT/PER=AMOUNT`; concurrency is always per now."""
    told, _, amount = text.partition("=")
    what, _, per = told.partition("/")
    if not amount.isdigit():
        raise click.BadParameter(f"{text!r}: write WHAT/PER=AMOUNT, e.g. requests/minute=60")
    return what, per or "now", int(amount)


def _dollars(line: LedgerLine) -> str | None:
    if not line.priced:
        return None
    partly = f" ({line.priced} priced)" if line.priced < line.calls else ""
    return f"${line.cost / 1e6:.6f}{partly}"


def _policy(given: dict[str, Any]) -> Policy:
    times = dict(text.partition("=")[::2] for text in given.pop("times", ()))
    try:
        return Policy.model_validate({**given, "timeout": times})
    except ValidationError as error:
        wrong = error.errors()[0]
        where = " ".join(str(part) for part in wrong["loc"])
        raise click.BadParameter(f"{where}: {wrong['msg']}; write for one --timeout first_token=20") from None


def _tree(file: str) -> RouteNode:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return RouteNode.model_validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file!r} cannot be read: {error}") from None
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"]) or "the file"
        raise click.BadParameter(f"{where}: {wrong['msg']}; see docs/guides/gateway.md") from None


def _target(text: str) -> tuple[str, float]:
    """`TARGET=WEIGHT`; the target itself may hold `=` (echo/echo?delay=1), then the weight must be given."""
    model, separator, weight = text.rpartition("=")
    if not separator:
        return text, 1.0
    try:
        return model, float(weight)
    except ValueError:
        raise click.BadParameter(f"{text!r}: write TARGET=WEIGHT, e.g. deployment/triage=0.9") from None
