"""Commands of `vong pipelines`: run, runs, approve, reject, kinds and secrets."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT, Command, FilePath, Group
from vong.client import Client
from vong.errors import InvalidInput, VongError

RUN_COLUMNS = ["id", "pipeline", "version", "state", "cost", "tokens", "started_by", "created_at", "ended_at"]
STEP_COLUMNS = ["path", "kind", "state", "attempt", "port", "cost", "tokens", "started_at", "ended_at"]
STATES = ["queued", "running", "waiting", "succeeded", "failed", "cancelled"]


@click.command(cls=Command)
@click.argument("pipeline")
@click.option(
    "--input", "-i", "inputs", multiple=True, metavar="NAME=VALUE", help="Input; repeatable. @FILE reads a file."
)
@click.option("--inputs", "inputs_file", type=FilePath(exists=True, dir_okay=False, path_type=Path), help="JSON file.")
@click.option("--detach", is_flag=True, help="Return at once, without waiting for the end.")
@click.option("--draft-of", metavar="NAME", help="Stored pipeline that lists the run of a YAML file as a draft.")
@click.option("--max-cost", "cost_usd", type=click.FloatRange(0), help="Maximum cost in US dollars.")
@click.option("--max-tokens", "tokens", type=click.IntRange(0), help="Maximum tokens of all model calls.")
@json_option
def run(
    pipeline: str,
    inputs: tuple[str, ...],
    inputs_file: Path | None,
    detach: bool,
    draft_of: str | None,
    as_json: bool,
    **limits: float | None,
) -> None:
    """Run PIPELINE: NAME, NAME:LABEL, NAME@NUMBER, or a YAML file."""
    given = {name: value for name, value in limits.items() if value is not None}
    options: dict[str, Any] = {"limits": given} if given else {}
    source: Any = _read_source(pipeline)
    if draft_of is not None:
        if source == pipeline:
            raise InvalidInput(f"--draft-of needs a YAML file, got {pipeline!r}", "pass a file, or omit --draft-of")
        options["pipeline"] = draft_of
    values = {**(_read_json(inputs_file) if inputs_file else {}), **dict(map(_parse_input, inputs))}
    client = Client()
    if detach:
        emit(client.pipelines.start(source, values, **options), as_json, RUN_COLUMNS)
        return
    if as_json:
        found = client.pipelines.run(source, values, **options)
        emit(found, True)
        _fail_unless_succeeded(found)
        return
    _print_events(client.pipelines.stream(source, values, **options))


@click.group(cls=Group)
def runs() -> None:
    """Manage runs of pipelines."""


@runs.command("list")
@click.option("--pipeline", help="Only runs of this pipeline.")
@click.option("--state", type=click.Choice(STATES))
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_runs(pipeline: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List the runs of the project, newest first."""
    found = Client().pipelines.runs.list(pipeline=pipeline, state=state, limit=limit)
    if not as_json:
        found = [{**one, "version": one["version"][:12]} for one in found]
    emit(found, as_json, RUN_COLUMNS)


@runs.command("show")
@click.argument("run_id")
@json_option
def show_run(run_id: str, as_json: bool) -> None:
    """Show a run with its steps."""
    found = Client().pipelines.runs.get(run_id)
    if as_json:
        emit(found, True)
        return
    emit({name: found[name] for name in (*RUN_COLUMNS, "trace_id", "inputs", "outputs")}, False)
    if found["error"]:
        print_message(f"error: {found['error']['message']}\n  → {found['error']['hint']}")
    emit(found["steps"], False, STEP_COLUMNS)
    for step in found["steps"]:
        if step["state"] == "waiting" and not step["decision"]:
            print_message(f"waits for a decision: {step['path']}: {(step['outputs'] or {}).get('message', '')}")
            print_message(f"  → vong pipelines approve {run_id} {step['path']}")


@runs.command("cancel")
@click.argument("run_id")
@json_option
def cancel_run(run_id: str, as_json: bool) -> None:
    """Cancel a run."""
    emit(Client().pipelines.runs.cancel(run_id), as_json, RUN_COLUMNS)


@runs.command("watch")
@click.argument("run_id")
@json_option
def watch_run(run_id: str, as_json: bool) -> None:
    """Follow a run to its end, or until it waits for a decision. With --json one event per line."""
    events = Client().pipelines.runs.events(run_id)
    if not as_json:
        _print_events(events)
        return
    for event in events:
        click.echo(json.dumps(event, ensure_ascii=False))


def _decision_command(name: str, approved: bool, text: str) -> click.Command:
    @click.command(name, cls=Command, help=text)
    @click.argument("run_id")
    @click.argument("step")
    @click.option("--comment", type=TEXT, default="", help="Comment, stored with the decision.")
    @click.option("--data", "data", type=TEXT, help="JSON that replaces the data of the step.")
    @json_option
    def decide(run_id: str, step: str, comment: str, data: str | None, as_json: bool) -> None:
        value = _parse_json(data, "--data") if data else None
        found = Client().pipelines.runs.decide(run_id, step, approved=approved, comment=comment, data=value)
        emit(found, as_json, ["path", "state", "decision"])

    return decide


approve = _decision_command("approve", True, "Approve the waiting STEP of a run.")
reject = _decision_command("reject", False, "Reject the waiting STEP of a run.")


@click.command(cls=Command)
@json_option
def kinds(as_json: bool) -> None:
    """List the kinds of steps and their settings."""
    found = Client().pipelines.kinds()
    if not as_json:
        found = [{**one, "settings": ", ".join(one["settings"]["properties"])} for one in found]
    emit(found, as_json, ["kind", "settings", "description"])


@click.group(cls=Group)
def secrets() -> None:
    """Manage secrets that steps send in headers."""


@secrets.command("list")
@json_option
def list_secrets(as_json: bool) -> None:
    """List secrets, without their values."""
    emit(Client().pipelines.secrets(), as_json, ["name", "origin", "updated_at"])


@secrets.command("set")
@click.argument("name")
@click.option("--origin", required=True, help="Only origin to which steps may send it: https://HOST[:PORT].")
@json_option
def set_secret(name: str, origin: str, as_json: bool) -> None:
    """Store a secret. Its value is read from standard input."""
    value = click.prompt("Value", hide_input=True) if sys.stdin.isatty() else sys.stdin.read().strip()
    emit(Client().pipelines.set_secret(name, value, origin=origin), as_json)


@secrets.command("delete")
@click.argument("name")
@json_option
def delete_secret(name: str, as_json: bool) -> None:
    """Delete a secret."""
    Client().pipelines.delete_secret(name)
    emit({"name": name, "deleted": True}, as_json)


COMMANDS = (run, runs, approve, reject, kinds, secrets)


def _read_source(pipeline: str) -> Any:
    path = Path(pipeline)
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        text = path.read_text(encoding="utf-8")
        return text if "\n" in text else f"{text}\n"
    return pipeline


def _parse_input(text: str) -> tuple[str, Any]:
    """Return the name and the value of an input: JSON, or else text."""
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise InvalidInput(f"--input {text!r} has no value", "write --input NAME=VALUE")
    if value.startswith("@"):
        return name, Path(value[1:]).read_text(encoding="utf-8")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _read_json(path: Path) -> dict[str, Any]:
    found = _parse_json(path.read_text(encoding="utf-8"), str(path))
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} is not a JSON object", "write one value per input")
    return found


def _parse_json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"{what} is not JSON: {error}", 'write for example {"amount": 3}') from None


def _print_events(events: Iterator[dict[str, Any]]) -> None:
    """Print the texts of the answer to stdout and the progress to stderr."""
    streamed = set[str]()
    for event in events:
        name, path = event["event"], event.get("path")
        if name == "run_started":
            print_message(f"run {event['run_id']}")
        elif name == "delta" and event.get("output"):
            streamed.add(str(event["output"]))
            click.echo(event["text"], nl=False)
            sys.stdout.flush()
        elif name == "step_ended" and event["state"] != "skipped":
            port = f" → {event['port']}" if event["port"] else ""
            reason = f": {event['error']['message']}" if event["error"] else ""
            print_message(f"{'' if not streamed else chr(10)}{path} {event['state']}{port}{reason}")
        elif name == "step_waiting":
            print_message(f"{path} waits for a decision: {event['asked'].get('message', '')}")
        elif name == "run_waiting":
            print_message("the run waits; decide with: vong pipelines approve RUN STEP")
        elif name == "run_ended":
            _print_end(event, streamed)


def _print_end(event: dict[str, Any], streamed: set[str]) -> None:
    for name, value in (event["outputs"] or {}).items():
        if name not in streamed:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            click.echo(f"{name}: {text}" if len(event["outputs"]) > 1 else text)
    _fail_unless_succeeded(event)


def _fail_unless_succeeded(run_: dict[str, Any]) -> None:
    if run_["state"] in ("failed", "cancelled"):
        error: dict[str, Any] = run_["error"] or {"message": f"the run was {run_['state']}", "hint": "", "step": None}
        step = f"step {error['step']!r}: " if error.get("step") else ""
        raise VongError(f"{step}{error['message']}", error["hint"])
