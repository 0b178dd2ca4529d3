"""`vong up`: start everything."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from vong import config
from vong.cli.output import note
from vong.config import Settings
from vong.errors import Unavailable


def home_option(command: Any) -> Any:
    """The `--home` option, which every command about processes takes."""
    return click.option("--home", type=click.Path(path_type=Path), help="The one folder that holds everything.")(
        command
    )


@click.command("up")
@click.option("--port", type=int, help="The port of console, API and /v1 (8400; 0 takes a free one).")
@click.option("--host", help="The address to listen on (127.0.0.1).")
@home_option
@click.option("--detach", is_flag=True, help="Return once it answers; stop it with: vong down.")
@click.option("--announce", type=int, hidden=True)
def group(port: int | None, host: str | None, home: Path | None, detach: bool, announce: int | None) -> None:
    """Start everything: PostgreSQL, the server and a worker. Ctrl-C ends them in order."""
    settings = config.load(port=port, host=host, home=home)
    if detach:
        tell(start_detached(settings))
        return
    from vong.app.host.supervisor import Supervisor

    def ready(url: str, welcome: Any) -> None:
        started = {"url": url, "welcome": welcome._asdict() if welcome else None}
        if announce is None:
            tell(started)
            note("Ctrl-C stops it")
        else:
            with os.fdopen(announce, "w") as pipe:
                json.dump(started, pipe)

    Supervisor(settings, note).run(ready)


def start_detached(settings: Settings) -> dict[str, Any]:
    """Start Vong in the background and wait until it answers: its `url`, and on the first start its `welcome`."""
    log = settings.folder / "logs" / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "vong.cli.main", "up", "--announce", str(writer)]
    command += ["--home", str(settings.folder), "--port", str(settings.port), "--host", settings.host]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, pass_fds=[writer]
        )
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    if not answer:
        process.wait()
        lines = log.read_text(errors="replace").strip() or "it said nothing"
        raise Unavailable(f"Vong did not start:\n{lines}", "vong doctor looks for the cause")
    return json.loads(answer)


def tell(started: dict[str, Any]) -> None:
    """Where everything is, and once the owner's account and key."""
    url = started["url"]
    click.echo(f"Vong is up   {url}")
    click.echo(f"  console    {url}/")
    click.echo(f"  API        {url}/api/v1      (described at {url}/api/docs)")
    click.echo(f"  OpenAI     {url}/v1          (base_url of any OpenAI client)")
    welcome = started["welcome"]
    if welcome:
        click.echo("first start: keep these, they are shown once")
        click.echo(f"  account    {welcome['email']}   password {welcome['password']}")
        click.echo(f"  API key    {welcome['key']}")
        click.echo("  more keys  vong access key create NAME")
