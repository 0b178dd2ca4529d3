"""Commands of `vong knowledge indexes`: versions of the index of a base."""

import json
from pathlib import Path
from typing import Any

import click

from vong.cli.job_progress import follow
from vong.cli.knowledge_evaluation import show_knowledge_comparison
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import FilePath, Group
from vong.client import Client
from vong.errors import InvalidInput

COLUMNS = ["number", "state", "chunker", "embedder", "documents", "missing", "chunks", "tokens", "reason"]


@click.group("indexes", cls=Group)
def indexes() -> None:
    """Manage the index versions of a knowledge base."""


@indexes.command("list")
@click.argument("base")
@json_option
def list_indexes(base: str, as_json: bool) -> None:
    """List the indexes of BASE."""
    emit(Client().knowledge.indexes.list(base), as_json, COLUMNS)


@indexes.command("create")
@click.argument("base")
@click.option("--chunker", help="Kind of the chunker, such as structure, tokens, sentences, parents or questions.")
@click.option("--tokens", type=click.IntRange(16, 8192), help="Tokens of a chunk.")
@click.option("--overlap", type=click.IntRange(0, 4096), help="Tokens that adjacent chunks share.")
@click.option("--embedder", help="Embedding model: a shipped one, or any of the gateway.")
@click.option("--reload", is_flag=True, help="Load the files again, with the loaders that are installed now.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def create(
    base: str,
    chunker: str | None,
    tokens: int | None,
    overlap: int | None,
    embedder: str | None,
    reload: bool,
    detach: bool,
    as_json: bool,
) -> None:
    """Build an index of BASE beside the live one. Answers use the live one until you switch."""
    client = Client()
    given = {"kind": chunker, "tokens": tokens, "overlap": overlap}
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    started = client.knowledge.indexes.create(base, chunker=settings or None, embedder=embedder, reload=reload)
    if not detach:
        follow(client, started.job)
    number = started.created["number"]
    shown = client.knowledge.indexes.show(base, number)
    emit({**shown, "job": str(started.job.id)} if as_json else shown, as_json, COLUMNS)
    print_message(f"evaluate it: vong knowledge evaluate {base} --index {number}")


@indexes.command("compare")
@click.argument("base")
@click.argument("a", type=click.IntRange(1))
@click.argument("b", type=click.IntRange(1))
@click.option("--metric", help="Metric by which changed questions are listed.  [default: nDCG]")
@click.option("--changes", type=click.IntRange(0, 500), default=5, show_default=True, help="Questions to list.")
@json_option
def compare(base: str, a: int, b: int, metric: str | None, changes: int, as_json: bool) -> None:
    """Compare index B of BASE with index A by their newest evaluations on the same questions."""
    comparison = Client().knowledge.indexes.compare(base, a, b, metric=metric, changes=changes)
    if as_json:
        emit(comparison, True)
    else:
        show_knowledge_comparison(comparison)


@indexes.command("switch")
@click.argument("base")
@click.argument("number", type=click.IntRange(1))
@click.option("--reason", help="Reason for the switch, recorded with it.")
@click.option(
    "--evidence", type=FilePath(exists=True, dir_okay=False, path_type=Path), help="JSON file with the evidence."
)
@click.option("--allow-missing", is_flag=True, help="Switch although documents of the base are missing in the index.")
@json_option
def switch(
    base: str, number: int, reason: str | None, evidence: Path | None, allow_missing: bool, as_json: bool
) -> None:
    """Make index NUMBER the live one of BASE. The previous one is kept, so switching back needs no build."""
    try:
        proof = json.loads(evidence.read_text()) if evidence else {}
    except ValueError as error:
        raise InvalidInput(f"{evidence} is not JSON: {error}", "write a JSON object") from error
    done = Client().knowledge.indexes.switch(base, number, reason=reason, evidence=proof, allow_missing=allow_missing)
    emit(done, as_json, ["number", "previous", "reason", "evidence", "switched_by", "created_at"])
    if done["previous"] is not None:
        print_message(f"switch back: vong knowledge indexes switch {base} {done['previous']} --reason REASON")


@indexes.command("switches")
@click.argument("base")
@json_option
def list_switches(base: str, as_json: bool) -> None:
    """List the switches of BASE with their reasons and evidence, newest first."""
    columns = ["created_at", "previous", "number", "reason", "evidence", "switched_by"]
    emit(Client().knowledge.indexes.switches(base), as_json, columns)


@indexes.command("delete")
@click.argument("base")
@click.argument("number", type=click.IntRange(1))
def delete(base: str, number: int) -> None:
    """Delete index NUMBER of BASE with its chunks. The live index cannot be deleted."""
    Client().knowledge.indexes.delete(base, number)
    print_message(f"deleted index {number} of {base}")
