"""Commands of `vong registry`: models, versions, aliases and lineage."""

from pathlib import Path

import click

from vong.cli.evidence import read_evidence
from vong.cli.job_progress import follow
from vong.cli.output import emit, json_option
from vong.cli.params import FilePath, Group
from vong.cli.registry_exports import COMMANDS
from vong.client import Client
from vong.records.lineage import LineageNode

VERSION_COLUMNS = ["ref", "number", "kind", "format", "bytes", "licence", "base", "dataset", "run", "created_at"]


@click.group(cls=Group)
def group() -> None:
    """Manage model versions, aliases and lineage. REF is NAME, NAME@NUMBER, NAME@HASH or NAME:ALIAS."""


for command in COMMANDS:
    group.add_command(command)


@group.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all models with their newest version and aliases."""
    models = Client().registry.models(limit=500)
    if as_json:
        emit(models, True)
        return
    rows = [
        {
            "name": model["name"],
            "versions": model["versions"],
            "newest": model["newest"]["hash"][:12],
            "kind": model["newest"]["kind"],
            "format": model["newest"]["format"],
            "aliases": " ".join(f"{alias}={ref}" for alias, ref in model["aliases"].items()),
        }
        for model in models
    ]
    emit(rows, False)


@group.command()
@click.argument("ref")
@json_option
def show(ref: str, as_json: bool) -> None:
    """Show one version, and the versions and aliases of its model."""
    client = Client()
    version = client.registry.get(ref)
    if as_json:
        emit(version.model_dump(mode="json") | {"ref": version.ref}, True)
        return
    emit(version.model_dump(mode="json") | {"ref": version.ref}, False, VERSION_COLUMNS)
    click.echo("\nversions")
    others = [other.model_dump(mode="json") | {"ref": other.ref} for other in client.registry.versions(version.name)]
    emit(others, False, ["ref", "number", "kind", "dataset", "created_at"])
    click.echo("\nalias changes, newest first")
    emit(
        client.registry.aliases(version.name, history=True),
        False,
        ["alias", "model", "reason", "moved_by", "created_at"],
    )


@group.command("import")
@click.argument("source", default="shipped:smollm2-135m-instruct")
@click.option("--name", help="Name of the model; the bundled model has its own.")
@click.option("--licence", help="License of the weights as an SPDX identifier.")
@click.option("--convert/--no-convert", default=True, help="Also convert a GGUF to safetensors, for training.")
@click.option(
    "--upload", is_flag=True, help="Upload a folder or file of this machine.  [default: a path of the server]"
)
@click.option("--detach", is_flag=True, help="Return at once, without following the job.")
@json_option
def import_(
    source: str, name: str | None, licence: str | None, convert: bool, upload: bool, detach: bool, as_json: bool
) -> None:
    """Import a base model.

    SOURCE is the bundled model, OWNER/NAME of a hub (with @REVISION or /FILE.gguf), ollama:NAME, or a path on the
    worker's machine: a folder, a GGUF file or a Modelfile.
    """
    client = Client()
    if upload:
        if not name:
            raise click.UsageError("--upload needs --name")
        if not Path(source).exists():
            raise click.BadParameter(f"{source!r} does not exist on this machine", param_hint="SOURCE")
        job = client.registry.upload_model(Path(source), name=name, licence=licence, convert=convert)
    else:
        job = client.registry.import_model(source, name=name, licence=licence, convert=convert)
    emit(job if detach else follow(client, job).result, as_json, ["id", "status"] if detach else ())


@group.command()
@click.argument("name")
@click.argument("alias")
@click.argument("ref")
@click.option("--reason", help="Reason; `prod` requires this or evidence.")
@click.option(
    "--evidence",
    type=FilePath(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with evidence for the change.",
)
@json_option
def alias(name: str, alias: str, ref: str, reason: str | None, evidence: Path | None, as_json: bool) -> None:
    """Point ALIAS of the model NAME at the version REF."""
    proof = read_evidence(evidence) if evidence else None
    moved = Client().registry.set_alias(name, alias, ref, evidence=proof, reason=reason)
    emit(moved, as_json, ["name", "alias", "model", "reason", "moved_by"])


@group.command()
@click.argument("of")
@json_option
def lineage(of: str, as_json: bool) -> None:
    """Show both directions from OF: an answer (its span id), a model, a dataset (refs) or a row (row:HASH)."""
    lineage_ = Client().registry.lineage(of)
    if as_json:
        emit(lineage_, True)
        return
    for title, node in (("origins", lineage_.backwards), ("uses", lineage_.forwards)):
        if node:
            click.echo(title)
            click.echo("\n".join(render_tree(node)))


def render_tree(node: LineageNode, *, indent: str | None = None) -> list[str]:
    """Return a lineage tree as text, one node per line."""
    lines = [] if indent is not None else [describe_node(node)]
    indent = indent or ""
    for position, child in enumerate(node.children):
        is_last = position == len(node.children) - 1 and not node.more
        lines.append(f"{indent}{'└─ ' if is_last else '├─ '}{describe_node(child)}")
        lines += render_tree(child, indent=f"{indent}{'   ' if is_last else '│  '}")
    if node.more:
        lines.append(f"{indent}└─ … {node.more} more rows")
    return lines


def describe_node(node: LineageNode) -> str:
    """Return one node on one line."""
    detail = ", ".join(f"{name} {value}" for name, value in node.detail.items() if value not in (None, "", {}))
    ref = node.ref if node.ref.startswith(f"{node.kind}:") else f"{node.kind} {node.ref}"
    return f"{ref}{f' {node.title}' if node.title else ''}{f' ({detail})' if detail else ''}"
