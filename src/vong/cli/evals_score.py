"""Commands of `vong evals` for scorers: list them, and score outputs that exist already."""

import json
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import TEXT, Command, FilePath
from vong.client import Client
from vong.errors import InvalidInput

MAX_SHOWN = 20
"""Outputs whose scores are shown without --json."""


@click.command(cls=Command)
@click.option("--scorer", "scorers", multiple=True, default=["exact_match"], help="NAME, NAME:option=value;… or JSON.")
@click.option("--file", type=FilePath(exists=True, dir_okay=False, allow_dash=True), help="JSONL of outputs.")
@click.option("--output", "outputs", multiple=True, type=TEXT, help="Output to score; repeatable.")
@click.option("--reference", "references", multiple=True, type=TEXT, help="Correct text; repeatable.")
@click.option("--dataset", help="Dataset whose outputs exist.")
@click.option("--split", default="test", show_default=True)
@click.option("--output-field", default="", help="Metadata field with the outputs.  [default: the completion]")
@click.option("--references-field", default="", help="Metadata field with references.")
@click.option("--run", type=click.UUID, help="Evaluation whose stored outputs are scored again.")
@click.option("--span", type=click.UUID, help="Recorded call or step.")
@click.option("--session", type=TEXT, help="Conversation: all calls of a session.")
@json_option
def score(
    scorers: tuple[str, ...],
    file: str | None,
    outputs: tuple[str, ...],
    references: tuple[str, ...],
    as_json: bool,
    **source: Any,
) -> None:
    """Score outputs that exist already: texts, a file, a dataset, a run, a span or a conversation."""
    given = {name: str(value) if isinstance(value, UUID) else value for name, value in source.items() if value}
    if "dataset" not in given:
        given.pop("split", None)
    inputs = read_inputs(file) if file else [{"output": text, "references": list(references)} for text in outputs]
    if references and not outputs:
        given["references"] = list(references)
    report = Client().evals.score(scorers, inputs=inputs, **given)
    if as_json:
        emit(report, True)
        return
    print_message(f"{report['n']} outputs")
    table([{"metric": metric, "score": f"{value:.4f}"} for metric, value in report["scores"].items()])
    rows = [
        {"id": result["id"], **{name: f"{value:.4f}" for name, value in result["scores"].items()}}
        for result in report["results"][:MAX_SHOWN]
    ]
    if report["n"] > 1:
        table(rows)
    for result in report["results"][:MAX_SHOWN]:
        for line in [*(f"{name}: {text}" for name, text in result["details"].items()), *result["warnings"]]:
            print_message(f"{result['id']}  {line}")


def read_inputs(file: str) -> list[dict[str, Any]]:
    """Return the objects of a JSONL file; `-` is the standard input.

    Raises: InvalidInput if a line is not a JSON object.
    """
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    inputs: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise InvalidInput(f"line {number} of {file} is not JSON: {error}", "write one object per line") from error
        if not isinstance(value, dict):
            raise InvalidInput(f"line {number} of {file} is not an object", 'write {"output": …, "references": […]}')
        inputs.append(value)
    return inputs


@click.command(cls=Command)
@click.argument("name", required=False)
@json_option
def scorers(name: str | None, as_json: bool) -> None:
    """List the installed scorers, or show one with its options and documentation."""
    installed = [scorer for scorer in Client().evals.scorers() if name in (None, scorer["name"])]
    if not installed:
        raise InvalidInput(f"no scorer named {name!r}", "list them with: vong evals scorers")
    if as_json:
        emit(installed, True)
        return
    for scorer in installed:
        options = ", ".join(
            name if name in scorer["required"] else f"{name}={value!r}" for name, value in scorer["options"].items()
        )
        click.echo(f"{scorer['name']}  ({options})")
        click.echo("  " + scorer["about"].replace("\n", "\n  "))
        if scorer["unavailable"]:
            click.echo(f"  unavailable: {scorer['unavailable']}")
        click.echo(f"  signature: {scorer['signature'] or 'depends on the options'}\n")
