"""Commands for providers: the APIs that answer model calls."""

from typing import Any, TextIO

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.client import Client

PROVIDER_COLUMNS = ["name", "kind", "source", "base_url", "key"]


@group.group()
def providers() -> None:
    """Manage providers: the APIs that answer model calls."""


@providers.command("list")
@click.option("--probe", is_flag=True, help="Also call each provider and show whether it is reachable.")
@json_option
def list_providers(probe: bool, as_json: bool) -> None:
    """List every provider, from vong.toml and stored."""
    columns = ["reachable", "models", "error"] if probe else ["timeout", "updated_at"]
    emit(Client().gateway.providers(probe=probe), as_json, [*PROVIDER_COLUMNS, *columns])


@providers.command("show")
@click.argument("name")
@json_option
def show_provider(name: str, as_json: bool) -> None:
    """Show one provider, without its API key."""
    emit(Client().gateway.provider(name), as_json)


@providers.command("set")
@click.argument("name")
@click.option(
    "--kind",
    default="openai",
    show_default=True,
    help="openai (any API in its format), anthropic, gemini, bedrock, groq …: see the guide on providers.",
)
@click.option("--base-url", help="Base URL: http(s)://HOST[:PORT]/PATH.")
@click.option("--api-key-file", type=click.File(), help="File with the API key; - reads stdin.")
@click.option("--ask-key", is_flag=True, help="Prompt for the API key.")
@click.option("--no-key", is_flag=True, help="Delete the stored API key.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=120.0,
    show_default=True,
    help="Timeout of a complete response, and of a stream without data, in seconds.",
)
@click.option("--model", "models", multiple=True, help="Model to list instead of those that the API lists; repeatable.")
@json_option
def set_provider(
    name: str, api_key_file: TextIO | None, ask_key: bool, no_key: bool, as_json: bool, **fields: Any
) -> None:
    """Create or update a provider. The key is encrypted and never shown; without a key option it stays unchanged."""
    if sum(map(bool, (api_key_file, ask_key, no_key))) > 1:
        raise click.UsageError("use only one of --api-key-file, --ask-key and --no-key")
    if api_key_file or ask_key:
        fields["api_key"] = (api_key_file.read() if api_key_file else click.prompt("API key", hide_input=True)).strip()
    elif no_key:
        fields["api_key"] = None
    fields["models"] = list(fields["models"])
    emit(Client().gateway.set_provider(name, **fields), as_json, [*PROVIDER_COLUMNS, "timeout", "listed"])


@providers.command("delete")
@click.argument("name")
@json_option
def delete_provider(name: str, as_json: bool) -> None:
    """Delete a stored provider with its API key."""
    deleted = Client().gateway.delete_provider(name)
    if as_json:
        emit(deleted, True)
    else:
        print_message(f"deleted {name}")


@providers.command("test")
@click.argument("name")
@json_option
def test_provider(name: str, as_json: bool) -> None:
    """Probe a provider by listing its models. Exit code 1 if it is unreachable."""
    result = Client().gateway.test_provider(name)
    emit(result, as_json)
    if not result["reachable"]:
        raise click.exceptions.Exit(1)
