"""`vong quickstart`: one whole turn of the loop on the samples."""

import json
import time
from pathlib import Path
from typing import Any

import click

from vong import config
from vong.cli import down, up
from vong.cli.job_progress import follow
from vong.cli.output import note
from vong.cli.status import look
from vong.client import Client
from vong.records import Job

UNFINISHED = ("queued", "running")


@click.command("quickstart")
@click.option("--port", type=int, help="The port of console, API and /v1, where Vong is not up yet.")
@up.home_option
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write all that was found as JSON.")
@click.option("--stop", is_flag=True, help="Stop Vong at the end.")
def group(port: int | None, home: Path | None, report: Path | None, stop: bool) -> None:
    """Run one turn of the loop on the samples: about a quarter of an hour on two cores.

    Interrupted, killed or not: the same command goes on where it was. After a finished turn it makes a new one.
    """
    from vong.cli.loop_report import draw

    started = time.monotonic()
    settings = config.load(port=port, home=home)
    url = running_url(settings)
    client = Client(url, (settings.folder / "owner.key").read_text().strip(), patience=120)
    job = follow(client, unfinished(client) or client.loop.start_turn())
    result = job.result or {}
    found = {
        **result,
        "seconds": {done["step"]: done["seconds"] for done in result["steps"]},
        "turn": str(job.id),
        "url": url,
        "command_seconds": round(time.monotonic() - started, 1),
    }
    pictures = draw(client, found, settings.folder / "reports" / str(job.id))
    if report:
        report.write_text(json.dumps({**found, "pictures": pictures}, ensure_ascii=False, indent=2), encoding="utf-8")
        note(f"the whole report: {report}")
    if stop:
        down.stop(settings)


def running_url(settings: config.Settings) -> str:
    """Where Vong answers from this home; it is started where it does not."""
    status = look(settings)
    if not status["up"]:
        started = up.start_detached(settings)
        up.tell(started)
        return str(started["url"])
    note(f"Vong is up at {status['url']}")
    return str(status["url"])


def unfinished(client: Client) -> Job | None:
    """A turn that was interrupted: it goes on. One that failed goes on from its last good step."""
    newest: list[Any] = client.loop.turns(limit=1)
    if newest and newest[0].status in UNFINISHED:
        note(f"turn {newest[0].id} goes on where it was")
        return newest[0]
    if newest and newest[0].status == "failed":
        note(f"turn {newest[0].id} failed ({newest[0].error}); it is taken up at the step that failed")
        return client.jobs.retry(newest[0].id)
    return None
