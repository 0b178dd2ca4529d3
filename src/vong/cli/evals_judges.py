"""Commands of `vong evals judges`: models that judge outputs, and their calibration on labels of people."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from vong.cli.evals_judges_output import show_calibration, show_comparison, show_judge, show_tuning
from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import TEXT, FilePath, Group
from vong.client import Client
from vong.errors import InvalidInput

KINDS = ("rubric", "pairwise", "pass_fail", "reference", "jury")


@click.group("judges", cls=Group)
def judges() -> None:
    """Manage judges: models that judge outputs, calibrated on labels of people."""


@judges.command("list")
@json_option
def list_judges(as_json: bool) -> None:
    """List judges with their newest calibrations."""
    found = Client().evals.judges.list()
    if as_json:
        emit(found, True)
        return
    rows: list[dict[str, Any]] = []
    for one in found:
        judge, calibration = one["judge"], one["calibration"] or {}
        rows.append(
            {
                "name": judge["name"],
                "version": judge["version"],
                "kind": judge["definition"]["kind"],
                "model": judge["definition"]["model"] or ", ".join(judge["definition"]["members"]),
                "task": calibration.get("task"),
                "labels": calibration.get("labels"),
                "kappa": calibration.get("kappa"),
                "can gate": "yes" if calibration.get("can_gate") else "no",
            }
        )
    table(rows)


@judges.command()
@click.argument("name")
@click.option("--file", type=FilePath(exists=True, dir_okay=False, path_type=Path), help="JSON file of the definition.")
@click.option("--kind", type=click.Choice(KINDS), help="What the judge returns.")
@click.option("--model", help="A route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--prompt", type=TEXT, help="What a good output is.")
@click.option("--scale", help="Lowest and highest score of a rubric, such as 1-5.")
@click.option("--criterion", "criteria", multiple=True, help="NAME=DESCRIPTION of a criterion; repeatable.")
@click.option("--member", "members", multiple=True, help="Judge of a jury; repeatable.")
@click.option("--combine", type=click.Choice(["vote", "mean"]), help="How a jury combines verdicts.")
@click.option("--max-tokens", type=click.IntRange(16), help="Maximum tokens of a verdict.  [default: 1024]")
@json_option
def create(
    name: str,
    file: Path | None,
    scale: str | None,
    criteria: tuple[str, ...],
    max_tokens: int | None,
    as_json: bool,
    **fields: Any,
) -> None:
    """Store a judge, or a new version of one, as the current version."""
    definition: dict[str, Any] = {} if file is None else _read_definition(file)
    definition |= {field: value for field, value in fields.items() if value not in {None, ()}}
    if scale is not None:
        definition["scale"] = _parse_scale(scale)
    if criteria:
        definition["criteria"] = [_parse_criterion(one) for one in criteria]
    if max_tokens is not None:
        definition["settings"] = {**definition.get("settings", {}), "max_tokens": max_tokens}
    stored = Client().evals.judges.create(name, definition)
    emit(stored if as_json else {"stored": f"{stored['name']}@{stored['version']}"}, as_json)


@judges.command()
@click.argument("ref")
@json_option
def show(ref: str, as_json: bool) -> None:
    """Show a judge (NAME or NAME@VERSION) with its versions and calibrations."""
    found = Client().evals.judges.get(ref)
    if as_json:
        emit(found, True)
    else:
        show_judge(found)


@judges.command()
@click.argument("ref")
@json_option
def use(ref: str, as_json: bool) -> None:
    """Make NAME@VERSION the current version, for example a tuned candidate."""
    used = Client().evals.judges.use(ref)
    emit(used if as_json else {"current": f"{used['name']}@{used['version']}"}, as_json)


@judges.command()
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> None:
    """Delete a judge with its versions and calibrations."""
    Client().evals.judges.delete(name)
    emit({"deleted": name}, as_json)


@judges.command("try")
@click.argument("ref")
@click.argument("output")
@click.option("--input", "input_text", default="", type=TEXT, help="Input that the output answers.")
@click.option("--other", type=TEXT, help="Second output, for a pairwise judge.")
@click.option("--reference", default="", type=TEXT, help="Reference, for a judge that compares with one.")
@json_option
def try_judge(ref: str, output: str, input_text: str, other: str | None, reference: str, as_json: bool) -> None:
    """Judge one OUTPUT and show the verdict with its reason."""
    found = Client().evals.judges.judge(ref, output, input=input_text, other=other, reference=reference)
    fields = ["verdict", "score", "reason", "criteria", "consistent", "agreement", "error", "latency_ms", "cached"]
    emit(found, as_json, [name for name in fields if found.get(name) not in (None, "", {})])


@judges.command()
@click.argument("ref")
@click.option("--task", required=True, help="Dataset or route whose labels are used.")
@click.option("--label-field", help="Metadata field of the dataset's rows with the label.")
@click.option("--split", help="Split of the dataset whose rows have labels.")
@click.option("--score-name", help="Only human scores of this name.")
@click.option("--min-kappa", type=click.FloatRange(0, 1), help="Bound for the lower end of kappa.  [default: 0.4]")
@click.option("--min-labels", type=click.IntRange(50), help="Number of labels to gate.  [default: 50]")
@click.option("--limit", type=click.IntRange(2), help="Maximum number of labels.  [default: 1000]")
@click.option("--concurrency", type=click.IntRange(1, 64), help="Concurrent requests.  [default: 4]")
@click.option("--fresh", is_flag=True, default=None, help="Judge again instead of reading stored judgements.")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def calibrate(ref: str, task: str, detach: bool, as_json: bool, **settings: Any) -> None:
    """Measure how far a judge agrees with the labels of people, its biases and its price."""
    client = Client()
    given = {name: value for name, value in settings.items() if value is not None}
    started = client.evals.judges.calibrate(ref, task, **given)
    if detach:
        emit(started, as_json)
        return
    follow(client, client.jobs.get(started["job"]["id"]))
    found = client.evals.judges.calibration(started["calibration"]["id"])
    if as_json:
        emit(found, True)
    else:
        show_calibration(found)


@judges.command()
@click.argument("ref")
@click.option("--task", required=True, help="Dataset or route whose labels are used.")
@click.option("--writer", help="Route or model that proposes prompts.")
@click.option("--variants", type=click.IntRange(0, 10), help="Number of proposed prompts.  [default: 3]")
@click.option("--shots", type=click.IntRange(0, 16), help="Number of labelled examples in the prompt.  [default: 4]")
@click.option("--held-out", type=click.FloatRange(0.1, 0.9), help="Share of labels for the check.  [default: 0.5]")
@click.option("--label-field", help="Metadata field of the dataset's rows with the label.")
@click.option("--split", help="Split of the dataset whose rows have labels.")
@click.option("--limit", type=click.IntRange(2), help="Maximum number of labels.  [default: 1000]")
@click.option("--seed", type=int, help="Random seed of the division of the labels.")
@click.option("--concurrency", type=click.IntRange(1, 64), help="Concurrent requests.  [default: 4]")
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def tune(ref: str, task: str, detach: bool, as_json: bool, **settings: Any) -> None:
    """Tune a judge's prompt on labels. The best variant is stored as a candidate beside the current version."""
    client = Client()
    given = {name: value for name, value in settings.items() if value is not None}
    job = client.evals.judges.tune(ref, task, **given)
    if detach:
        emit(job, as_json)
        return
    result = follow(client, job).result or {}
    if as_json:
        emit(result, True)
    else:
        show_tuning(result)


@judges.command()
@click.argument("ref")
@click.argument("a", type=click.UUID)
@click.argument("b", type=click.UUID)
@click.option("--limit", type=click.IntRange(1), help="Number of pairs.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True)
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def compare(ref: str, a: UUID, b: UUID, limit: int | None, concurrency: int, detach: bool, as_json: bool) -> None:
    """Compare the outputs of run B with those of run A by a pairwise judge."""
    client = Client()
    started = client.evals.judges.compare(ref, a, b, limit=limit, concurrency=concurrency)
    if detach:
        emit(started, as_json)
        return
    follow(client, started.job)
    found = client.evals.judges.comparison(started.result.id)
    if as_json:
        emit(found, True)
    else:
        show_comparison(found)


@judges.command()
@json_option
def labels(as_json: bool) -> None:
    """List the number of labelled outputs of every task."""
    emit(Client().evals.judges.labels(), as_json)


@judges.command()
@click.argument("run", type=click.UUID)
@click.option("--levels", type=click.IntRange(2, 9), default=2, show_default=True, help="Number of levels, 1 is worst.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="Number of outputs.")
@json_option
def label(run: UUID, levels: int, limit: int, as_json: bool) -> None:
    """Label outputs of a RUN in the terminal: a digit, s to skip, u to undo, q to quit. Scores are not shown."""
    client = Client().evals.judges
    items = client.to_label(run, limit=limit)["items"]
    done: list[int] = []
    at = 0
    while at < len(items):
        item = items[at]
        click.echo(f"\n[{at + 1}/{len(items)}] {item['prompt']}\n--- output\n{item['answer']}\n---")
        answer = click.prompt(f"1 to {levels}, s, u, q", prompt_suffix=": ").strip().lower()
        if answer == "q":
            break
        if answer == "u" and done:
            at = done.pop()
            client.unlabel(run, items[at]["position"])
        elif answer == "s":
            at += 1
        elif answer.isdigit() and 1 <= int(answer) <= levels:
            client.label(run, item["position"], (int(answer) - 1) / (levels - 1), levels=levels)
            done.append(at)
            at += 1
        else:
            print_message(f"{answer!r} is none of 1 to {levels}, s, u and q")
    emit({"labelled": len(done)}, as_json)


def _read_definition(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInput(f"{file} is not JSON: {error}", "write a JSON object with the fields of a judge") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{file} is not a JSON object", "write a JSON object with the fields of a judge")
    return value


def _parse_scale(text: str) -> dict[str, int]:
    lowest, dash, highest = text.strip().partition("-")
    if not dash or not lowest.strip().isdigit() or not highest.strip().isdigit():
        raise InvalidInput(f"the scale {text!r} is not two whole numbers", "write 1-5")
    return {"lowest": int(lowest), "highest": int(highest)}


def _parse_criterion(text: str) -> dict[str, str]:
    name, equals, description = text.partition("=")
    if not equals or not description.strip():
        raise InvalidInput(f"the criterion {text!r} has no description", "write NAME=DESCRIPTION")
    return {"name": name.strip(), "description": description.strip()}
