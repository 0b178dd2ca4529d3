"""Commands of pipeline templates and imports. Part of `vong pipelines`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from vong.cli.output import emit, json_option, print_message
from vong.cli.params import Command, FilePath
from vong.client import Client

TEMPLATE_COLUMNS = ["name", "title", "model", "bases"]
NODE_COLUMNS = ["status", "type", "title", "step"]


@click.command("templates", cls=Command)
@json_option
def list_templates(as_json: bool) -> None:
    """List the templates of pipelines."""
    found = Client().pipelines.templates()
    if as_json:
        emit(found, True)
        return
    emit([{**one, "bases": " ".join(one["bases"])} for one in found], False, TEMPLATE_COLUMNS)


@click.command("runnables", cls=Command)
@json_option
def list_runnables(as_json: bool) -> None:
    """List the Python objects in the folder `apps` of the server that a step may call."""
    emit(Client().pipelines.runnables(), as_json, ["function", "kind", "description", "error"])


@click.command("import-dify", cls=Command)
@click.argument("file", type=FilePath(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the pipeline.  [default: that of the application]")
@click.option("--model", help="Model for all steps whose model --map-model does not name.")
@click.option("--map-model", multiple=True, metavar="OLD=NEW", help="Model in place of PROVIDER/NAME; repeatable.")
@click.option("--map-base", multiple=True, metavar="ID=BASE", help="Knowledge base of a data set; repeatable.")
@click.option("--out", type=FilePath(dir_okay=False, path_type=Path), help="Write the pipeline to this file only.")
@json_option
def import_dify(
    file: Path,
    name: str | None,
    model: str | None,
    map_model: tuple[str, ...],
    map_base: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Import the Dify export FILE (DSL) as a pipeline, and list what became of each node.

    Nodes that have no counterpart become steps that fail with advice, so that the graph stays whole.
    """
    result = Client().pipelines.import_dify(
        file.read_text(encoding="utf-8-sig"),
        name=name,
        model=model,
        models=_read_pairs(map_model, "--map-model"),
        bases=_read_pairs(map_base, "--map-base"),
        store=out is None,
    )
    if out is not None:
        from vong.pipelines.definition import parse_definition, to_yaml

        out.write_text(to_yaml(parse_definition(result["report"]["definition"])), encoding="utf-8")
    if as_json:
        emit(result, True)
        return
    report = result["report"]
    emit(report["nodes"], False, NODE_COLUMNS)
    for line in _advice_lines(report):
        print_message(line)
    version = result["version"]
    done = f"stored as {version['name']}@{version['number']}" if version else f"written to {out}"
    replaced = sum(node["status"] == "replaced" for node in report["nodes"])
    print_message(f"{done}; {replaced} of {len(report['nodes'])} nodes must be replaced before the pipeline runs")


def _advice_lines(report: dict[str, Any]) -> Iterable[str]:
    for node in report["nodes"]:
        for advice in node["advice"]:
            yield f"{node['step'] or node['title'] or node['id']}: {advice}"
    yield from report["advice"]


def _read_pairs(pairs: tuple[str, ...], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        old, _, new = pair.partition("=")
        if not old or not new:
            raise click.BadParameter(f"{pair!r} is no pair OLD=NEW", param_hint=option)
        found[old] = new
    return found


def read_template(name: str, model: str | None = None) -> str:
    """Return a template as YAML, and report what it needs but this server does not have."""
    details = Client().pipelines.template(name, model=model)
    for need in details["needs"]:
        if not need["available"]:
            print_message(f"the {need['kind']} {need['name']!r} does not exist yet; make it with:")
            for command in need["commands"]:
                print_message(f"  {command}")
    return details["yaml"]


def read_runnable(function: str) -> str:
    """Return a pipeline that calls a Python object of the server, as YAML."""
    return Client().pipelines.runnable(function)["yaml"]


COMMANDS = (list_templates, list_runnables, import_dify)
