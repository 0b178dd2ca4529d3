"""Batches: many calls that nobody waits for."""

from pathlib import Path
from typing import Any

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, note
from vong.client import Client
from vong.records.batch import Batch

ENDPOINTS = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/messages", "/v1/responses"]


@group.command()
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def batches(limit: int, as_json: bool) -> None:
    """Batches with how far they are and what they cost so far, newest first."""
    found = Client().gateway.batches.list(limit=limit)
    if as_json:
        emit(found, True)
        return
    emit([_line(batch) for batch in found], False)


@group.group()
def batch() -> None:
    """One batch: start, show, cancel, export; and the files of batches."""


@batch.command("start")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--endpoint", type=click.Choice(ENDPOINTS), default=ENDPOINTS[0], show_default=True)
@click.option("--window", default="24h", show_default=True, help="What is not answered by then has expired: 12h, 7d.")
@click.option("--detach", is_flag=True, help="Return at once; look later with: batch show.")
@json_option
def start_batch(file: Path, endpoint: str, window: str, detach: bool, as_json: bool) -> None:
    """Upload a file of calls, one in each line in OpenAI's form, and have them made in the name of your key."""
    client = Client()
    started = client.gateway.batches.start(file, endpoint, window=window)
    if not detach:
        from vong.cli.job_progress import follow

        follow(client, client.jobs.get(started.id))
        started = client.gateway.batches.get(started.id)
    _show(started, as_json)
    if started.output_file and not as_json:
        note(f"its answers: vong gateway batch export {started.tag}")
    if started.status == "failed":
        raise click.exceptions.Exit(1)


@batch.command("show")
@click.argument("id")
@json_option
def show_batch(id: str, as_json: bool) -> None:
    """A batch as it stands."""
    _show(Client().gateway.batches.get(id), as_json)


@batch.command("cancel")
@click.argument("id")
@json_option
def cancel_batch(id: str, as_json: bool) -> None:
    """End a batch; what is answered by then is kept."""
    _show(Client().gateway.batches.cancel(id), as_json)


@batch.command("export")
@click.argument("id")
@click.option("--errors", is_flag=True, help="The lines that failed, instead of those that were answered.")
def export_batch(id: str, errors: bool) -> None:
    """Print the answered lines as JSON lines, in the order of the input."""
    for line in Client().gateway.batches.lines(id, errors=errors):
        click.echo(line)


@batch.command("files")
@json_option
def list_files(as_json: bool) -> None:
    """Files that were uploaded for batches, and those that batches wrote."""
    emit(Client().gateway.batches.files(), as_json, ["id", "filename", "purpose", "bytes", "created_at", "expires_at"])


@batch.command("remove")
@click.argument("file")
def remove_file(file: str) -> None:
    """Remove a file (file-…). A batch that has begun goes on with what it read."""
    Client().gateway.batches.delete_file(file)
    note(f"removed {file}")


def _show(found: Batch, as_json: bool) -> None:
    if as_json:
        emit(found, True)
        return
    times = {"created_at": found.created_at, "expires_at": found.expires_at}
    files = {"output": found.output_file, "errors": found.error_file}
    named = {name: id and f"file-{id.hex}" for name, id in files.items()}
    emit({**_line(found), "input": f"file-{found.input_file.hex}", **named, **times}, False)
    for fault in found.errors or ():
        note(f"line {fault.line}: {fault.message}" if fault.line else fault.message)


def _line(found: Batch) -> dict[str, Any]:
    """A batch in a line of a table."""
    done = f"{found.completed + found.failed}/{found.total}"
    cost = {"failed": found.failed, "cost": None if found.cost is None else f"${found.cost / 1e6:.6f}"}
    whose = {"key": found.actor, "endpoint": found.endpoint}
    return {"id": found.tag, "status": found.status, "done": done, **cost, **whose}
