"""Commands of `vong knowledge`: documents, retrieval and cited answers."""

from pathlib import Path

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import FilePath, Group
from vong.client import Client
from vong.errors import InvalidInput


@click.group(cls=Group)
def group() -> None:
    """Manage documents, retrieve passages and answer questions with citations."""


@group.command("list")
@json_option
def list_bases(as_json: bool) -> None:
    """List the project's knowledge bases."""
    emit(Client().knowledge.bases(), as_json, ["name", "documents", "chunks", "index_version", "updated_at"])


@group.command()
@click.argument("base")
@click.argument("paths", nargs=-1, required=True, type=FilePath(exists=True, path_type=Path))
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def upload(base: str, paths: tuple[Path, ...], detach: bool, as_json: bool) -> None:
    """Upload files, or all files of a folder, to BASE and index them."""
    from vong.cli.job_progress import follow

    files = [
        file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
    ]
    if not files:
        raise InvalidInput("no files found in " + ", ".join(map(str, paths)), "name files or a folder with files")
    client = Client()
    job = client.knowledge.upload(base, files)
    if not detach:
        job = follow(client, job)
    if as_json or detach:
        emit(job, as_json, ["id", "kind", "status"])
    else:
        emit((job.result or {})["documents"], False, ["path", "state", "chunks", "title", "reason"])


@group.command()
@click.argument("base")
@json_option
def documents(base: str, as_json: bool) -> None:
    """List the documents of BASE; failed ones with the reason."""
    emit(Client().knowledge.documents(base), as_json, ["path", "state", "chunks", "characters", "title", "reason"])


@group.command()
@click.argument("base")
@click.argument("path")
def delete(base: str, path: str) -> None:
    """Delete a document from BASE."""
    Client().knowledge.delete(base, path)
    print_message(f"deleted {path}")


@group.command()
@click.argument("base")
@click.argument("question")
@click.option("--limit", type=click.IntRange(1, 50), default=5, show_default=True)
@json_option
def search(base: str, question: str, limit: int, as_json: bool) -> None:
    """Search BASE for passages that match QUESTION, with their scores."""
    passages = Client().knowledge.search(base, question, limit=limit)
    if as_json:
        emit(passages, True)
        return
    for number, passage in enumerate(passages, 1):
        ranks = f"vector {passage.vector_rank or '-'}, words {passage.text_rank or '-'}"
        click.echo(f"[{number}] {passage.path}  {passage.chunk.heading}")
        click.echo(f"    score {passage.score:.4f}  similarity {passage.similarity:.2f}  ({ranks})")
        click.echo(f"    {' '.join(passage.chunk.text.split())[:220]}")


@group.command()
@click.argument("base")
@click.argument("question")
@click.option("--model", required=True, help="Model that answers: a route, deployment/NAME or PROVIDER/MODEL.")
@click.option(
    "--limit", type=click.IntRange(1, 20), default=4, show_default=True, help="Number of passages for the model."
)
@json_option
def ask(base: str, question: str, model: str, limit: int, as_json: bool) -> None:
    """Answer QUESTION from BASE with citations, or report that no passage matches."""
    answer = Client().knowledge.ask(base, question, model=model, limit=limit)
    if as_json:
        emit(answer, True)
        return
    click.echo(answer["text"])
    for citation in answer["citations"]:
        how = "cited" if citation["stated"] else "matched"
        place = f"{citation['path']} › {citation['heading']}"
        click.echo(f"  [{citation['number']}] {place}  ({how}, {citation['similarity']:.2f})")
    for sentence in answer["unsupported"]:
        click.echo(f"  no passage supports: {sentence}")
    if answer["span_id"]:
        print_message(f"trace: vong traces show {answer['span_id']}")
