"""What models cost a project, as it says itself: every server hears of a change."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from vong.config import PriceSettings
from vong.errors import NotFound, nearest
from vong.gateway import tables
from vong.gateway.pricing.prices import ModelPrice
from vong.records import now
from vong.records.route import check_target_name

DEAREST = 1e9
"""US dollars for a million tokens, at most: a call's cost must fit into a number that is stored."""


class PriceUpdate(PriceSettings):
    """What a target costs, in US dollars for a million tokens. Kinds of tokens that are not given cost as other input
    or output.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    target: str = Field(min_length=3, max_length=500, description="deployment/NAME or PROVIDER/MODEL.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if any(amount > DEAREST for amount in self.amounts().values()):
            raise ValueError(f"a price is at most {DEAREST:,.0f} dollars for a million tokens")
        return self

    def amounts(self) -> dict[str, float]:
        """What was given."""
        return self.model_dump(include=set(PriceSettings.model_fields), exclude_none=True)


class CustomPrice(PriceUpdate):
    """A price of your own: `settings` is vong.toml, which a `stored` one of the project wins over."""

    source: Literal["settings", "stored"]
    updated_at: datetime | None = None


def put_price(
    connection: Connection, wanted: PriceUpdate, check: Callable[[str], None] = check_target_name
) -> CustomPrice:
    """Say what a target costs, instead of what was said of it before. `check` raises for a target that is not there.
    Servers follow within a second of the commit; what calls have cost before stays.
    """
    check_target_name(wanted.target)
    check(wanted.target)
    amounts, at = wanted.amounts(), now()
    statement = upsert(tables.prices).values({"target": wanted.target, "price": amounts, "updated_at": at})
    columns = tables.prices.c
    key, values = [columns.project_id, columns.target], {"price": amounts, "updated_at": at}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values))
    return _record(wanted.target, amounts, at)


def list_prices(connection: Connection, settings: Mapping[str, PriceSettings] | None = None) -> list[CustomPrice]:
    """The project's own prices by target, and those of the settings that it has not replaced."""
    columns = tables.prices.c
    rows = connection.execute(select(columns.target, columns.price, columns.updated_at))
    found = {row.target: _record(row.target, row.price, row.updated_at) for row in rows}
    for target, price in (settings or {}).items():
        found.setdefault(target, _record(target, price.model_dump(exclude_none=True), None))
    return [found[target] for target in sorted(found)]


def delete_price(connection: Connection, target: str) -> CustomPrice:
    """Forget a stored price: that of the settings holds again, or the published one."""
    stored = {price.target: price for price in list_prices(connection)}
    if target not in stored:
        raise NotFound(f"no stored price of {target!r}", nearest(target, list(stored), "vong gateway prices"))
    connection.execute(delete(tables.prices).where(tables.prices.c.target == target))
    return stored[target]


def own_prices(connection: Connection) -> dict[str, ModelPrice]:
    """The stored prices, as calls are billed by them."""
    return {price.target: ModelPrice.own(price) for price in list_prices(connection)}


def _record(target: str, amounts: Mapping[str, float], at: datetime | None) -> CustomPrice:
    source = "settings" if at is None else "stored"
    return CustomPrice.model_validate({**amounts, "target": target, "source": source, "updated_at": at})
