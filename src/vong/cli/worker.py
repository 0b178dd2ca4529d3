"""Command `vong worker`: run engines on another machine of the same installation."""

from pathlib import Path

import click

from vong import config
from vong.cli.output import print_message
from vong.cli.params import TEXT, Command
from vong.cli.up import home_option
from vong.errors import InvalidInput, Misconfigured

ANY_ADDRESSES = {"0.0.0.0", "::", ""}


@click.command("worker", cls=Command)
@click.option("--engines", is_flag=True, help="Run engines of deployments on this machine.")
@click.option("--name", type=TEXT, help="Name of this machine.  [default: host name]")
@click.option("--address", type=TEXT, help="Address at which the servers reach this machine.  [default: 127.0.0.1]")
@home_option
def group(engines: bool, name: str | None, address: str | None, home: Path | None) -> None:
    """Run a worker on another machine, with the database and the blob store of the server. Ctrl-C stops it."""
    if not engines:
        raise InvalidInput("the worker has nothing to do", "run engines with: vong worker --engines")
    settings = config.load_settings(home=home, machine_name=name, engine_address=address)
    if settings.engine_address in ANY_ADDRESSES:
        raise InvalidInput(
            f"--address {settings.engine_address} is no address of one machine",
            "set the address at which the servers reach this machine, for example 10.0.0.7",
        )
    if not settings.database_url:
        raise Misconfigured(
            "the worker needs the database of the server", "set VONG_DATABASE_URL to the URL that the server uses"
        )
    from vong.app.worker import configure_logging
    from vong.app.worker_threads import run_engines

    configure_logging(settings)
    print_message(f"running engines on {settings.engine_address}; stop them with Ctrl-C")
    run_engines(settings)
