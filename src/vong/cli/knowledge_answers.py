"""Commands of `vong knowledge`: answers with citations, their settings, and feedback on passages."""

import sys
from collections.abc import Iterator
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, Command
from vong.cli.traces import shorten
from vong.client import Client

MAX_QUOTE_CHARACTERS = 160


@click.command(cls=Command)
@click.argument("base")
@click.argument("question", type=TEXT)
@click.option("--model", required=True, help="Model that answers: a route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--limit", type=click.IntRange(1, 20), help="Number of passages for the model (default 4).")
@click.option("--conversation", help="Id of a conversation. Its earlier questions and answers are considered.")
@click.option("--variants", type=click.IntRange(1, 5), help="Number of search queries (default 1).")
@click.option(
    "--verification",
    type=click.Choice(["replace", "flag", "off"]),
    help="Replace an unsupported answer, only mark it, or skip the check.",
)
@click.option("--stream/--no-stream", default=None, help="Print the answer while it is generated.")
@json_option
def ask(base: str, question: str, stream: bool | None, as_json: bool, **options: Any) -> None:
    """Answer QUESTION from BASE with verified citations, or report that the documents do not answer it."""
    mode = options.pop("verification")
    options |= {"verification": {"mode": mode}} if mode else {}
    client = Client()
    streams = sys.stdout.isatty() if stream is None else stream
    if as_json or not streams:
        answer = client.knowledge.ask(base, question, **options)
        if as_json:
            emit(answer, True)
            return
        click.echo(answer["text"])
    else:
        answer = _print_stream(client.knowledge.ask_stream(base, question, **options))
    _print_sources(answer)


@click.command("answer-settings", cls=Command)
@click.argument("base")
@click.option("--limit", type=click.IntRange(1, 20), help="Number of passages for the model.")
@click.option("--variants", type=click.IntRange(1, 5), help="Number of search queries.")
@click.option("--guard", type=click.Choice(["strip", "drop", "off"]), help="Handling of instructions in passages.")
@click.option("--verification", type=click.Choice(["replace", "flag", "off"]), help="Handling of unsupported answers.")
@click.option("--min-supported", type=click.FloatRange(0, 1), help="Minimum share of supported sentences.")
@click.option("--judge", help="Calibrated judge that decides about support; '' for none.")
@click.option("--max-tokens", type=click.IntRange(16, 8192), help="Maximum tokens of an answer.")
@json_option
def answer_settings(base: str, as_json: bool, **options: Any) -> None:
    """Show the answer settings of BASE, or change the given ones."""
    client = Client()
    settings = client.knowledge.answer_settings(base)
    given = {name: value for name, value in options.items() if value is not None}
    if given:
        fields = {"verification": "mode", "min_supported": "min_supported", "judge": "judge"}
        for option, field in fields.items():
            if option in given:
                settings["verification"][field] = given.pop(option) or (None if field == "judge" else 0)
        settings = client.knowledge.set_answer_settings(base, **settings | given)
    emit(settings, as_json)


@click.command("passage-feedback", cls=Command)
@click.argument("base")
@json_option
def passage_feedback(base: str, as_json: bool) -> None:
    """List the passages of BASE that were in answers with feedback, those in most bad answers first."""
    columns = ["path", "heading", "start", "end", "answers", "good", "bad", "cited_good", "cited_bad"]
    emit(Client().knowledge.passage_feedback(base), as_json, columns)


@click.command("text", cls=Command)
@click.argument("document")
@json_option
def document_text(document: str, as_json: bool) -> None:
    """Show the text of a document, given by its id. Citations refer to offsets in it."""
    text = Client().knowledge.document_text(document)
    if as_json:
        emit(text, True)
        return
    for section in text["sections"]:
        page = f"  page {section['page']}" if section["page"] else ""
        click.echo(f"# {section['heading'] or text['title']}  [{section['start']}:{section['end']}]{page}")
        click.echo(section["text"])


def _print_stream(events: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Print an answer while it arrives, and return it. A text that the verification rejected is replaced below."""
    streamed = ""
    answer: dict[str, Any] = {}
    for event in events:
        if event["event"] == "delta":
            streamed += event["text"]
            click.echo(event["text"], nl=False)
            sys.stdout.flush()
        if event["event"] == "done":
            answer = event["answer"]
    if streamed:
        click.echo()
    if answer["rejected_text"]:
        print_message("rejected: the passages do not support the text above")
    if not streamed or answer["rejected_text"]:
        click.echo(answer["text"])
    return answer


def _print_sources(answer: dict[str, Any]) -> None:
    for citation in answer["citations"]:
        how = "cited" if citation["stated"] else "matched"
        page = f", page {citation['page']}" if citation["page"] else ""
        click.echo(f"  [{citation['number']}] {citation['path']} › {citation['heading']}{page}  ({how})")
        click.echo(f"      “{shorten(citation['quote'], MAX_QUOTE_CHARACTERS)}”")
    for sentence in answer["sentences"]:
        if sentence["status"] in ("unsupported", "contradicted"):
            click.echo(f"  {sentence['status']}: {sentence['text']}  ({'; '.join(sentence['reasons'])})")
    for warning in answer["warnings"]:
        print_message(f"warning: {warning}")
    if answer["answer_id"]:
        print_message(f"trace: vong traces show {answer['answer_id']}")
