"""Commands to list models and call them."""

import sys
from typing import Any

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import TEXT
from vong.client import Client


@group.command()
@json_option
def models(as_json: bool) -> None:
    """List all names that the `model` field of a request may have."""
    emit(Client().gateway.models(), as_json)


@group.command("chat")
@click.argument("text", type=TEXT)
@click.option("--model", required=True, help="A route, deployment/NAME or PROVIDER/MODEL.")
@click.option("--stream", is_flag=True, help="Print the answer while it is generated.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Maximum tokens of the answer.")
@json_option
def chat(text: str, model: str, stream: bool, max_tokens: int | None, as_json: bool) -> None:
    """Call a model and show its answer and the recorded span."""
    client = Client()
    params: dict[str, Any] = {"max_tokens": max_tokens} if max_tokens else {}
    if stream and not as_json:
        streamed = client.gateway.stream(model, text, **params)
        for text_chunk in streamed:
            click.echo(text_chunk, nl=False)
            sys.stdout.flush()
        click.echo()
        answer = streamed.answer
    else:
        answer = client.gateway.chat(model, text, **params)
        if as_json:
            emit(answer, True)
        else:
            click.echo(answer.text)
    usage = answer.usage
    print_message(f"span {answer.span_id} · {answer.model} · {usage.input_tokens} + {usage.output_tokens} tokens")
