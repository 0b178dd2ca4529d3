"""Model gateway: authenticate, route, call, stream and account for model calls behind one endpoint.

In: requests in the formats of OpenAI and Anthropic whose `model` is a route, `deployment/NAME` or `PROVIDER/MODEL`.
Out: the response of the chosen model, and one span per call with the versions that answered.

May import the ground packages (`jobs`, `store`, `records`, `errors`, `config`, `plugins`), never another stage.
"""

from vong.gateway.routing.store import (
    delete_route,
    get_route,
    list_routes,
    pick_weighted,
    route_history,
    set_route,
    set_weights,
)

__all__ = [
    "delete_route",
    "get_route",
    "list_routes",
    "pick_weighted",
    "route_history",
    "set_route",
    "set_weights",
]
