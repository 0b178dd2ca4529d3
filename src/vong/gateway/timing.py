"""How long one waits for an upstream, whatever kind of provider it is."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from vong.errors import UpstreamTimeout

HINT = "raise `timeout` in the policy of the route, or look at the upstream"


@asynccontextmanager
async def within(seconds: float | None, what: str) -> AsyncGenerator[None]:
    """UpstreamTimeout, which says `what` did not happen, where the block takes longer; None waits for ever."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise UpstreamTimeout(f"the upstream {what} within {seconds:g} s", HINT) from None


async def timely(events: AsyncGenerator[bytes], between: float, ends: float | None) -> AsyncGenerator[bytes]:
    """The events, each within `between` seconds of waiting, all before `ends` on the loop's clock. A caller who reads
    slowly does not count against the upstream.
    """
    loop = asyncio.get_running_loop()
    while True:
        left = None if ends is None else ends - loop.time()
        stalls = left is None or between < left
        try:
            async with asyncio.timeout(between if stalls else left):
                batch = await anext(events, None)
        except TimeoutError:
            what = f"said nothing more within {between:g} s" if stalls else "did not finish its answer in time"
            raise UpstreamTimeout(f"the upstream {what}", HINT) from None
        if batch is None:
            return
        yield batch
