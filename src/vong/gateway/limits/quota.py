"""Quota of a limit that this server holds, the reservation of a call, and the error if the quota is exhausted."""

import asyncio
import threading
import time
from dataclasses import dataclass, field
from math import inf
from uuid import UUID

from vong.errors import BudgetExceeded, RateLimitExceeded, VongError
from vong.gateway.limits.leases import CounterKey
from vong.gateway.limits.store import window_end
from vong.records import now
from vong.records.limit import Limit

UNITS_PER_DOLLAR = 1_000_000
"""Budget units of one US dollar."""


@dataclass(slots=True)
class LocalQuota:
    """Quota of one counter that this server holds.

    `available` is for new calls, `reserved` is held by running calls, `held_cost` is the cost of finished calls whose
    ledger rows are in the disk buffer, `unreported` is used and not yet reported. `free` is what no server held at the
    latest grant.
    """

    project_id: UUID
    limit: Limit
    counter_key: CounterKey
    available: int = 0
    reserved: int = 0
    held_cost: int = 0
    unreported: int = 0
    free: int = 0
    expires_at: float = inf
    """End of the window, in seconds since 1970."""
    last_used_at: float = 0.0
    """Time of the latest reservation, on the monotonic clock."""
    confirmed_at: float = 0.0
    """Time of the latest successful report or grant, on the monotonic clock."""
    pending_grant: asyncio.Task[int] | None = None
    """Pending request for a grant."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    report_lock: threading.Lock = field(default_factory=threading.Lock)
    """Held from reading the amounts until the database has stored them: a report that overtakes a grant would undo it.
    """

    @property
    def held(self) -> int:
        """Return the amount that no other server may use."""
        return self.available + self.reserved + self.held_cost

    @property
    def remaining(self) -> int:
        """Return the remaining amount of the limit, as far as this server knows."""
        return max(0, self.available + self.free)


QuotaAmount = tuple[LocalQuota, int]
"""Amount reserved in one quota for one call."""


@dataclass(slots=True)
class Reservation:
    """Amounts that one call has reserved. `max_tokens` is the value that the call is sent with."""

    amounts: list[QuotaAmount]
    max_tokens: int | None = None

    def headers(self) -> dict[str, str]:
        """Return the rate limit headers of OpenAI for the tightest limit of each metric.

        The remaining budget is returned in US dollars.
        """
        headers, tightest = dict[str, str](), dict[str, LocalQuota]()
        for quota, _ in self.amounts:
            tightest_so_far = tightest.get(quota.limit.metric)
            if tightest_so_far is None or quota.remaining < tightest_so_far.remaining:
                tightest[quota.limit.metric] = quota
        for metric, quota in tightest.items():
            limit = quota.limit
            seconds_left = max(0.0, quota.expires_at - time.time()) if quota.expires_at < inf else None
            if metric == "cost":
                remaining = quota.remaining
                headers["x-vong-budget-limit"] = (
                    f"{limit.amount // UNITS_PER_DOLLAR}.{limit.amount % UNITS_PER_DOLLAR:06d}"
                )
                headers["x-vong-budget-remaining"] = (
                    f"{remaining // UNITS_PER_DOLLAR}.{remaining % UNITS_PER_DOLLAR:06d}"
                )
                if seconds_left is not None:
                    headers["x-vong-budget-reset"] = f"{seconds_left:.0f}s"
            else:
                headers[f"x-ratelimit-limit-{metric}"] = str(limit.amount)
                headers[f"x-ratelimit-remaining-{metric}"] = str(quota.remaining)
                if seconds_left is not None:
                    headers[f"x-ratelimit-reset-{metric}"] = f"{seconds_left:.3f}s"
        return headers


def limit_error(quota: LocalQuota, amount: int) -> VongError:
    """Return the error for a call whose amount the quota does not cover, with the time of the reset."""
    limit, reset = quota.limit, window_end(quota.limit.window, now())
    subject = "project" if limit.subject_type == "project" else f"{limit.subject_type} {quota.counter_key.subject!r}"
    reset_hint = f"it resets at {reset:%Y-%m-%d %H:%M} UTC" if reset else "it never resets"
    if limit.metric == "cost":
        left, needed, bound = (f"${number / 1e6:.6f}" for number in (quota.remaining, amount, limit.amount))
        message = (
            f"budget exceeded: the {subject} has {left} of {bound} per {limit.window} left "
            f"and this call may cost up to {needed}"
        )
        hint = f"{reset_hint}; lower max_tokens, or ask an owner to raise the budget (vong gateway budgets list)"
        return BudgetExceeded(message.replace(" per lifetime", " in total"), hint)
    if limit.metric == "concurrency":
        message = f"concurrency limit exceeded: the {subject} may have {limit.amount} concurrent calls"
        error = RateLimitExceeded(message, "retry when a call has finished")
        error.retry_after, error.limit = 1, limit.metric
        return error
    message = (
        f"rate limit exceeded: the {subject} has {quota.remaining} of {limit.amount} {limit.metric} "
        f"per {limit.window} left and this call may need {amount}"
    )
    error = RateLimitExceeded(message, f"{reset_hint}; show the limits: vong gateway limits list")
    error.limit = limit.metric
    error.retry_after = max(1, int((reset - now()).total_seconds()) + 1) if reset else None
    return error
