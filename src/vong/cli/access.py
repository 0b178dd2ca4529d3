"""`vong access`: projects and API keys."""

import click

from vong.cli.output import emit, json_option, note
from vong.client import Client


@click.group()
def group() -> None:
    """Projects, users and API keys."""


@group.command()
@json_option
def projects(as_json: bool) -> None:
    """The projects that your key may see."""
    emit(Client().access.projects(), as_json, ["name", "id", "created_at"])


@group.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.argument("name")
@click.option("--role", type=click.Choice(["owner", "member", "viewer"]), default="member", show_default=True)
@json_option
def create_key(name: str, role: str, as_json: bool) -> None:
    """Make a key and show it, this once."""
    made = Client().access.create_key(name, role=role)
    if as_json:
        emit(made, True)
    else:
        note("this key is shown once; keep it:")
        click.echo(made["secret"])


@key.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """The project's keys, without their secrets."""
    emit(Client().access.keys(), as_json, ["name", "prefix", "role", "created_at", "revoked_at"])


@key.command()
@click.argument("name")
@json_option
def revoke(name: str, as_json: bool) -> None:
    """Refuse a key (by name, prefix or id) from now on."""
    emit(Client().access.revoke_key(name), as_json, ["name", "prefix", "revoked_at"])
