"""Commands of `vong access`: projects, users and API keys."""

from datetime import timedelta
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import DURATION, DURATION_OR_ZERO, Group
from vong.client import Client
from vong.records import now

ROLES = click.Choice(["owner", "member", "viewer"])
OWNER_EMAIL = "owner@localhost"


@click.group(cls=Group)
def group() -> None:
    """Manage projects, users and API keys."""


@group.group()
def projects() -> None:
    """Manage projects, the units of isolation."""


@projects.command("list")
@json_option
def list_projects(as_json: bool) -> None:
    """List the projects that your key may see."""
    emit(Client().access.projects(), as_json, ["name", "id", "created_at"])


@projects.command("create")
@click.argument("name")
@json_option
def create_project(name: str, as_json: bool) -> None:
    """Create a project (owners only)."""
    emit(Client().access.create_project(name), as_json, ["name", "id"])
    print_message(f"create a key for it with: vong access keys create KEY --project {name}")


@group.group()
def keys() -> None:
    """Manage API keys."""


@keys.command("create")
@click.argument("name")
@click.option("--role", type=ROLES, default="member", show_default=True)
@click.option("--project", help="Project of the key.  [default: your own]")
@click.option(
    "--model", "models", multiple=True, help="Allowed model (* matches any text); repeatable.  [default: all]"
)
@click.option(
    "--endpoint", "endpoints", multiple=True, help="Allowed endpoint: chat, embeddings …; repeatable.  [default: all]"
)
@click.option("--base", "bases", multiple=True, help="Knowledge base that it may use (* matches any text); repeatable.")
@click.option("--tag", "tags", multiple=True, help="Tag of all its calls; repeatable.")
@click.option("--user", help="End user of calls that name none.")
@click.option("--expires", type=DURATION, metavar="TIME", help="Time until it expires: 24h, 90d.")
@json_option
def create_key(name: str, as_json: bool, expires: timedelta | None, **more: Any) -> None:
    """Create a key and show its secret once."""
    created = Client().access.create_key(name, expires_at=_expires_at(expires), **more)
    _show_secret(created, as_json)


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the project's keys, without their secrets."""
    api_keys = Client().access.keys()
    columns = ["name", "prefix", "role", "models", "endpoints", "bases", "created_at"]
    columns += ["expires_at", "last_used_at", "revoked_at"]
    emit(api_keys if as_json else [_key_row(api_key) for api_key in api_keys], as_json, columns)


@keys.command("show")
@click.argument("name")
@json_option
def show_key(name: str, as_json: bool) -> None:
    """Show a key by name, prefix or id, with its scope, expiry and last use."""
    api_key = Client().access.key(name)
    emit(api_key if as_json else _key_row(api_key), as_json)


@keys.command("rotate")
@click.argument("name")
@click.option(
    "--overlap",
    type=DURATION_OR_ZERO,
    default="0s",
    metavar="TIME",
    help="How long the old secret stays valid: 24h.  [default: not at all]",
)
@click.option("--expires", type=DURATION, metavar="TIME", help="New time until the key expires: 90d.")
@json_option
def rotate_key(name: str, overlap: timedelta, expires: timedelta | None, as_json: bool) -> None:
    """Replace a key's secret and show the new one once. Name, scope, limits, budgets and ledger stay."""
    seconds = int(overlap.total_seconds())
    rotated = Client().access.rotate_key(name, overlap=seconds, expires_at=_expires_at(expires))
    if not as_json:
        validity = f"is valid until {rotated['key']['previous_until']}" if seconds else "is no longer valid"
        print_message(f"the old secret {rotated['key']['previous_prefix']}… {validity}")
    _show_secret(rotated, as_json)


@keys.command("revoke")
@click.argument("name")
@json_option
def revoke_key(name: str, as_json: bool) -> None:
    """Revoke a key by name, prefix or id."""
    emit(Client().access.revoke_key(name), as_json, ["name", "prefix", "revoked_at"])


@group.group()
def users() -> None:
    """Manage users of the console."""


@users.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """List all users."""
    emit(Client().access.users(), as_json, ["email", "role", "projects", "created_at"])


@users.command("create")
@click.argument("email")
@click.option("--role", type=ROLES, default="member", show_default=True)
@click.option("--project", "names", multiple=True, help="Project of the user; repeatable.  [default: your own]")
@click.option("--choose", is_flag=True, help="Enter a password instead of generating one.")
@json_option
def create_user(email: str, role: str, names: tuple[str, ...], choose: bool, as_json: bool) -> None:
    """Create a user and show a generated password once."""
    password = _prompt_new_password() if choose else None
    _show_password(Client().access.create_user(email, role=role, password=password, projects=names), as_json)


@users.command("delete")
@click.argument("email")
@json_option
def delete_user(email: str, as_json: bool) -> None:
    """Delete a user and end their sessions."""
    deleted = Client().access.delete_user(email)
    if as_json:
        emit(deleted, True)
    else:
        print_message(f"{deleted['email']} can no longer sign in")


@group.command()
@click.argument("email", default=OWNER_EMAIL)
@click.option("--reset", is_flag=True, help="Reset a lost password with an owner's key and generate a new one.")
@click.option("--choose", is_flag=True, help="With --reset: enter a password instead of generating one.")
@json_option
def password(email: str, reset: bool, choose: bool, as_json: bool) -> None:
    """Change the password of a user (default: owner@localhost)."""
    if reset:
        _show_password(Client().access.reset_password(email, _prompt_new_password() if choose else None), as_json)
        return
    current = click.prompt("current password", hide_input=True, err=True)
    Client().access.change_password(email, current, _prompt_new_password())
    print_message(f"changed the password of {email}; other sessions have ended")


def _prompt_new_password() -> str:
    return click.prompt("new password (at least 10 characters)", hide_input=True, confirmation_prompt=True, err=True)


def _show_password(created: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(created, True)
    elif created["password"] is None:
        print_message(f"{created['user']['email']} can now sign in with that password")
    else:
        print_message(f"the password of {created['user']['email']} is shown only once; save it:")
        click.echo(created["password"])


def _show_secret(created: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(created, True)
    else:
        print_message("this key is shown only once; save it:")
        click.echo(created["secret"])


def _key_row(key: dict[str, Any]) -> dict[str, Any]:
    """Return a key as a table row, with its scope and labels in columns."""
    scope = {name: ", ".join(values) or "any" for name, values in key["scope"].items()}
    labels = {"tags": ", ".join(key["labels"]["tags"]) or None, "user": key["labels"]["user"]}
    return {name: value for name, value in key.items() if name not in ("scope", "labels")} | scope | labels


def _expires_at(expires: timedelta | None) -> str | None:
    return (now() + expires).isoformat() if expires else None
