"""Low-priority calls (batch jobs, shadow calls): they wait until calls of normal priority leave capacity."""

import asyncio

from vong.errors import Unavailable
from vong.gateway.routing.catalog import DEPLOYMENT, RoutePlan
from vong.gateway.routing.load import TargetLoad

MAX_CONCURRENT_CALLS = 16
"""Maximum number of concurrent low-priority calls to one target from one server, unless the cap of a route is lower."""
CAPACITY_TIMEOUT_SECONDS = 30.0
"""Maximum wait for capacity. After it the call is rejected and the client retries later."""
POLL_INTERVAL_SECONDS = 0.05
"""Interval between two checks for capacity."""


def low_priority_load_key(plan: RoutePlan) -> str:
    """Return the key under which low-priority calls are counted.

    The key is the first target if it is configured (of a route, or a deployment), else its provider. The number of
    keys is thereby bounded by the number of routes, deployments and providers.
    """
    first = plan.targets[0]
    return f"background {first if plan.route or first.startswith(f'{DEPLOYMENT}/') else first.partition('/')[0]}"


async def wait_for_capacity(plan: RoutePlan, own_load: TargetLoad, target_load: TargetLoad | None) -> None:
    """Wait until the target has capacity for a low-priority call, then count the call in `own_load`.

    There is capacity if fewer than half of the calls that the cap allows are in flight, no call waits for a slot, and
    the number of low-priority calls is below its maximum. Raises Unavailable on timeout.
    """
    cap = plan.route.policy.cap if plan.route and plan.route.policy else None
    max_in_flight = max(1, cap.max_in_flight // 2) if cap else MAX_CONCURRENT_CALLS
    loop = asyncio.get_running_loop()
    deadline = loop.time() + CAPACITY_TIMEOUT_SECONDS
    while own_load.in_flight >= max_in_flight or (
        cap and target_load and (target_load.queued or target_load.in_flight >= max_in_flight)
    ):
        if loop.time() >= deadline:
            message = f"target {plan.targets[0]!r} is busy; low-priority calls must wait"
            raise Unavailable(message, "try again in a moment")
        await asyncio.sleep(POLL_INTERVAL_SECONDS)
    await own_load.acquire(None)
