"""Commands for batches: files of requests that are processed later."""

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import BATCH_ID, FilePath
from vong.client import Client
from vong.records.batch import Batch

ENDPOINTS = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/messages", "/v1/responses"]


@group.group()
def batches() -> None:
    """Manage batches (start, show, cancel, export) and batch files."""


@batches.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_batches(limit: int, as_json: bool) -> None:
    """List batches with their progress and costs so far, newest first."""
    batch_list = Client().gateway.batches.list(limit=limit)
    if as_json:
        emit(batch_list, True)
        return
    emit([_batch_row(batch) for batch in batch_list], False)


@batches.command("start")
@click.argument("file", type=FilePath(exists=True, dir_okay=False, path_type=Path))
@click.option("--endpoint", type=click.Choice(ENDPOINTS), default=ENDPOINTS[0], show_default=True)
@click.option("--window", default="24h", show_default=True, help="Time until unfinished requests expire: 12h, 7d.")
@click.option("--detach", is_flag=True, help="Return at once; check it later with: batches show.")
@json_option
def start_batch(file: Path, endpoint: str, window: str, detach: bool, as_json: bool) -> None:
    """Upload a JSONL file of requests, one per line in OpenAI's format, and run it with your key."""
    client = Client()
    started = client.gateway.batches.start(file, endpoint, window=window)
    if not detach:
        from vong.cli.job_progress import follow

        follow(client, client.jobs.get(started.id))
        started = client.gateway.batches.get(started.id)
    _show_batch(started, as_json)
    if started.output_file and not as_json:
        print_message(f"print the results with: vong gateway batches export {started.tag}")
    if started.status == "failed":
        raise click.exceptions.Exit(1)


@batches.command("show")
@click.argument("id", type=BATCH_ID)
@json_option
def show_batch(id: UUID, as_json: bool) -> None:
    """Show a batch."""
    _show_batch(Client().gateway.batches.get(id), as_json)


@batches.command("cancel")
@click.argument("id", type=BATCH_ID)
@json_option
def cancel_batch(id: UUID, as_json: bool) -> None:
    """Cancel a batch; results received by then are kept."""
    _show_batch(Client().gateway.batches.cancel(id), as_json)


@batches.command("export")
@click.argument("id", type=BATCH_ID)
@click.option("--errors", is_flag=True, help="Print failed lines instead of results.")
def export_batch(id: UUID, errors: bool) -> None:
    """Print the results as JSONL, in the order of the input."""
    for line in Client().gateway.batches.lines(id, errors=errors):
        click.echo(line)


@batches.command("files")
@json_option
def list_files(as_json: bool) -> None:
    """List files uploaded for batches and files that batches wrote."""
    emit(Client().gateway.batches.files(), as_json, ["id", "filename", "purpose", "bytes", "created_at", "expires_at"])


@batches.command("delete-file")
@click.argument("file")
def delete_file(file: str) -> None:
    """Delete a file (file-…). A batch that has started keeps its own copy of the input."""
    Client().gateway.batches.delete_file(file)
    print_message(f"deleted {file}")


def _show_batch(batch_: Batch, as_json: bool) -> None:
    if as_json:
        emit(batch_, True)
        return
    times = {"created_at": batch_.created_at, "expires_at": batch_.expires_at}
    files = {"output": batch_.output_file, "errors": batch_.error_file}
    file_ids = {name: id and f"file-{id.hex}" for name, id in files.items()}
    emit({**_batch_row(batch_), "input": f"file-{batch_.input_file.hex}", **file_ids, **times}, False)
    for fault in batch_.errors or ():
        print_message(f"line {fault.line}: {fault.message}" if fault.line else fault.message)


def _batch_row(batch_: Batch) -> dict[str, Any]:
    """Return a batch as a table row."""
    done = f"{batch_.completed + batch_.failed}/{batch_.total}"
    cost = {"failed": batch_.failed, "cost": None if batch_.cost is None else f"${batch_.cost / 1e6:.6f}"}
    source = {"key": batch_.actor, "endpoint": batch_.endpoint}
    return {"id": batch_.tag, "status": batch_.status, "done": done, **cost, **source}
