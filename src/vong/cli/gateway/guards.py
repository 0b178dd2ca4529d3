"""Commands for guards: checks that block, mask, flag or retry in all calls of the project."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT
from vong.client import Client
from vong.records.guard import GuardAction, GuardConfig, GuardDirection, ProjectGuards

GUARD_COLUMNS = ["guard", "on", "action", "roles", "settings"]
ENCRYPTED_SECRET = re.compile(r"sealed:[\w=-]+")
"""Encrypted secret. Tables abbreviate it; JSON contains it, so that it can be stored again."""
ON_CHOICE = click.Choice(["input", "output", "both"])
ACTION_CHOICE = click.Choice(["block", "mask", "flag", "retry"])


@group.group()
def guards() -> None:
    """Manage the project's guards."""


@guards.command("list")
@json_option
def list_guards(as_json: bool) -> None:
    """List the project's guards in the order of their checks."""
    _show_guards(Client().gateway.guards.get(), as_json)


@guards.command("types")
@click.argument("name", required=False)
@json_option
def list_types(name: str | None, as_json: bool) -> None:
    """List the installed guards; with NAME show one guard's settings as a JSON schema."""
    guard_types = Client().gateway.guards.types()
    if name is None:
        emit(guard_types, as_json, ["name", "actions", "streams", "description"])
        return
    found = next((guard_type for guard_type in guard_types if guard_type.name == name), None)
    emit(found or _raise_unknown_guard(name), as_json)


@guards.command("create")
@click.argument("name")
@click.option("--on", type=ON_CHOICE, default="both", show_default=True, help="Check requests, responses or both.")
@click.option("--action", type=ACTION_CHOICE, default="block", show_default=True)
@click.option("--role", "roles", multiple=True, help="Request messages to check (system, user, tool); repeatable.")
@click.option(
    "--set", "settings", metavar="NAME=VALUE", multiple=True, help="Setting with its value as JSON or text; repeatable."
)
@json_option
def create_guard(
    name: str, on: GuardDirection, action: GuardAction, roles: tuple[str, ...], settings: tuple[str, ...], as_json: bool
) -> None:
    """Add a guard to all calls: pii --action mask, or words --set words='["damn"]'."""
    api = Client().gateway.guards
    config = _parse_guard(
        {"guard": name, "on": on, "action": action, "roles": roles, "settings": _parse_settings(settings)}
    )
    _show_guards(api.set([*api.get().guards, config]), as_json)


@guards.command("delete")
@click.argument("name")
@json_option
def delete_guard(name: str, as_json: bool) -> None:
    """Delete every guard of that type."""
    api = Client().gateway.guards
    current = api.get().guards
    remaining = [config for config in current if config.guard != name]
    if len(remaining) == len(current):
        raise click.BadParameter(f"this project has no guard {name!r}")
    _show_guards(api.set(remaining), as_json)


@guards.command("set")
@click.argument("file")
@json_option
def set_guards(file: str, as_json: bool) -> None:
    """Replace all project guards from a JSON file with a list; - reads stdin."""
    _show_guards(Client().gateway.guards.set(read_guards(file)), as_json)


@guards.command("history")
@json_option
def guard_history(as_json: bool) -> None:
    """List all versions of the project's guards, newest first."""
    emit(Client().gateway.guards.history(), as_json, ["version", "guards", "changed_at"])


@guards.command("test")
@click.argument("text", type=TEXT)
@click.option("--guard", "names", multiple=True, help="Guard to test with default settings; repeatable.")
@click.option("--file", help="JSON file with a list of guards to test; - reads stdin.")
@click.option("--model", default="", type=TEXT, help="Route whose guards are tested.  [default: the project's guards]")
@click.option("--action", type=ACTION_CHOICE, default="flag", show_default=True, help="Action of the --guard guards.")
@click.option("--on", type=click.Choice(["input", "output"]), default="input", show_default=True)
@json_option
def test_guards(
    text: str,
    names: tuple[str, ...],
    file: str | None,
    model: str,
    action: GuardAction,
    on: GuardDirection,
    as_json: bool,
) -> None:
    """Test guards on a text: their detections and the result. Exit code 1 if the text is blocked."""
    configs = [_parse_guard({"guard": name, "action": action, "on": on}) for name in names]
    configs += read_guards(file) if file else []
    result = Client().gateway.guards.test(text, configs, on=on, model=model)
    if as_json:
        emit(result, True)
    else:
        emit(result.outcomes, False, ["guard", "action", "found", "ms"])
        click.echo(result.text if result.text is not None else f"blocked by {result.blocked_by}")
    if result.blocked_by:
        raise click.exceptions.Exit(1)


@guards.command("self-test")
@json_option
def run_self_test(as_json: bool) -> None:
    """Test that an invented card number is masked on every path through the gateway. Exit code 1 if it is not."""
    report = Client().gateway.guards.self_test()
    emit(report, as_json)
    if not report.passed:
        raise click.exceptions.Exit(1)


def read_guards(file: str) -> list[GuardConfig]:
    """Return the guards listed in a file."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return TypeAdapter(list[GuardConfig]).validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"cannot read {file!r}: {error}") from None
    except ValidationError as error:
        raise _validation_error(error) from None


def _parse_guard(fields: dict[str, Any]) -> GuardConfig:
    try:
        return GuardConfig.model_validate(fields)
    except ValidationError as error:
        raise _validation_error(error) from None


def _validation_error(error: ValidationError) -> click.BadParameter:
    first_error = error.errors()[0]
    location = ".".join(str(part) for part in first_error["loc"]) or "the file"
    return click.BadParameter(f"{location}: {first_error['msg']}; see docs/guides/guards.md")


def _parse_settings(arguments: tuple[str, ...]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for text in arguments:
        name, separator, value = text.partition("=")
        if not separator:
            raise click.BadParameter(f"{text!r}: write NAME=VALUE, for example max_characters=2000")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


def _raise_unknown_guard(name: str) -> Any:
    raise click.BadParameter(f"no guard is named {name!r}; list guards with: vong gateway guards types")


def _show_guards(guards_: ProjectGuards, as_json: bool) -> None:
    if as_json:
        emit(guards_, True)
        return
    rows = [
        {**config.model_dump(mode="json"), "settings": _abbreviate_secrets(config.settings)}
        for config in guards_.guards
    ]
    emit(rows, False, GUARD_COLUMNS)
    print_message(f"version {guards_.version}")


def _abbreviate_secrets(settings: dict[str, Any]) -> str:
    return ENCRYPTED_SECRET.sub("sealed:…", json.dumps(settings, ensure_ascii=False))
