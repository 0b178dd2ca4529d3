"""SQL of custom prices of a project."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.config import PriceSettings
from vong.errors import NotFound, did_you_mean
from vong.gateway import tables
from vong.gateway.pricing.prices import ModelPrice
from vong.records import now
from vong.records.route import check_target_name

MAX_PRICE_USD = 1e9
"""Maximum price in US dollars per million tokens. The cost of a call must fit into the stored integer."""


class PriceUpdate(PriceSettings):
    """Price of a target in US dollars per million tokens.

    Omitted token types cost as much as other input or output tokens.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    target: str = Field(min_length=3, max_length=500, description="deployment/NAME or PROVIDER/MODEL.")

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if any(amount > MAX_PRICE_USD for amount in self.amounts().values()):
            raise ValueError(f"a price exceeds {MAX_PRICE_USD:,.0f} dollars per million tokens")
        return self

    def amounts(self) -> dict[str, float]:
        """Return the amounts that are set."""
        return self.model_dump(include=set(PriceSettings.model_fields), exclude_none=True)


class CustomPrice(PriceUpdate):
    """Custom price. `source` is `settings` for vong.toml, or `stored` for the project, which takes precedence.

    The price of a deployment is `measured` if it is computed from the price of the machine and the measured speed.
    """

    source: Literal["settings", "stored", "measured"]
    updated_at: datetime | None = None


def set_price(
    connection: Connection, update: PriceUpdate, check: Callable[[str], None] = check_target_name
) -> CustomPrice:
    """Set the custom price of a target.

    `check` raises for an unknown target. Servers apply the price within a second of the commit. The cost of earlier
    calls does not change.
    """
    check_target_name(update.target)
    check(update.target)
    amounts, updated_at = update.amounts(), now()
    statement = upsert(tables.prices).values({"target": update.target, "price": amounts, "updated_at": updated_at})
    columns = tables.prices.c
    primary_key, changed = [columns.project_id, columns.target], {"price": amounts, "updated_at": updated_at}
    connection.execute(statement.on_conflict_do_update(index_elements=primary_key, set_=changed))
    return _to_custom_price(update.target, amounts, updated_at)


def list_prices(connection: Connection, settings: Mapping[str, PriceSettings] | None = None) -> list[CustomPrice]:
    """Return the stored prices by target, and those of the settings that the project has not replaced."""
    columns = tables.prices.c
    rows = connection.execute(select(columns.target, columns.price, columns.updated_at))
    price_by_target = {row.target: _to_custom_price(row.target, row.price, row.updated_at) for row in rows}
    for target, price in (settings or {}).items():
        price_by_target.setdefault(target, _to_custom_price(target, price.model_dump(exclude_none=True), None))
    return [price_by_target[target] for target in sorted(price_by_target)]


def delete_price(connection: Connection, target: str) -> CustomPrice:
    """Delete a stored price. The price of the settings applies again, or the catalog price."""
    stored = {price.target: price for price in list_prices(connection)}
    if target not in stored:
        raise NotFound(
            f"no custom price is stored for {target!r}", did_you_mean(target, list(stored), "vong gateway prices list")
        )
    connection.execute(delete(tables.prices).where(tables.prices.c.target == target))
    return stored[target]


def load_custom_prices(connection: Connection) -> dict[str, ModelPrice]:
    """Return the stored prices in the form that computes costs."""
    return {price.target: ModelPrice.from_settings(price) for price in list_prices(connection)}


def training_price(
    connection: Connection, target: str, settings: Mapping[str, PriceSettings] | None = None
) -> float | None:
    """Return the price of training tokens of a target in US dollars per million, or None if it is unknown."""
    return next((price.training for price in list_prices(connection, settings) if price.target == target), None)


def _to_custom_price(target: str, amounts: Mapping[str, float], at: datetime | None) -> CustomPrice:
    source = "settings" if at is None else "stored"
    return CustomPrice.model_validate({**amounts, "target": target, "source": source, "updated_at": at})
