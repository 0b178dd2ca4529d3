"""Commands of `vong knowledge`: upload, list, retry and delete documents, and settings of bases."""

from pathlib import Path
from typing import Any

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Command, FilePath
from vong.client import Client
from vong.client.upload_files import UploadFile
from vong.errors import InvalidInput
from vong.pii import ALL_KINDS
from vong.records import Job

STATES = ("pending", "loading", "indexing", "ready", "failed")
NONE = "none"


@click.command(cls=Command)
@click.argument("base")
@click.argument("paths", nargs=-1, required=True, type=FilePath(exists=True, path_type=Path))
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def upload(base: str, paths: tuple[Path, ...], detach: bool, as_json: bool) -> None:
    """Upload files, or all files of a folder, to BASE and index them. Unchanged files are not read again."""
    files = collect_documents(paths)
    client = Client()
    show_job(client, client.knowledge.upload(base, files), detach, as_json)


@click.command(cls=Command)
@click.argument("base")
@click.argument("path", required=False)
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def retry(base: str, path: str | None, detach: bool, as_json: bool) -> None:
    """Load the failed document PATH of BASE again, or all failed documents without PATH."""
    client = Client()
    show_job(client, client.knowledge.retry(base, path), detach, as_json)


@click.command(cls=Command)
@click.argument("base")
@click.option("--state", type=click.Choice(STATES), help="List only documents in this state.")
@json_option
def documents(base: str, state: str | None, as_json: bool) -> None:
    """List the documents of BASE; failed ones with the reason."""
    columns = ["path", "state", "pages", "chunks", "characters", "language", "title", "reason"]
    emit(Client().knowledge.documents(base, state=state), as_json, columns)


@click.command(cls=Command)
@click.argument("base")
@click.argument("path")
def delete(base: str, path: str) -> None:
    """Delete a document from BASE."""
    Client().knowledge.delete(base, path)
    print_message(f"deleted {path}")


@click.command("delete-base", cls=Command)
@click.argument("base")
def delete_base(base: str) -> None:
    """Delete BASE with its documents, indexes, sources and questions. Requires the role owner."""
    Client().knowledge.delete_base(base)
    print_message(f"deleted the knowledge base {base}")


@click.command(cls=Command)
@click.argument("base")
@click.option("--mask", help=f"Kinds of personal data to mask, separated by commas ({', '.join(ALL_KINDS)}), or none.")
@click.option("--retention-days", type=click.IntRange(0), help="Delete documents after these days; 0 keeps them.")
@click.option("--readers", help="Roles that may read BASE beside owners (member, viewer, none), or everyone.")
@json_option
def settings(base: str, mask: str | None, retention_days: int | None, readers: str | None, as_json: bool) -> None:
    """Show the settings of BASE, or change them: masking, retention and readers. Changes require the role owner."""
    changes: dict[str, Any] = {}
    if mask is not None:
        changes["mask"] = [] if mask == NONE else split_names(mask)
    if retention_days is not None:
        changes["retention_days"] = retention_days or None
    if readers is not None:
        changes["readers"] = None if readers == "everyone" else [] if readers == NONE else split_names(readers)
    client = Client()
    found = client.knowledge.update_base(base, changes) if changes else client.knowledge.base(base)
    if as_json:
        emit(found, True)
        return
    stored = found["settings"]
    readers_shown = "everyone in the project" if stored["readers"] is None else ", ".join(["owner", *stored["readers"]])
    click.echo(f"mask            {', '.join(stored['mask']) or NONE}")
    click.echo(f"retention days  {stored['retention_days'] or 'unlimited'}")
    click.echo(f"readers         {readers_shown}")
    click.echo(f"documents       {', '.join(f'{count} {state}' for state, count in found['states'].items()) or NONE}")


def collect_documents(paths: tuple[Path, ...]) -> list[UploadFile]:
    """Return the files, and all files below the folders, named by their path in the folder. Hidden files are left out.

    Raises: InvalidInput if there is none.
    """
    files: list[UploadFile] = []
    for path in paths:
        if not path.is_dir():
            files.append(UploadFile(path, _encodable(path.name)))
            continue
        for file in sorted(path.rglob("*")):
            relative = file.relative_to(path)
            if file.is_file() and not any(part.startswith(".") for part in relative.parts):
                files.append(UploadFile(file, _encodable(relative.as_posix())))
    if not files:
        raise InvalidInput("no files found in " + ", ".join(map(str, paths)), "name files or a folder with files")
    return files


def show_job(client: Client, job: Job, detach: bool, as_json: bool) -> None:
    """Follow a job of ingestion, unless `detach` is set, and print its documents."""
    if not detach:
        job = follow(client, job)
    if as_json or detach:
        emit(job, as_json, ["id", "kind", "status"])
        return
    emit((job.result or {})["documents"], False, ["path", "state", "pages", "chunks", "title", "reason"])


def split_names(text: str) -> list[str]:
    """Return the names of a list that is separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _encodable(name: str) -> str:
    """Return the name in a form that can be sent: bytes that are not UTF-8 become `?`."""
    return name.encode("utf-8", "replace").decode()
