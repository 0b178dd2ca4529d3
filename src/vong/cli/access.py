"""`vong access`: projects, users and API keys."""

from typing import Any

import click

from vong.cli.output import emit, json_option, note
from vong.client import Client

ROLES = click.Choice(["owner", "member", "viewer"])
OWNER = "owner@localhost"


@click.group()
def group() -> None:
    """Projects, users and API keys."""


@group.command()
@json_option
def projects(as_json: bool) -> None:
    """The projects that your key may see."""
    emit(Client().access.projects(), as_json, ["name", "id", "created_at"])


@group.command()
@json_option
def installation(as_json: bool) -> None:
    """What is installed and what it uses: versions, storage, processes."""
    found = Client().access.installation()
    if as_json:
        emit(found, True)
        return
    emit({name: found[name] for name in ("version", "python", "system", "postgres", "pgvector", "home")}, False)
    emit(found["storage"], False)
    emit(found["libraries"], False, ["name", "version", "extra"])
    emit(found["processes"], False, ["name", "pid", "memory", "cpu_seconds"])


@group.group()
def project() -> None:
    """Projects: the tenants of this installation."""


@project.command("list")
@json_option
def list_projects(as_json: bool) -> None:
    """The projects that your key may see."""
    emit(Client().access.projects(), as_json, ["name", "id", "created_at"])


@project.command("add")
@click.argument("name")
@json_option
def add_project(name: str, as_json: bool) -> None:
    """Make a project (owners)."""
    emit(Client().access.create_project(name), as_json, ["name", "id"])
    note(f"a key for it: vong access key create KEY --project {name}")


@group.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.argument("name")
@click.option("--role", type=ROLES, default="member", show_default=True)
@click.option("--project", help="Make it in this project instead of your own.")
@json_option
def create_key(name: str, role: str, project: str | None, as_json: bool) -> None:
    """Make a key and show it, this once."""
    made = Client().access.create_key(name, role=role, project=project)
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


@group.group()
def user() -> None:
    """People who can sign in to the console."""


@user.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """Everybody who can sign in."""
    emit(Client().access.users(), as_json, ["email", "role", "projects", "created_at"])


@user.command("add")
@click.argument("email")
@click.option("--role", type=ROLES, default="member", show_default=True)
@click.option("--project", "names", multiple=True, help="A project they may work in; repeat it. None: your own.")
@click.option("--choose", is_flag=True, help="Type a password instead of having one chosen.")
@json_option
def add_user(email: str, role: str, names: tuple[str, ...], choose: bool, as_json: bool) -> None:
    """Make an account and show its password, this once."""
    password = _ask_new() if choose else None
    _show(Client().access.create_user(email, role=role, password=password, projects=names), as_json)


@user.command("remove")
@click.argument("email")
def remove_user(email: str) -> None:
    """Delete an account and end its sessions."""
    removed = Client().access.remove_user(email)
    note(f"{removed['email']} can no longer sign in")


@group.command()
@click.argument("email", default=OWNER)
@click.option("--reset", is_flag=True, help="The password was lost: an owner's key is enough, and Vong chooses one.")
@click.option("--choose", is_flag=True, help="With --reset: type a password instead of having one chosen.")
@json_option
def password(email: str, reset: bool, choose: bool, as_json: bool) -> None:
    """Change the password of an account (owner@localhost where none is named)."""
    if reset:
        _show(Client().access.reset_password(email, _ask_new() if choose else None), as_json)
        return
    current = click.prompt("current password", hide_input=True, err=True)
    Client().access.change_password(email, current, _ask_new())
    note(f"the password of {email} is changed; other sessions have ended")


def _ask_new() -> str:
    return click.prompt("new password (10 characters or more)", hide_input=True, confirmation_prompt=True, err=True)


def _show(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(made, True)
    elif made["password"] is None:
        note(f"{made['user']['email']} can sign in with that password")
    else:
        note(f"the password of {made['user']['email']} is shown once; keep it:")
        click.echo(made["password"])
