"""Routes of the custom prices of a project."""

from fastapi import APIRouter

from vong.api.http.dependencies import CurrentUser
from vong.app.deployment_prices import list_all_prices
from vong.app.gateway import target_check
from vong.gateway.pricing import store as price_store
from vong.gateway.pricing.store import CustomPrice, PriceUpdate

routes = APIRouter(prefix="/api/v1/gateway/prices", tags=["gateway"])


@routes.get("")
def list_prices(context: CurrentUser) -> list[CustomPrice]:
    """List prices by target: stored ones, those of vong.toml, and the measured ones of deployments.

    Other targets have catalog prices.
    """
    with context.project_transaction() as connection:
        return list_all_prices(connection, context.platform.settings)


@routes.put("")
def set_price(body: PriceUpdate, context: CurrentUser) -> CustomPrice:
    """Set the price of a target, in US dollars per million tokens. Owners only.

    The price takes precedence over vong.toml and the catalog price, starting with the next call.
    """
    context.require_role()
    with context.project_transaction() as connection:
        known = target_check(context.platform, context.principal.project_id, connection)
        return price_store.set_price(connection, body, known)


@routes.delete("")
def delete_price(target: str, context: CurrentUser) -> CustomPrice:
    """Delete a stored price. Owners only. The price of vong.toml or of the catalog applies again."""
    context.require_role()
    with context.project_transaction() as connection:
        return price_store.delete_price(connection, target)
