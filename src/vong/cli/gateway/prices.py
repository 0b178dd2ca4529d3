"""Prices: what models cost you."""

import click

from vong.cli.gateway.group import group
from vong.cli.output import emit, json_option, note
from vong.client import Client
from vong.config import PriceSettings

DOLLARS = click.FloatRange(min=0)
KINDS = [name for name in PriceSettings.model_fields if name not in ("input", "output", "cached")]
PRICE = ["target", "input", "output", "cached", "source", "updated_at"]


@group.command()
@json_option
def prices(as_json: bool) -> None:
    """Your own prices, in US dollars for a million tokens; published ones hold for all other models."""
    emit(Client().gateway.prices(), as_json, PRICE)


@group.group()
def price() -> None:
    """A price of your own: set, remove."""


@price.command("set")
@click.argument("target", metavar="PROVIDER/MODEL")
@click.option("--input", "read", type=DOLLARS, required=True, metavar="USD", help="For a million input tokens.")
@click.option("--output", type=DOLLARS, default=0.0, metavar="USD", help="For a million output tokens.  [default: 0]")
@click.option(
    "--cached", type=DOLLARS, metavar="USD", help="Input read from the provider's cache.  [default: as input]"
)
@click.option(
    "--kind", "kinds", metavar="KIND=USD", multiple=True, help=f"KIND is one of: {', '.join(KINDS)}; several."
)
@json_option
def set_price(
    target: str, read: float, output: float, cached: float | None, kinds: tuple[str, ...], as_json: bool
) -> None:
    """Say what a model costs you, in US dollars for a million tokens: it wins over vong.toml and published prices."""
    more = dict(map(_kind, kinds))
    emit(Client().gateway.put_price(target, input=read, output=output, cached=cached, **more), as_json)


@price.command("remove")
@click.argument("target", metavar="PROVIDER/MODEL")
def remove_price(target: str) -> None:
    """Forget a stored price."""
    Client().gateway.delete_price(target)
    note(f"removed the price of {target}")


def _kind(text: str) -> tuple[str, float]:
    kind, _, dollars = text.partition("=")
    if kind not in KINDS:
        raise click.BadParameter(f"{kind!r} is none of: {', '.join(KINDS)}")
    try:
        return kind, float(dollars)
    except ValueError:
        raise click.BadParameter(f"{text!r}: write KIND=USD, e.g. cache_write=3.75") from None
