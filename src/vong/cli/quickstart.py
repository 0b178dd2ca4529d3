"""Command `vong quickstart`: run the whole loop once on the samples."""

import json
import time
from pathlib import Path
from typing import Any

import click

from vong import config
from vong.cli import down, up
from vong.cli.job_progress import follow
from vong.cli.output import print_message
from vong.cli.params import Command, FilePath
from vong.cli.status import get_status
from vong.client import Client
from vong.records import Job
from vong.records.job import ACTIVE_STATUSES


@click.command("quickstart", cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), help="Port of console, API and /v1 if Vong is not running yet.")
@up.home_option
@click.option("--report", type=FilePath(path_type=Path, dir_okay=False), help="Write the whole report as JSON.")
@click.option("--stop", is_flag=True, help="Stop Vong at the end.")
def group(port: int | None, home: Path | None, report: Path | None, stop: bool) -> None:
    """Run the whole loop once on the samples: about 15 minutes on two cores.

    After an interruption the same command resumes the loop run. After a finished loop run it starts a new one.
    """
    from vong.cli.loop_report import render_report

    started = time.monotonic()
    settings = config.load_settings(port=port, home=home)
    url = ensure_running(settings)
    client = Client(url, (settings.home_folder / "owner.key").read_text().strip(), retry_seconds=120)
    job = follow(client, find_unfinished_run(client) or client.loop.start_run())
    result = job.result or {}
    report_data = {
        **result,
        "seconds": {done["step"]: done["seconds"] for done in result["steps"]},
        "run": str(job.id),
        "url": url,
        "command_seconds": round(time.monotonic() - started, 1),
    }
    pictures = render_report(client, report_data, settings.home_folder / "reports" / str(job.id))
    if report:
        report.write_text(
            json.dumps({**report_data, "pictures": pictures}, ensure_ascii=False, indent=2), encoding="utf-8"
        )
        print_message(f"the whole report: {report}")
    if stop:
        down.stop(settings)


def ensure_running(settings: config.Settings) -> str:
    """Return the URL of the running Vong of this home, starting it if necessary."""
    status = get_status(settings)
    if not status["up"]:
        started = up.start_detached(settings)
        up.print_welcome(started)
        return str(started["url"])
    print_message(f"Vong is running at {status['url']}")
    return str(status["url"])


def find_unfinished_run(client: Client) -> Job | None:
    """Return the interrupted loop run to resume, if any. A failed one is retried from its last finished step."""
    newest: list[Any] = client.loop.runs(limit=1)
    if newest and newest[0].status in ACTIVE_STATUSES:
        print_message(f"resuming loop run {newest[0].id}")
        return newest[0]
    if newest and newest[0].status == "failed":
        print_message(f"loop run {newest[0].id} failed ({newest[0].error}); retrying from the failed step")
        return client.jobs.retry(newest[0].id)
    return None
