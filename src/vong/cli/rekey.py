"""Command `vong rekey`: replace the encryption key of all stored secrets."""

from pathlib import Path

import click

from vong import config
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Command
from vong.cli.up import home_option

MAX_NAMES = 20
"""Maximum number of unreadable secrets that are printed."""


@click.command("rekey", cls=Command)
@click.option("--add-only", is_flag=True, help="Add the new key, and leave the rest to the next `vong rekey`.")
@home_option
@json_option
def group(add_only: bool, home: Path | None, as_json: bool) -> None:
    """Add a key, encrypt all stored secrets with it, and remove the old keys. Servers continue to run.

    An interrupted run is completed by the next one. Exit code 1 if no key decrypts a secret: it is left unchanged.
    """
    from vong.app.host.database import running_url
    from vong.app.key_rotation import rotate_key
    from vong.store.database import Database

    settings = config.load_settings(home=home)
    database = Database(running_url(settings.database_url, settings.home_folder), pool=2)
    try:
        result = rotate_key(database, settings.home_folder, add_only=add_only)
    finally:
        database.close()
    if as_json:
        emit(result, True)
    elif add_only:
        print_message("copy secrets.key to the home folder of every server, then run: vong rekey")
    else:
        what = "completed an interrupted run" if result.resumed else "added a key"
        print_message(f"{what}, removed the old keys; encrypted providers and guards: {result.reencrypted}")
    for name in result.unreadable[:MAX_NAMES]:
        print_message(f"no key decrypts the secret of {name}: set it again")
    if result.unreadable:
        print_message(f"unreadable secrets: {len(result.unreadable)}; --json lists all")
        raise click.exceptions.Exit(1)
