"""Calls that nobody waits for: they give way to those that somebody does."""

import asyncio

from vong.errors import Unavailable
from vong.gateway.routing.catalog import DEPLOYMENT, RoutePlan
from vong.gateway.routing.load import TargetLoad

AT_ONCE = 16
"""Such calls under way to one target from one server, where no cap of a route says less."""
PATIENCE = 30.0
"""Seconds that one waits for room before it is sent back to try again later."""
PAUSE = 0.05


def shelf(way: RoutePlan) -> str:
    """What the calls are counted by: the target that comes first where somebody wrote it down, else its provider, so
    that there are no more of them than there are routes, deployments and providers.
    """
    first = way.targets[0]
    return f"background {first if way.route or first.startswith(f'{DEPLOYMENT}/') else first.partition('/')[0]}"


async def room(way: RoutePlan, own: TargetLoad, target: TargetLoad | None) -> None:
    """Wait until the target has room: fewer than half of what its cap allows are under way and nobody waits for a turn,
    and of `own` kind there are not too many. Unavailable where there is none for long.
    """
    cap = way.route.policy.cap if way.route and way.route.policy else None
    most = max(1, cap.at_once // 2) if cap else AT_ONCE
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    while own.busy >= most or (cap and target and (target.waiting or target.busy >= most)):
        if loop.time() >= until:
            message = f"others come first at {way.targets[0]!r}, which has no room for a call that nobody waits for"
            raise Unavailable(message, "try again in a moment")
        await asyncio.sleep(PAUSE)
    await own.enter(None)
