"""Commands for custom prices of models."""

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, print_message
from vong.cli.params import parse_finite
from vong.client import Client
from vong.config import PriceSettings

USD_AMOUNT = click.FloatRange(min=0)
TOKEN_TYPES = [name for name in PriceSettings.model_fields if name not in ("input", "output", "cached")]
PRICE_COLUMNS = ["target", "input", "output", "cached", "source", "updated_at"]


@group.group()
def prices() -> None:
    """Manage custom prices of models."""


@prices.command("list")
@json_option
def list_prices(as_json: bool) -> None:
    """List your custom prices in US dollars per million tokens. Catalog prices apply to all other models."""
    emit(Client().gateway.prices(), as_json, PRICE_COLUMNS)


@prices.command("set")
@click.argument("target", metavar="PROVIDER/MODEL")
@click.option("--input", "read", type=USD_AMOUNT, required=True, metavar="USD", help="Price per million input tokens.")
@click.option(
    "--output", type=USD_AMOUNT, default=0.0, metavar="USD", help="Price per million output tokens.  [default: 0]"
)
@click.option(
    "--cached", type=USD_AMOUNT, metavar="USD", help="Price per million cached input tokens.  [default: as input]"
)
@click.option(
    "--token-type",
    "token_prices",
    metavar="TYPE=USD",
    multiple=True,
    help=f"Price of a token type; TYPE is one of: {', '.join(TOKEN_TYPES)}; repeatable.",
)
@json_option
def set_price(
    target: str, read: float, output: float, cached: float | None, token_prices: tuple[str, ...], as_json: bool
) -> None:
    """Set the custom price of a model, in US dollars per million tokens. It overrides vong.toml and the catalog."""
    other_prices = dict(map(_parse_token_price, token_prices))
    emit(Client().gateway.set_price(target, input=read, output=output, cached=cached, **other_prices), as_json)


@prices.command("delete")
@click.argument("target", metavar="PROVIDER/MODEL")
@json_option
def delete_price(target: str, as_json: bool) -> None:
    """Delete a custom price."""
    deleted = Client().gateway.delete_price(target)
    if as_json:
        emit(deleted, True)
    else:
        print_message(f"deleted the price of {target}")


def _parse_token_price(text: str) -> tuple[str, float]:
    token_type, _, dollars = text.partition("=")
    if token_type not in TOKEN_TYPES:
        raise click.BadParameter(f"unknown token type {token_type!r}; use one of: {', '.join(TOKEN_TYPES)}")
    try:
        return token_type, parse_finite(dollars)
    except ValueError:
        raise click.BadParameter(f"{text!r}: write TYPE=USD, for example cache_write=3.75") from None
