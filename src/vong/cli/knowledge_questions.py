"""Commands of `vong knowledge questions`: the questions with which a base is evaluated."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import TEXT, TIME, FilePath, Group
from vong.client import Client
from vong.errors import InvalidInput

STATES = click.Choice(["proposed", "accepted", "rejected"])
COLUMNS = ["id", "state", "source", "question", "expected"]


@click.group("questions", cls=Group)
def questions() -> None:
    """Manage the questions with which a knowledge base is evaluated."""


@questions.command("list")
@click.argument("base")
@click.option("--state", type=STATES, help="Only questions of this state.")
@click.option("--source", type=click.Choice(["own", "generated", "trace"]), help="Only questions of this source.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def list_questions(base: str, state: str | None, source: str | None, limit: int, as_json: bool) -> None:
    """List the questions of BASE."""
    found = Client().knowledge.questions.list(base, state=state, source=source, limit=limit)
    if as_json:
        emit(found, True)
        return
    table([_to_row(one) for one in found], COLUMNS)
    counts = Client().knowledge.questions.counts(base)
    print_message(", ".join(f"{count} {name}" for name, count in counts.items()))


@questions.command("show")
@click.argument("base")
@click.argument("id", type=click.UUID)
@json_option
def show_question(base: str, id: UUID, as_json: bool) -> None:
    """Show a question of BASE with its expected passages."""
    emit(Client().knowledge.questions.show(base, id), as_json)


@questions.command("add")
@click.argument("base")
@click.argument("question")
@click.option("--path", "paths", multiple=True, help="Document that answers the question; repeatable.")
@click.option("--quote", "quotes", multiple=True, help="Literal quote from the document of the same position.")
@click.option("--answer", help="Expected answer.")
@click.option("--not-answerable", is_flag=True, help="The documents do not answer the question.")
@json_option
def add_question(
    base: str,
    question: str,
    paths: tuple[str, ...],
    quotes: tuple[str, ...],
    answer: str | None,
    not_answerable: bool,
    as_json: bool,
) -> None:
    """Add a question to BASE."""
    if len(quotes) > len(paths):
        raise InvalidInput(f"{len(quotes)} quotes have only {len(paths)} paths", "give a --path for each --quote")
    passages = [{"path": path, **({"quote": quotes[at]} if at < len(quotes) else {})} for at, path in enumerate(paths)]
    content = {"question": question, "passages": passages, "answer": answer, "answerable": not not_answerable}
    emit(Client().knowledge.questions.add(base, [content]), as_json, ["added", "changed", "unchanged"])


@questions.command("import")
@click.argument("base")
@click.argument("file", type=FilePath(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_questions(base: str, file: Path, as_json: bool) -> None:
    """Import questions into BASE from a CSV or JSON Lines FILE.

    CSV has the columns question, path, quote, answer and answerable; rows with the same question are one question.
    """
    emit(Client().knowledge.questions.import_file(base, file), as_json, ["added", "changed", "unchanged"])


@questions.command("generate")
@click.argument("base")
@click.option("--model", required=True, help="Model that writes: a route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--count", type=click.IntRange(1, 1000), default=20, show_default=True, help="Number of questions.")
@click.option("--per-passage", type=click.IntRange(1, 5), default=1, show_default=True, help="Questions per passage.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the sample of passages.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def generate(base: str, model: str, count: int, per_passage: int, seed: int, detach: bool, as_json: bool) -> None:
    """Generate questions from the documents of BASE. Review them before they are evaluated."""
    client = Client()
    job = client.knowledge.questions.generate(base, model=model, count=count, per_passage=per_passage, seed=seed)
    if detach:
        emit(job, as_json, ["id", "kind", "status"])
        return
    job = follow(client, job)
    emit(job.result, as_json, ["passages", "added", "dropped"])
    print_message(f"review them: vong knowledge questions list {base} --state proposed")


@questions.command("from-traces")
@click.argument("base")
@click.option("--min-score", type=click.FloatRange(0, 1), default=0.75, show_default=True, help="Lowest good score.")
@click.option("--since", type=TIME, help="Only scores since then: 7d, or a time.")
@click.option("--limit", type=click.IntRange(1, 2000), default=200, show_default=True)
@click.option("--accept", is_flag=True, help="Accept the questions without a review.")
@json_option
def from_traces(base: str, min_score: float, since: str | None, limit: int, accept: bool, as_json: bool) -> None:
    """Add questions from answers of BASE that people rated as good or corrected."""
    request: dict[str, Any] = {"min_score": min_score, "limit": limit, "accept": accept}
    added = Client().knowledge.questions.from_traces(base, **request, **({"since": since} if since else {}))
    emit(added, as_json, ["added", "changed", "unchanged"])


@questions.command("accept")
@click.argument("base")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "all_proposed", is_flag=True, help="Accept all proposed questions.")
@json_option
def accept(base: str, ids: tuple[UUID, ...], all_proposed: bool, as_json: bool) -> None:
    """Accept proposed questions of BASE."""
    emit({"accepted": _review(base, ids, all_proposed, "accepted")}, as_json)


@questions.command("reject")
@click.argument("base")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "all_proposed", is_flag=True, help="Reject all proposed questions.")
@json_option
def reject(base: str, ids: tuple[UUID, ...], all_proposed: bool, as_json: bool) -> None:
    """Reject proposed questions of BASE."""
    emit({"rejected": _review(base, ids, all_proposed, "rejected")}, as_json)


@questions.command("edit")
@click.argument("base")
@click.argument("id", type=click.UUID)
@click.option("--question", help="New text of the question.")
@click.option("--answer", type=TEXT, help="New expected answer; empty removes it.")
@click.option("--passages", help='New expected passages in JSON: [{"path": "…", "quote": "…"}].')
@click.option("--accept", "accepts", is_flag=True, help="Accept the question as well.")
@json_option
def edit(
    base: str, id: UUID, question: str | None, answer: str | None, passages: str | None, accepts: bool, as_json: bool
) -> None:
    """Edit a question of BASE."""
    client = Client()
    current = client.knowledge.questions.show(base, id)
    content = {name: current[name] for name in ("question", "passages", "answer", "answerable")}
    if question is not None:
        content["question"] = question
    if answer is not None:
        content["answer"] = answer or None
    if passages is not None:
        try:
            content["passages"] = json.loads(passages)
        except ValueError as error:
            raise InvalidInput(f"--passages is not JSON: {error}", 'write [{"path": "…", "quote": "…"}]') from error
    state = "accepted" if accepts else None
    edited = client.knowledge.questions.review(base, id, state, content=content)
    emit(edited, as_json, ["id", "state", "question", "answer", "passages"])


@questions.command("delete")
@click.argument("base")
@click.argument("id", type=click.UUID)
def delete(base: str, id: UUID) -> None:
    """Delete a question of BASE."""
    Client().knowledge.questions.delete(base, id)
    print_message(f"deleted {id}")


@questions.command("sets")
@click.argument("base")
@json_option
def list_sets(base: str, as_json: bool) -> None:
    """List the question sets of BASE: versions of its accepted questions that were evaluated."""
    emit(Client().knowledge.questions.sets(base), as_json, ["number", "questions", "hash", "created_at"])


def _review(base: str, ids: tuple[UUID, ...], all_proposed: bool, state: str) -> int:
    """Set the state of questions, and return their number."""
    client = Client().knowledge.questions
    if bool(ids) == all_proposed:
        raise click.UsageError("give the IDs of questions, or --all")
    count = 0
    while batch := ids or tuple(UUID(one["id"]) for one in client.list(base, state="proposed", limit=500)):
        for id in batch:
            client.review(base, id, state)
        count += len(batch)
        if ids:
            break
    return count


def _to_row(question: dict[str, Any]) -> dict[str, Any]:
    places = ", ".join(dict.fromkeys(one["path"] for one in question["passages"]))
    expected = places or question["answer"] or "not answerable"
    return {**question, "question": question["question"][:80], "expected": expected[:60]}
