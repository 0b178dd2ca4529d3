"""Command `vong down`: stop everything."""

import time
from pathlib import Path

import click

from vong import config
from vong.cli.output import print_message
from vong.cli.params import Command
from vong.cli.up import home_option


@click.command("down", cls=Command)
@home_option
def group(home: Path | None) -> None:
    """Stop everything: requests are drained, jobs resume at the next start, PostgreSQL is stopped."""
    stop(config.load_settings(home=home))


def stop(settings: config.Settings) -> None:
    """Stop the processes of this home in order, including those that a killed supervisor left behind."""
    from vong.app.host import database, supervisor
    from vong.app.host.processes import terminate

    state = supervisor.read_state(settings.home_folder)
    if state is None:
        print_message("nothing is running from this home")
        return
    alive = supervisor.live_processes(state)
    if "supervisor" in alive:
        terminate(alive.pop("supervisor"), grace_seconds=30)
    else:
        for name in ("worker", "server"):
            if name in alive:
                terminate(alive[name])
        database.shut_down(settings.database_url, settings.home_folder, settings.machine_name)
        (settings.home_folder / supervisor.STATE_FILE).unlink(missing_ok=True)
    deadline = time.monotonic() + 10
    while supervisor.read_state(settings.home_folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    print_message("stopped")
