"""`vong access`: projects, users and API keys."""

from typing import Any

import click

from vong.cli.output import emit, json_option, lasting, note
from vong.client import Client
from vong.records import now

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
@click.option("--model", "models", multiple=True, help="It may call this one only: a name, * is any text; repeat it.")
@click.option("--shape", "shapes", multiple=True, help="It may call in this shape only: chat, embeddings …; repeat it.")
@click.option("--tag", "tags", multiple=True, help="A tag of all its calls; repeat it.")
@click.option("--user", help="The end user of its calls where they name none.")
@click.option("--expires", help="When it ends: 24h, 90d from now.")
@json_option
def create_key(name: str, as_json: bool, expires: str | None, **more: Any) -> None:
    """Make a key and show it, this once."""
    made = Client().access.create_key(name, expires_at=_ending(expires), **more)
    _show_secret(made, as_json)


@key.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """The project's keys, without their secrets."""
    found = Client().access.keys()
    columns = ["name", "prefix", "role", "models", "shapes", "created_at", "expires_at", "last_used_at", "revoked_at"]
    emit(found if as_json else [_line(one) for one in found], as_json, columns)


@key.command("show")
@click.argument("name")
@json_option
def show_key(name: str, as_json: bool) -> None:
    """A key by name, prefix or id: what it may call, when it ends, when it was used."""
    found = Client().access.key(name)
    emit(found if as_json else _line(found), as_json)


@key.command()
@click.argument("name")
@click.option("--overlap", default="0s", help="How long the old secret still works: 24h.  [default: it ends at once]")
@click.option("--expires", help="When the key ends from now on: 90d from now.")
@json_option
def rotate(name: str, overlap: str, expires: str | None, as_json: bool) -> None:
    """Give a key another secret and show it, this once. Its name, scope, limits, budgets and ledger go on."""
    seconds = int(lasting(overlap).total_seconds())
    made = Client().access.rotate_key(name, overlap=seconds, expires_at=_ending(expires))
    if not as_json:
        until = f"works until {made['key']['previous_until']}" if seconds else "has ended"
        note(f"the secret {made['key']['previous_prefix']}… {until}")
    _show_secret(made, as_json)


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


def _show_secret(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        emit(made, True)
    else:
        note("this key is shown once; keep it:")
        click.echo(made["secret"])


def _line(key: dict[str, Any]) -> dict[str, Any]:
    """A key with its scope and its labels beside its other fields."""
    scope = {name: ", ".join(values) or "any" for name, values in key["scope"].items()}
    labels = {"tags": ", ".join(key["labels"]["tags"]) or None, "user": key["labels"]["user"]}
    return {name: value for name, value in key.items() if name not in ("scope", "labels")} | scope | labels


def _ending(expires: str | None) -> str | None:
    return (now() + lasting(expires)).isoformat() if expires else None
