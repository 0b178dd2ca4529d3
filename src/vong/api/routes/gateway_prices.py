"""Routes of what models cost the project, as it says itself."""

from fastapi import APIRouter

from vong.api.http.dependencies import Call
from vong.app.gateway import check
from vong.gateway.pricing.store import CustomPrice, PriceUpdate, delete_price, list_prices, put_price

routes = APIRouter(prefix="/api/v1/gateway/prices", tags=["gateway"])


@routes.get("")
def prices(call: Call) -> list[CustomPrice]:
    """Your own prices by target, from vong.toml and stored; published ones hold for all other targets."""
    with call.scope() as connection:
        return list_prices(connection, call.platform.settings.prices)


@routes.put("")
def set_price(wanted: PriceUpdate, call: Call) -> CustomPrice:
    """Say what a target costs, in US dollars for a million tokens; for owners. It wins over vong.toml and over the
    published price, from the next calls on.
    """
    call.must()
    with call.scope() as connection:
        return put_price(connection, wanted, check(call.platform, call.principal.project_id, connection))


@routes.delete("")
def remove_price(target: str, call: Call) -> CustomPrice:
    """Forget a stored price; for owners. That of vong.toml holds again, or the published one."""
    call.must()
    with call.scope() as connection:
        return delete_price(connection, target)
