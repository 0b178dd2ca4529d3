"""Commands of `vong prompts`: versioned prompts, their labels and branches."""

import json
from pathlib import Path
from typing import Any

import click

from vong.cli import prompts_branches, prompts_labels, prompts_optimiser, prompts_red_team, prompts_statistics
from vong.cli.output import emit, json_option, print_message, table
from vong.cli.params import TEXT, FilePath, Group
from vong.cli.prompts_files import read_template, read_values
from vong.client import Client
from vong.errors import InvalidInput
from vong.prompts.documents import to_yaml
from vong.records.prompt import PromptVersion, RenderedPrompt

VERSION_COLUMNS = ["number", "ref", "branch", "message", "created_by", "created_at"]
FORMATS = ["auto", "langfuse", "langchain", "openai"]
INPUT_FILE = FilePath(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


@click.group(cls=Group)
def group() -> None:
    """Manage versioned prompts. REF is NAME (its label prod or newest), NAME@NUMBER, NAME@HASH or NAME:LABEL."""


for command in (
    *prompts_labels.COMMANDS,
    *prompts_branches.COMMANDS,
    *prompts_red_team.COMMANDS,
    *prompts_optimiser.COMMANDS,
    *prompts_statistics.COMMANDS,
):
    group.add_command(command)


@group.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all prompts with their newest version and labels."""
    found = Client().prompts.prompts()
    if as_json:
        emit(found, True)
        return
    rows = [
        {
            **one.model_dump(mode="json"),
            "labels": " ".join(f"{label}={ref.partition('@')[2]}" for label, ref in one.labels.items()),
            "variables": " ".join(one.variables),
        }
        for one in found
    ]
    table(rows, ["name", "versions", "newest", "labels", "variables", "model", "updated_at"])


@group.command()
@click.argument("name")
@click.option("--file", "file", type=INPUT_FILE, required=True, help="YAML or JSON file, or - for the input.")
@click.option("--branch", default="main", show_default=True, help="Branch that gets the version.")
@click.option("--message", "-m", default="", type=TEXT, help="What changed.")
@click.option("--base", metavar="REF", help="Version that the file was made from; fails if the branch has another one.")
@json_option
def create(name: str, file: Path, branch: str, message: str, base: str | None, as_json: bool) -> None:
    """Create the prompt NAME from a file, or add a version. Equal content keeps its version."""
    version = Client().prompts.create(name, read_template(file), branch=branch, message=message, base=base)
    print_version(version, as_json)


@group.command("import")
@click.argument("name")
@click.option("--file", "file", type=INPUT_FILE, required=True, help="JSON file, or - for the input.")
@click.option("--format", "format", type=click.Choice(FORMATS), default="auto", show_default=True)
@click.option("--branch", default="main", show_default=True)
@click.option("--message", "-m", default="", type=TEXT, help="What changed.")
@json_option
def import_(name: str, file: Path, format: str, branch: str, message: str, as_json: bool) -> None:
    """Add a version from a prompt of Langfuse, LangChain or LangSmith, or the body of a request to OpenAI."""
    document = read_values(file)
    print_version(
        Client().prompts.import_prompt(name, document, format=format, branch=branch, message=message), as_json
    )


@group.command()
@click.argument("ref")
@json_option
def show(ref: str, as_json: bool) -> None:
    """Show a version as YAML. The output is a file for `vong prompts create`."""
    version = Client().prompts.get(ref)
    if as_json:
        emit(version.model_dump(mode="json") | {"ref": version.ref}, True)
        return
    print_message(f"{version.ref} (version {version.number}, branch {version.branch}) {version.message}".rstrip())
    click.echo(to_yaml(version.template), nl=False)


@group.command()
@click.argument("name")
@click.option("--branch", help="Only versions that were created on this branch.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@json_option
def versions(name: str, branch: str | None, limit: int, as_json: bool) -> None:
    """List the versions of NAME, newest first."""
    found = Client().prompts.versions(name, branch=branch, limit=limit)
    emit([one.model_dump(mode="json") | {"ref": one.ref} for one in found], as_json, VERSION_COLUMNS)


@group.command()
@click.argument("name")
@click.argument("old")
@click.argument("new")
@click.option("--fields", is_flag=True, help="Print the changed fields instead of the text.")
@json_option
def diff(name: str, old: str, new: str, fields: bool, as_json: bool) -> None:
    """Compare the versions OLD and NEW of the prompt NAME, each a number, hash, label or ref."""
    found = Client().prompts.diff(name, old, new)
    if as_json:
        emit(found, True)
    elif fields:
        emit([one.model_dump(mode="json") for one in found.changes], False, ["field", "kind", "old", "new"])
    else:
        click.echo(found.text or "no difference")


@group.command()
@click.argument("ref")
@click.option("--var", "values", multiple=True, metavar="NAME=VALUE", help="Value of a variable; @FILE reads a file.")
@click.option("--vars-file", type=INPUT_FILE, help="YAML or JSON file with values.")
@json_option
def render(ref: str, values: tuple[str, ...], vars_file: Path | None, as_json: bool) -> None:
    """Show a version with all variables filled in. A VALUE is text, or JSON if its variable is not a text."""
    client = Client()
    rendered = client.prompts.render(ref, read_variables(client.prompts.get(ref), values, vars_file))
    if as_json:
        emit(rendered, True)
    else:
        print_rendered(rendered)


@group.command("try")
@click.argument("ref")
@click.option("--var", "values", multiple=True, metavar="NAME=VALUE", help="Value of a variable; @FILE reads a file.")
@click.option("--vars-file", type=INPUT_FILE, help="YAML or JSON file with values.")
@click.option("--model", help="Route or model, instead of that of the prompt.")
@json_option
def try_(ref: str, values: tuple[str, ...], vars_file: Path | None, model: str | None, as_json: bool) -> None:
    """Render a version, call the model and show its answer."""
    client = Client()
    version = client.prompts.get(ref)
    if model is None and version.template.model is None:
        raise InvalidInput(f"the prompt {version.ref} names no model", "pass --model ROUTE, or set model in the prompt")
    answer = client.prompts.call(version.ref, read_variables(version, values, vars_file), model=model)
    if as_json:
        emit(answer, True)
        return
    click.echo(answer.text)
    print_message(f"answered by {answer.model} with {version.ref}, span {answer.span_id}")


@group.command()
@click.argument("name", type=TEXT)
@click.option("--force", is_flag=True, help="Also if a label has a gate; for owners.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(name: str, force: bool, yes: bool, as_json: bool) -> None:
    """Delete the prompt NAME with its versions, labels and comments."""
    client = Client()
    if not yes:
        found = client.prompts.versions(name, limit=1)
        click.confirm(f"Delete {name} with all versions up to {found[0].number}?", abort=True, err=True)
    emit(client.prompts.delete(name, force=force), as_json, ["name", "versions", "newest"])


def print_version(version: PromptVersion, as_json: bool) -> None:
    """Print a stored version."""
    values = version.model_dump(mode="json", exclude={"template"}) | {"ref": version.ref}
    emit(values if not as_json else version.model_dump(mode="json") | {"ref": version.ref}, as_json, VERSION_COLUMNS)


def print_rendered(rendered: RenderedPrompt) -> None:
    """Print the messages of a rendered prompt, then its tools, schema, model and settings."""
    for message in rendered.messages:
        content = message.get("content")
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=2)
        click.echo(f"--- {message['role']}\n{text}")
        if message.get("tool_calls"):
            click.echo(json.dumps(message["tool_calls"], ensure_ascii=False, indent=2))
    rest = rendered.model_dump(mode="json", exclude={"messages"})
    for field, value in rest.items():
        if value:
            click.echo(f"--- {field}\n{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")


def read_variables(version: PromptVersion, values: tuple[str, ...], file: Path | None) -> dict[str, Any]:
    """Return the values of variables from a file and from options. An option replaces the value of the file."""
    variables: dict[str, Any] = read_values(file) if file else {}
    for text in values:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise click.BadParameter(f"{text[:100]!r} is not NAME=VALUE", param_hint="--var")
        if value.startswith("@"):
            value = Path(value[1:]).read_text(encoding="utf-8-sig")
        variables[name] = _parse_value(name, value, version)
    return variables


def _parse_value(name: str, text: str, version: PromptVersion) -> Any:
    """Return the value of a variable: the text, or JSON if the variable is of another type."""
    schema = version.template.variables.get(name)
    type_ = schema.get("type") if schema is not None else "array"  # placeholders need no declaration
    if type_ is None or type_ == "string" or (isinstance(type_, list) and "string" in type_):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text  # the server names the type that it expects
