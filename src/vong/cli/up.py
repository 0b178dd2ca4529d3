"""Command `vong up`: start everything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from vong import config
from vong.cli.output import print_message
from vong.cli.params import Command, FilePath
from vong.config import Settings
from vong.errors import Unavailable


def home_option(command: Any) -> Any:
    """Add the `--home` option of commands about processes."""
    return click.option("--home", type=FilePath(path_type=Path), help="Folder with all data of this installation.")(
        command
    )


@click.command("up", cls=Command)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port of console, API and /v1 (0 selects a free one).  [default: 8400]",
)
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@home_option
@click.option("--detach", is_flag=True, help="Return once it is ready; stop it with: vong down.")
@click.option("--announce", type=int, hidden=True)
def group(port: int | None, host: str | None, home: Path | None, detach: bool, announce: int | None) -> None:
    """Start everything: PostgreSQL, the server and a worker. Ctrl-C stops them in order."""
    settings = config.load_settings(port=port, host=host, home=home)
    if detach:
        print_welcome(start_detached(settings))
        return
    from vong.app.host.supervisor import Supervisor

    def ready(url: str, welcome: Any) -> None:
        started = {"url": url, "welcome": welcome._asdict() if welcome else None}
        if announce is None:
            print_welcome(started)
            print_message("stop it with Ctrl-C")
        else:
            with os.fdopen(announce, "w") as pipe:
                json.dump(started, pipe)

    Supervisor(settings, print_message).run(ready)


def start_detached(settings: Settings) -> dict[str, Any]:
    """Start Vong in the background and wait until it is ready.

    Returns its `url`, and on the first start the credentials as `welcome`.
    """
    log = settings.home_folder / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "vong.cli.main", "up", "--announce", str(writer)]
    command += ["--home", str(settings.home_folder), "--port", str(settings.port), "--host", settings.host]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, pass_fds=[writer]
        )
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    if not answer:
        process.wait()
        lines = log.read_text(errors="replace").strip() or "there was no output"
        raise Unavailable(f"Vong did not start:\n{lines}", "find the cause with: vong doctor")
    return json.loads(answer)


def print_welcome(started: dict[str, Any]) -> None:
    """Print the URLs, and on the first start the owner's credentials."""
    url = started["url"]
    click.echo(f"Vong is running at {url}")
    click.echo(f"  console    {url}/")
    click.echo(f"  API        {url}/api/v1      (reference: {url}/api/docs)")
    click.echo(f"  OpenAI     {url}/v1          (base_url of any OpenAI client)")
    welcome = started["welcome"]
    if welcome:
        click.echo("first start: save these credentials, they are shown only once")
        click.echo(f"  account    {welcome['email']}   password {welcome['password']}")
        click.echo(f"  API key    {welcome['key']}")
        click.echo("  more keys  vong access keys create NAME")
