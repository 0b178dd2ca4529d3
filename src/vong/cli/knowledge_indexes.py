"""Commands of `vong knowledge`: search and preview of chunks."""

import json
from pathlib import Path
from typing import Any

import click

from vong.cli.output import emit, json_option
from vong.cli.params import Command, FilePath
from vong.client import Client
from vong.errors import InvalidInput

FILTER_HINT = """use JSON, as '{"type": "eq", "key": "year", "value": 2024}'"""


@click.command(cls=Command)
@click.argument("base")
@click.argument("question")
@click.option("--limit", type=click.IntRange(1, 200), default=5, show_default=True)
@click.option("--index", type=int, help="Number of an index.  [default: the live one]")
@click.option("--filter", "filters", help="Filter on the metadata as JSON, in the form of OpenAI's filters.")
@click.option("--mode", type=click.Choice(["hybrid", "vector", "text"]), default="hybrid", show_default=True)
@click.option("--vector-weight", type=click.FloatRange(0, 1), help="Share of vector search.  [default: 0.6]")
@click.option("--diversity", type=click.FloatRange(0, 1), default=0.0, help="Prefer passages unlike those before.")
@click.option("--rerank", help="Model that reorders the passages: a route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--neighbours", type=click.IntRange(0, 10), default=0, help="Chunks around a passage in its context.")
@json_option
def search(base: str, question: str, limit: int, index: int | None, filters: str | None, **options: Any) -> None:
    """Search BASE for passages that match QUESTION, with the score of each step."""
    as_json = options.pop("as_json")
    passages = Client().knowledge.search(
        base, question, limit=limit, index=index, filters=_parse_object(filters) if filters else None, **options
    )
    if as_json:
        emit(passages, True)
        return
    for number, passage in enumerate(passages, 1):
        ranks = f"vector {passage.vector_rank or '-'}, words {passage.text_rank or '-'}"
        reranked = "" if passage.rerank_score is None else f"  reranked from {passage.fusion_score or 0:.3f}"
        words = "" if passage.text_score is None else f"  words {passage.text_score:.2f}"
        click.echo(f"[{number}] {passage.path}  {passage.chunk.heading}")
        click.echo(f"    score {passage.score:.4f}  similarity {passage.similarity:.2f}{words}  ({ranks}){reranked}")
        click.echo(f"    {' '.join(passage.chunk.text.split())[:220]}")


@click.command(cls=Command)
@click.argument("file", type=FilePath(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--chunker",
    type=click.Choice(["structure", "tokens", "sentences", "parents", "questions"]),
    default="structure",
    show_default=True,
)
@click.option("--tokens", type=int, default=256, show_default=True, help="Size of a chunk in tokens.")
@click.option("--overlap", type=int, default=32, show_default=True, help="Tokens that adjacent chunks share.")
@click.option("--embedder", help="Embedding model.  [default: the shipped multilingual one]")
@json_option
def preview(file: Path, chunker: str, tokens: int, overlap: int, embedder: str | None, as_json: bool) -> None:
    """Show the chunks that FILE would have, with token counts and the cost of embedding. Stores nothing."""
    settings = {"kind": chunker, "tokens": tokens, "overlap": overlap}
    found = Client().knowledge.preview(file, chunker=settings, embedder=embedder)
    if as_json:
        emit(found, True)
        return
    rows = [
        {
            "number": number,
            "tokens": chunk["tokens"],
            "kind": chunk["kind"],
            "page": chunk["page"],
            "heading": chunk["heading"],
            "text": " ".join(chunk["text"].split())[:60],
        }
        for number, chunk in enumerate(found["chunks"], 1)
    ]
    emit(rows, False, ["number", "tokens", "kind", "page", "heading", "text"])
    cost = "unknown" if found["cost"] is None else f"${found['cost']:.6f}"
    click.echo(f"{len(rows)} chunks, {found['tokens']} tokens, cost of embedding {cost}")


def _parse_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--filter is not JSON: {error}", FILTER_HINT) from error
    if not isinstance(value, dict):
        raise InvalidInput("--filter is not a JSON object", FILTER_HINT)
    return value
