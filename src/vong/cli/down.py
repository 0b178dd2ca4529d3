"""Command `vong down`: stop everything."""

import time
from pathlib import Path

import click

from vong import config
from vong.cli.output import note
from vong.cli.up import home_option


@click.command("down")
@home_option
def group(home: Path | None) -> None:
    """Stop everything: requests are drained, jobs resume at the next start, PostgreSQL is stopped."""
    stop(config.load(home=home))


def stop(settings: config.Settings) -> None:
    """Stop the processes of this home in order, including those that a killed supervisor left behind."""
    from vong.app.host import database, supervisor
    from vong.app.host.processes import end

    state = supervisor.running(settings.folder)
    if state is None:
        note("nothing is running from this home")
        return
    alive = supervisor.processes(state)
    if "supervisor" in alive:
        end(alive.pop("supervisor"), grace=30)
    else:
        for name in ("worker", "server"):
            if name in alive:
                end(alive[name])
        database.close(settings.database_url, settings.folder)
        (settings.folder / supervisor.STATE).unlink(missing_ok=True)
    deadline = time.monotonic() + 10
    while supervisor.running(settings.folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    note("stopped")
