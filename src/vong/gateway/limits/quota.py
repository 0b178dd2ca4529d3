"""What a server holds of a limit, what one call has reserved of it, and why it is refused."""

import asyncio
import threading
import time
from dataclasses import dataclass, field
from math import inf
from uuid import UUID

from vong.errors import BudgetExceeded, RateLimitExceeded, VongError
from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.store import resets
from vong.records import now
from vong.records.limit import Limit

DOLLAR = 1_000_000
"""What budgets are counted in, of one."""


@dataclass(slots=True)
class LocalQuota:
    """What this server holds of a place: `available` for new calls, `reserved` by those under way, `owed` by those
    whose cost waits on disk; `consumed` is used and not yet reported. `free` is what nobody held when last asked.
    """

    project_id: UUID
    limit: Limit
    place: CounterKey
    available: int = 0
    reserved: int = 0
    owed: int = 0
    consumed: int = 0
    free: int = 0
    ends: float = inf
    """When the next time begins in which is counted anew, in seconds since 1970."""
    taken_at: float = 0.0
    alive_at: float = 0.0
    asking: asyncio.Task[int] | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: threading.Lock = field(default_factory=threading.Lock)
    """Held from reading what is held until the database knows: a report that overtakes a grant would undo it."""

    @property
    def held(self) -> int:
        """All that is not anybody else's."""
        return self.available + self.reserved + self.owed

    @property
    def remaining(self) -> int:
        """What is left, as far as this server knows."""
        return max(0, self.available + self.free)


Hold = tuple[LocalQuota, int]
"""So much is reserved in that share for one call."""


@dataclass(slots=True)
class Reservation:
    """What one call has reserved."""

    holds: list[Hold]
    cap: int | None = None

    def headers(self) -> dict[str, str]:
        """Limits as OpenAI tells them, of each kind the tightest, and what is left of the budget in US dollars."""
        found, tightest = dict[str, str](), dict[str, LocalQuota]()
        for share, _ in self.holds:
            other = tightest.get(share.limit.what)
            if other is None or share.remaining < other.remaining:
                tightest[share.limit.what] = share
        for what, share in tightest.items():
            limit = share.limit
            left = max(0.0, share.ends - time.time()) if share.ends < inf else None
            if what == "cost":
                left_over = share.remaining
                found["x-vong-budget-limit"] = f"{limit.amount // DOLLAR}.{limit.amount % DOLLAR:06d}"
                found["x-vong-budget-remaining"] = f"{left_over // DOLLAR}.{left_over % DOLLAR:06d}"
                if left is not None:
                    found["x-vong-budget-reset"] = f"{left:.0f}s"
            else:
                found[f"x-ratelimit-limit-{what}"] = str(limit.amount)
                found[f"x-ratelimit-remaining-{what}"] = str(share.remaining)
                if left is not None:
                    found[f"x-ratelimit-reset-{what}"] = f"{left:.3f}s"
        return found


def refusal(share: LocalQuota, amount: int) -> VongError:
    """Why a share does not cover an amount, and when it may."""
    limit, reset = share.limit, resets(share.limit.per, now())
    whom = limit.on if limit.on == "project" else f"{limit.on} {share.place.subject!r}"
    again = f"it begins anew at {reset:%Y-%m-%d %H:%M} UTC" if reset else "it does not begin anew"
    if limit.what == "cost":
        left, need, bound = (f"${number / 1e6:.6f}" for number in (share.remaining, amount, limit.amount))
        message = (
            f"of the budget of {bound} per {limit.per} on the {whom} {left} is left, and this call may cost {need}"
        )
        hint = f"{again}; set a smaller max_tokens, or ask an owner: vong gateway budgets"
        return BudgetExceeded(message.replace(" per ever", " in all"), hint)
    if limit.what == "concurrency":
        message = f"{limit.amount} calls at once are allowed on the {whom}, and so many are under way"
        error = RateLimitExceeded(message, "try again when one has ended")
        error.retry_after, error.limit = 1, limit.what
        return error
    message = f"{limit.amount} {limit.what} per {limit.per} are allowed on the {whom}, and {share.remaining} are left"
    error = RateLimitExceeded(
        f"{message} of the {amount} that this call may need", f"{again}; or ask: vong gateway limits"
    )
    error.limit = limit.what
    error.retry_after = max(1, int((reset - now()).total_seconds()) + 1) if reset else None
    return error
