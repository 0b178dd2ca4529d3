"""Every model behind one endpoint: authenticate, route, call, stream, account.

In: requests in OpenAI's shape whose `model` names a route, `deployment/NAME` or `PROVIDER/MODEL`. Out: the answer of
the model that was chosen, and one span per call with the versions that answered.
"""

from vong.gateway.routing.store import (
    choose,
    delete_route,
    get_route,
    list_routes,
    put_route,
    route_history,
    set_weights,
)

__all__ = [
    "choose",
    "delete_route",
    "get_route",
    "list_routes",
    "put_route",
    "route_history",
    "set_weights",
]
