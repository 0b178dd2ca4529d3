"""Commands of `vong knowledge sources`: read documents from web pages, Notion, folders and buckets."""

import sys
from pathlib import Path
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import FilePath, Group
from vong.client import Client
from vong.errors import InvalidInput

KINDS = ("page", "sitemap", "crawl", "notion", "notion-export", "folder", "bucket")
COUNTS = ("total", "added", "changed", "unchanged", "deleted", "failed", "skipped")
MAX_SHOWN_FAILURES = 20


@click.group(cls=Group)
def sources() -> None:
    """Read documents from web pages, Notion, folders and buckets, and keep them up to date."""


@sources.command("list")
@click.argument("base")
@json_option
def list_sources(base: str, as_json: bool) -> None:
    """List the sources of BASE with their state."""
    columns = ["name", "kind", "state", "documents", "every_hours", "next_sync_at", "paused"]
    emit(Client().knowledge.sources.list(base), as_json, columns)


@sources.command()
@click.argument("base")
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="Kind of the source.")
@click.option("--url", help="Address of a page, sitemap or start of a crawl; s3://BUCKET/PREFIX of a bucket.")
@click.option("--path", help="Folder on the server (kind folder).")
@click.option("--page", "pages", multiple=True, help="Link of a Notion page or database; repeatable. Default: all.")
@click.option("--file", "archive", type=FilePath(exists=True, dir_okay=False, path_type=Path), help="Notion export.")
@click.option("--scope", type=click.Choice(["prefix", "domain"]), help="Pages that a crawl follows.")
@click.option("--max-depth", type=click.IntRange(0, 50), help="Links between the start and a page.")
@click.option("--max-pages", type=click.IntRange(1), help="Most pages to read.")
@click.option("--include", multiple=True, help="Pattern of addresses or paths to read; repeatable.")
@click.option("--exclude", multiple=True, help="Pattern of addresses or paths not to read; repeatable.")
@click.option("--endpoint", help="Address of an S3-compatible server.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Further setting; repeatable.")
@click.option("--secret-stdin", is_flag=True, help="Read the token, keys or Authorization header from stdin.")
@click.option("--every", "every_hours", type=click.FloatRange(0.25), help="Hours between two syncs.")
@click.option("--sync", "start", is_flag=True, help="Start the first sync, and follow it.")
@json_option
def add(
    base: str,
    name: str,
    kind: str,
    archive: Path | None,
    secret_stdin: bool,
    every_hours: float | None,
    start: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Add the source NAME to BASE. The base is created if it is new."""
    client = Client()
    secret = sys.stdin.readline().strip() if secret_stdin else None
    settings = _settings(options)
    source = client.knowledge.sources.create(
        base, name, kind.replace("-", "_"), settings, secret=secret, every_hours=every_hours
    )
    if archive is not None:
        source = client.knowledge.sources.upload(base, name, archive)
    if start:
        _sync(client, base, name, force=False, as_json=as_json)
    else:
        emit(source, as_json, ["id", "base", "name", "kind", "state", "every_hours"])


@sources.command()
@click.argument("base")
@click.argument("name")
@click.option("--include", multiple=True, help="Pattern of addresses or paths to read; repeatable.")
@click.option("--exclude", multiple=True, help="Pattern of addresses or paths not to read; repeatable.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Setting to change; repeatable.")
@click.option("--secret-stdin", is_flag=True, help="Read a new secret from stdin.")
@click.option("--every", "every_hours", type=click.FloatRange(0.25), help="Hours between two syncs.")
@click.option("--no-schedule", is_flag=True, help="Sync only on request.")
@click.option("--pause/--resume", "paused", default=None, help="Stop or continue the scheduled syncs.")
@json_option
def update(
    base: str,
    name: str,
    secret_stdin: bool,
    every_hours: float | None,
    no_schedule: bool,
    paused: bool | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Change settings, secret or schedule of the source NAME of BASE."""
    changes: dict[str, Any] = {}
    if settings := _settings(options):
        changes["settings"] = settings
    if secret_stdin:
        changes["secret"] = sys.stdin.readline().strip()
    if every_hours is not None or no_schedule:
        changes["every_hours"] = None if no_schedule else every_hours
    if paused is not None:
        changes["paused"] = paused
    if not changes:
        raise InvalidInput("nothing to change", "see: vong knowledge sources update --help")
    source = Client().knowledge.sources.update(base, name, **changes)
    emit(source, as_json, ["name", "kind", "state", "every_hours", "paused", "next_sync_at"])


@sources.command()
@click.argument("base")
@click.argument("name")
@click.option("--outcome", type=click.Choice(COUNTS[1:]), help="Only pages or files with this outcome.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def items(base: str, name: str, outcome: str | None, limit: int, as_json: bool) -> None:
    """List the pages or files of the source NAME, with what the newest sync did and why."""
    found = Client().knowledge.sources.items(base, name, outcome=outcome, limit=limit)
    emit(found, as_json, ["key", "outcome", "path", "reason"])


@sources.command()
@click.argument("base")
@click.argument("name")
@json_option
def show(base: str, name: str, as_json: bool) -> None:
    """Show the source NAME of BASE, its syncs and the pages that failed."""
    client = Client()
    source = client.knowledge.sources.get(base, name)
    syncs = client.knowledge.sources.syncs(base, name, limit=5)
    failed = client.knowledge.sources.items(base, name, outcome="failed", limit=MAX_SHOWN_FAILURES)
    if as_json:
        emit({"source": source, "syncs": syncs, "failed": failed}, True)
        return
    emit(source, False, ["name", "kind", "state", "documents", "settings", "secret_set", "every_hours", "next_sync_at"])
    if syncs:
        click.echo()
        emit(syncs, False, ["created_at", "state", *COUNTS, "reason"])
        if syncs[0]["hint"]:
            click.echo(f"next step: {syncs[0]['hint']}")
        if syncs[0]["incomplete"]:
            click.echo(f"nothing was deleted, because the list is incomplete: {syncs[0]['incomplete']}")
    for item in failed:
        click.echo(f"failed: {item['key']}: {item['reason']}")


@sources.command()
@click.argument("base")
@click.argument("name")
@click.argument("archive", type=FilePath(exists=True, dir_okay=False, path_type=Path))
@json_option
def upload(base: str, name: str, archive: Path, as_json: bool) -> None:
    """Upload a new Notion export to the source NAME of BASE."""
    emit(Client().knowledge.sources.upload(base, name, archive), as_json, ["name", "kind", "state"])


@sources.command()
@click.argument("base")
@click.argument("name")
@click.option("--force", is_flag=True, help="Also delete more than half of the documents of the source.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def sync(base: str, name: str, force: bool, detach: bool, as_json: bool) -> None:
    """Read the source NAME of BASE again: add, change and delete documents."""
    client = Client()
    if detach:
        emit(client.knowledge.sources.sync(base, name, force=force), as_json, ["id", "kind", "status"])
    else:
        _sync(client, base, name, force=force, as_json=as_json)


@sources.command()
@click.argument("base")
@click.argument("name")
@click.option("--keep-documents", is_flag=True, help="Keep the documents of the source in the base.")
@json_option
def delete(base: str, name: str, keep_documents: bool, as_json: bool) -> None:
    """Delete the source NAME of BASE with its documents."""
    deleted = Client().knowledge.sources.delete(base, name, keep_documents=keep_documents)
    if as_json:
        emit({"name": name, "documents": deleted}, True)
    else:
        print_message(f"deleted source {name} and {deleted} documents")


def _sync(client: Client, base: str, name: str, *, force: bool, as_json: bool) -> None:
    from vong.cli.job_progress import follow

    job = follow(client, client.knowledge.sources.sync(base, name, force=force))
    result = job.result or {}
    emit(result if as_json else {count: result.get(count) for count in COUNTS}, as_json)
    if result.get("incomplete"):
        print_message(f"nothing was deleted, because the list is incomplete: {result['incomplete']}")
    if result.get("failed"):
        print_message(f"see why with: vong knowledge sources items {base} {name} --outcome failed")


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were given as options, and with `--set NAME=VALUE`."""
    settings = {name: value for name, value in options.items() if name != "assignments" and value not in (None, ())}
    for assignment in options["assignments"]:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise InvalidInput(f"{assignment!r} is no assignment", "write --set NAME=VALUE")
        settings[name] = value
    return settings
