"""Prices of deployments: from the price of the machine per hour and the measured speed, unless a price is set.

A completion costs the machine time that it used. An engine with several completions divides its time among them, so
that the costs of all calls add up to the price of the time in which the engine was busy.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from vong import serving
from vong.config import PriceSettings, Settings
from vong.gateway.pricing.prices import ModelPrice
from vong.gateway.pricing.store import CustomPrice, list_prices
from vong.gateway.routing.catalog import DEPLOYMENT
from vong.records import Deployment
from vong.records.deployment_load import DeploymentLoad, DeploymentPrice

FREE = PriceSettings(input=0.0, output=0.0)
UNSET_NOTE = "calls cost nothing: machine_price_per_hour is not set in vong.toml"
UNKNOWN_NOTE = "the price is known after the first completion"


def compute_price(load: DeploymentLoad | None, price_per_hour: float | None) -> PriceSettings | None:
    """Return the price per million tokens of a deployment. Returns None if its speed was not measured yet.

    Tokens from the prefix cache are free, because they need no computation.
    """
    if not price_per_hour:
        return FREE
    output_speed = load.output_speed if load else None
    prompt_speed = (load.prompt_speed if load else None) or output_speed
    if load is None or not output_speed or not prompt_speed:
        return None
    per_million = price_per_hour / 3600 * 1_000_000
    return PriceSettings(
        input=round(per_million / prompt_speed, 6), output=round(per_million / output_speed, 6), cached=0.0
    )


def catalog_prices(connection: Connection, settings: Settings) -> dict[str, ModelPrice]:
    """Return the computed prices of the project's deployments by target, except those set in vong.toml."""
    found: dict[str, ModelPrice] = {}
    for deployment in serving.list_deployments(connection, limit=500):
        target = f"{DEPLOYMENT}/{deployment.name}"
        price = compute_price(deployment.load, settings.machine_price_per_hour)
        if price is not None and target not in settings.prices:
            found[target] = ModelPrice.from_settings(price)
    return found


def list_all_prices(connection: Connection, settings: Settings) -> list[CustomPrice]:
    """Return the prices that are set, and the computed ones of other deployments, by target."""
    by_target = {price.target: price for price in list_prices(connection, settings.prices)}
    for deployment in serving.list_deployments(connection, limit=500) if settings.machine_price_per_hour else ():
        target = f"{DEPLOYMENT}/{deployment.name}"
        price = compute_price(deployment.load, settings.machine_price_per_hour)
        if price is not None and target not in by_target:
            by_target[target] = CustomPrice(target=target, source="measured", **price.model_dump(exclude_none=True))
    return [by_target[target] for target in sorted(by_target)]


def with_prices(connection: Connection, deployments: Sequence[Deployment], settings: Settings) -> list[Deployment]:
    """Return deployments with the prices of their tokens."""
    custom = {price.target: price for price in list_prices(connection, settings.prices)}
    return [
        deployment.model_copy(update={"price": _describe_price(deployment, settings, custom)})
        for deployment in deployments
    ]


def _describe_price(deployment: Deployment, settings: Settings, custom: Mapping[str, CustomPrice]) -> DeploymentPrice:
    own = custom.get(f"{DEPLOYMENT}/{deployment.name}")
    if own is not None:
        cached = own.input if own.cached is None else own.cached
        place = "vong.toml" if own.source == "settings" else "the prices of the project"
        return DeploymentPrice(
            input=own.input, output=own.output, cached=cached, source=own.source, note=f"set in {place}"
        )
    per_hour = settings.machine_price_per_hour
    price = compute_price(deployment.load, per_hour)
    if per_hour is None:
        return DeploymentPrice(input=0.0, output=0.0, cached=0.0, source="unset", note=UNSET_NOTE)
    if price is None:
        return DeploymentPrice(input=None, output=None, source="measured", note=UNKNOWN_NOTE)
    note = f"machine_price_per_hour of {per_hour:g} dollars divided by the measured tokens per hour"
    return DeploymentPrice(input=price.input, output=price.output, cached=0.0, source="measured", note=note)
