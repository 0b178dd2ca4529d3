"""Guards: what is blocked, masked, flagged or asked anew in all calls of the project."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, note
from vong.client import Client
from vong.records.guard import Action, GuardConfig, On, ProjectGuards

COLUMNS = ["guard", "on", "action", "roles", "settings"]
SEALED = re.compile(r"sealed:\w+")
"""A secret as it is stored: a table names it only, JSON holds it, so that it can be written back."""
ON = click.Choice(["input", "output", "both"])
ACTION = click.Choice(["block", "mask", "flag", "retry"])


@group.command()
@json_option
def guards(as_json: bool) -> None:
    """The guards of all the project's calls, in the order in which they look."""
    _show(Client().gateway.guards.show(), as_json)


@group.group()
def guard() -> None:
    """One guard: kinds, add, remove, set, history, try, check."""


@guard.command()
@click.argument("name", required=False)
@json_option
def kinds(name: str | None, as_json: bool) -> None:
    """The guards that are installed; with NAME that one's settings as a JSON schema."""
    found = Client().gateway.guards.kinds()
    if name is None:
        emit(found, as_json, ["name", "actions", "streams", "about"])
        return
    emit(next((kind for kind in found if kind.name == name), None) or _unknown(name), as_json)


@guard.command()
@click.argument("name")
@click.option("--on", type=ON, default="both", show_default=True, help="Requests, answers, or both.")
@click.option("--action", type=ACTION, default="block", show_default=True)
@click.option("--role", "roles", multiple=True, help="Of requests: whose texts it reads (system, user, tool); several.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A setting, its value in JSON or as text.")
@json_option
def add(name: str, on: On, action: Action, roles: tuple[str, ...], settings: tuple[str, ...], as_json: bool) -> None:
    """Let one more guard stand over all calls: personal --action mask, or words --set words='["damn"]'."""
    api = Client().gateway.guards
    made = _use({"guard": name, "on": on, "action": action, "roles": roles, "settings": _settings(settings)})
    _show(api.put([*api.show().guards, made]), as_json)


@guard.command()
@click.argument("name")
def remove(name: str) -> None:
    """Let every guard of that kind stand down."""
    api = Client().gateway.guards
    standing = api.show().guards
    left = [use for use in standing if use.guard != name]
    if len(left) == len(standing):
        raise click.BadParameter(f"no guard {name!r} stands over this project's calls")
    api.put(left)
    note(f"removed {name}")


@guard.command("set")
@click.argument("file")
@json_option
def set_guards(file: str, as_json: bool) -> None:
    """Set all the project's guards from a file with a list in JSON; - reads it from stdin."""
    _show(Client().gateway.guards.put(read_guards(file)), as_json)


@guard.command("history")
@json_option
def guard_history(as_json: bool) -> None:
    """How the project's guards stood, newest first."""
    emit(Client().gateway.guards.history(), as_json, ["version", "guards", "changed_at"])


@guard.command("try")
@click.argument("text")
@click.option("--guard", "names", multiple=True, help="A guard to try as it comes; several.")
@click.option("--file", help="A file with the guards to try, a list in JSON; - reads it from stdin.")
@click.option("--model", default="", help="A route, whose guards are tried; without, the project's are.")
@click.option("--action", type=ACTION, default="flag", show_default=True, help="What those of --guard do.")
@click.option("--on", type=click.Choice(["input", "output"]), default="input", show_default=True)
@json_option
def try_guards(
    text: str, names: tuple[str, ...], file: str | None, model: str, action: Action, on: On, as_json: bool
) -> None:
    """Hold a text against guards: what they find, and what becomes of it. Exit code 1 where it is blocked."""
    uses = [_use({"guard": name, "action": action, "on": on}) for name in names]
    uses += read_guards(file) if file else []
    found = Client().gateway.guards.hold(text, uses, on=on, model=model)
    if as_json:
        emit(found, True)
    else:
        emit(found.outcomes, False, ["guard", "action", "found", "ms"])
        click.echo(found.text if found.text is not None else f"blocked by {found.blocked_by}")
    if found.blocked_by:
        raise click.exceptions.Exit(1)


@guard.command()
@json_option
def check(as_json: bool) -> None:
    """Send a made-up card number every way through the gateway; exit code 1 where it is not masked."""
    found = Client().gateway.guards.self_test()
    emit(found, as_json)
    if not found.passed:
        raise click.exceptions.Exit(1)


def read_guards(file: str) -> list[GuardConfig]:
    """The guards that a file lists."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return TypeAdapter(list[GuardConfig]).validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file!r} cannot be read: {error}") from None
    except ValidationError as error:
        raise _wrong(error) from None


def _use(wanted: dict[str, Any]) -> GuardConfig:
    try:
        return GuardConfig.model_validate(wanted)
    except ValidationError as error:
        raise _wrong(error) from None


def _wrong(error: ValidationError) -> click.BadParameter:
    wrong = error.errors()[0]
    where = ".".join(str(part) for part in wrong["loc"]) or "the file"
    return click.BadParameter(f"{where}: {wrong['msg']}; see docs/guides/guards.md")


def _settings(given: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator:
            raise click.BadParameter(f"{text!r}: write NAME=VALUE, e.g. most_characters=2000")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _unknown(name: str) -> Any:
    raise click.BadParameter(f"no guard is named {name!r}; list them with: vong gateway guard kinds")


def _show(found: ProjectGuards, as_json: bool) -> None:
    if as_json:
        emit(found, True)
        return
    rows = [{**use.model_dump(mode="json"), "settings": _short(use.settings)} for use in found.guards]
    emit(rows, False, COLUMNS)
    note(f"version {found.version}")


def _short(settings: dict[str, Any]) -> str:
    return SEALED.sub("sealed:…", json.dumps(settings, ensure_ascii=False))
