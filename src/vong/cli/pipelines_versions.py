"""Commands of pipeline versions: create, compare, label, roll back, delete. Part of `vong pipelines`."""

from pathlib import Path

import click

from vong.cli.evidence import read_evidence
from vong.cli.output import emit, json_option
from vong.cli.params import Command, FilePath
from vong.cli.pipelines_imports import read_runnable, read_template
from vong.client import Client

VERSION_COLUMNS = ["name", "number", "hash", "message", "created_by", "created_at"]
LABEL_COLUMNS = ["label", "version", "reason", "moved_by", "created_at"]
file_option = click.option(
    "--file",
    "-f",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    help="YAML or JSON file with the definition.",
)


@click.command("list", cls=Command)
@json_option
def list_pipelines(as_json: bool) -> None:
    """List the pipelines with their newest version and labels."""
    found = Client().pipelines.list(limit=500)
    if as_json:
        emit(found, True)
        return
    rows = [{**one, "labels": " ".join(f"{label}={ref}" for label, ref in one["labels"].items())} for one in found]
    emit(rows, False, ["name", "number", "newest", "steps", "labels", "updated_at"])


@click.command(cls=Command)
@click.argument("name")
@file_option
@click.option("--template", help="Template of a pipeline; list them with: vong pipelines templates.")
@click.option("--python", "function", help="MODULE:ATTRIBUTE of a Python file in the folder apps of the server.")
@click.option("--model", help="Model of the steps of a template.  [default: deployment/small]")
@click.option("--message", "-m", default="", help="What changed.")
@click.option("--base", help="Version (number or hash) that was edited; rejected if another one is the newest.")
@json_option
def create(
    name: str,
    file: Path | None,
    template: str | None,
    function: str | None,
    model: str | None,
    message: str,
    base: str | None,
    as_json: bool,
) -> None:
    """Create the pipeline NAME, or its next version, from a file, a template or a Python object."""
    client = Client()
    if sum(one is not None for one in (file, template, function)) != 1:
        raise click.UsageError("use one of --file FILE, --template TEMPLATE and --python FUNCTION")
    if model is not None and template is None:
        raise click.UsageError("--model replaces the model of a template; use it with --template")
    if file is not None:
        definition = file.read_text(encoding="utf-8")
    else:
        definition = read_runnable(function) if function else read_template(template or "", model)
    created = client.pipelines.create_version(name, definition, message=message, base=base)
    emit(created, as_json, VERSION_COLUMNS)


@click.command(cls=Command)
@file_option
@json_option
def validate(file: Path | None, as_json: bool) -> None:
    """Check a definition without storing it. The exit code is 1 if it has an error."""
    if file is None:
        raise click.UsageError("use --file FILE")
    checked = Client().pipelines.validate(file.read_text(encoding="utf-8"))
    if as_json:
        emit(checked, True)
    else:
        emit(checked["findings"], False, ["severity", "step", "field", "message", "hint"])
    if not checked["valid"]:
        raise click.exceptions.Exit(1)


@click.command(cls=Command)
@click.argument("name")
@click.option("--version", help="Number, hash or label.  [default: newest]")
@json_option
def show(name: str, version: str | None, as_json: bool) -> None:
    """Show a version of the pipeline NAME with its steps, and the labels of the pipeline."""
    client = Client()
    found = client.pipelines.get(name, version)
    if as_json:
        emit(found, True)
        return
    emit(found, False, VERSION_COLUMNS)
    click.echo("\nsteps")
    steps = found["definition"]["steps"]
    emit([{"step": step, "kind": one["kind"], "title": one.get("title", "")} for step, one in steps.items()], False)
    click.echo("\nlabels")
    emit(client.pipelines.labels(name), False, LABEL_COLUMNS)


@click.command(cls=Command)
@click.argument("name")
@click.option("--version", help="Number, hash or label.  [default: newest]")
@click.option("--out", type=FilePath(dir_okay=False, path_type=Path), help="File to write.  [default: stdout]")
@json_option
def export(name: str, version: str | None, out: Path | None, as_json: bool) -> None:
    """Write a version of the pipeline NAME as YAML."""
    client = Client()
    if as_json:
        emit(client.pipelines.get(name, version)["definition"], True)
        return
    text = client.pipelines.export(name, version)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


@click.command(cls=Command)
@click.argument("name")
@json_option
def versions(name: str, as_json: bool) -> None:
    """List the versions of the pipeline NAME, newest first."""
    emit(Client().pipelines.versions(name, limit=500), as_json, VERSION_COLUMNS)


@click.command(cls=Command)
@click.argument("name")
@click.argument("old")
@click.argument("new")
@json_option
def diff(name: str, old: str, new: str, as_json: bool) -> None:
    """Compare two versions of the pipeline NAME: numbers, hashes or labels."""
    found = Client().pipelines.diff(name, old, new)
    if as_json:
        emit(found, True)
        return
    click.echo(found["text"] or "no difference", nl=not found["text"])
    for step in found["steps"]:
        fields = ", ".join(field["path"] for field in step["fields"])
        click.echo(f"{step['kind']} step {step['step']}{f': {fields}' if fields else ''}", err=True)


@click.command(cls=Command)
@click.argument("name")
@click.option("--history", is_flag=True, help="List every change of the labels.")
@json_option
def labels(name: str, history: bool, as_json: bool) -> None:
    """List the labels of the pipeline NAME."""
    emit(Client().pipelines.labels(name, history=history), as_json, LABEL_COLUMNS)


@click.command(cls=Command)
@click.argument("name")
@click.argument("label")
@click.argument("version", required=False)
@click.option("--remove", is_flag=True, help="Remove the label.")
@click.option("--reason", help="Reason of the change; `prod` requires this or evidence.")
@click.option(
    "--evidence",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with evidence for the change.",
)
@json_option
def label(
    name: str,
    label: str,
    version: str | None,
    remove: bool,
    reason: str | None,
    evidence: Path | None,
    as_json: bool,
) -> None:
    """Point LABEL of the pipeline NAME to VERSION: a number, a hash or another label."""
    client = Client()
    if remove == (version is not None):
        raise click.UsageError("name a VERSION, or use --remove")
    if version is None:
        moved = client.pipelines.remove_label(name, label, reason=reason)
    else:
        proof = read_evidence(evidence) if evidence else None
        moved = client.pipelines.set_label(name, label, version, evidence=proof, reason=reason)
    emit(moved, as_json, LABEL_COLUMNS)


@click.command(cls=Command)
@click.argument("name")
@click.argument("label", default="prod")
@click.option("--version", help="Version to return to.  [default: the one before the current]")
@click.option("--reason", help="Reason of the rollback.")
@json_option
def rollback(name: str, label: str, version: str | None, reason: str | None, as_json: bool) -> None:
    """Point LABEL (default: prod) of the pipeline NAME back to its previous version."""
    emit(Client().pipelines.rollback(name, label, version=version, reason=reason), as_json, LABEL_COLUMNS)


@click.command(cls=Command)
@click.argument("name")
@json_option
def delete(name: str, as_json: bool) -> None:
    """Delete the pipeline NAME with all versions and labels. Runs are kept."""
    Client().pipelines.delete(name)
    emit({"deleted": name}, as_json)


@click.command("schema", cls=Command)
@json_option
def show_schema(as_json: bool) -> None:
    """Print the JSON schema of pipelines, for editors.

    An editor with a YAML language server uses it if the first line of a file is
    `# yaml-language-server: $schema=pipeline.schema.json`.
    """
    del as_json
    emit(Client().pipelines.schema(), True)


COMMANDS = (
    list_pipelines,
    create,
    validate,
    show,
    export,
    versions,
    diff,
    labels,
    label,
    rollback,
    delete,
    show_schema,
)
