"""Budget of a run: reserved before each model call, and settled with what the call consumed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from vong.errors import BudgetExceeded, PriceUnknown
from vong.pipelines.services import RunScope

MICRO = 1_000_000


@dataclass(slots=True)
class CallBudget:
    """Consumption of one call, set before the end of the reservation."""

    cost: int = 0
    tokens: int = 0


@asynccontextmanager
async def reserve_budget(
    run: RunScope, parent: UUID, max_cost: int | None, max_tokens: int
) -> AsyncGenerator[CallBudget]:
    """Reserve the most that a call may consume, and count what it consumed. `max_cost` is None for an unknown price.

    The reservation is stored before the call, so that a call counts that a crash of the server interrupts.

    Raises: BudgetExceeded if too little is left; PriceUnknown if the run has a budget of money and the price is
    unknown. Both end the run.
    """
    usage, limits = run.usage, run.limits
    cost = max_cost or 0
    try:
        _check(run, max_cost, max_tokens)
    except (BudgetExceeded, PriceUnknown) as error:
        error.__dict__["ends_run"] = True
        raise
    has_limit = limits.cost_usd is not None or limits.tokens is not None
    if has_limit:
        usage.reserved_cost += cost
        usage.reserved_tokens += max_tokens
    consumed = CallBudget()
    try:
        if has_limit and parent in run.reservations:
            await run.reservations[parent](cost, max_tokens)
        yield consumed
    finally:
        if has_limit:
            usage.reserved_cost -= cost
            usage.reserved_tokens -= max_tokens
        usage.cost += consumed.cost
        usage.tokens += consumed.tokens
        before = usage.by_span.get(parent, (0, 0))
        usage.by_span[parent] = (before[0] + consumed.cost, before[1] + consumed.tokens)


def _check(run: RunScope, max_cost: int | None, max_tokens: int) -> None:
    usage, limits = run.usage, run.limits
    if limits.cost_usd is not None:
        if max_cost is None:
            message = "the price of the model is unknown, and the run has a budget of money"
            raise PriceUnknown(message, "set a price (vong gateway prices), or remove limits.cost_usd")
        left = round(limits.cost_usd * MICRO) - usage.cost - usage.reserved_cost
        if max_cost > left:
            message = (
                f"budget of the run exceeded: ${max(left, 0) / MICRO:.6f} of ${limits.cost_usd:.6f} is left and this "
                f"call may cost up to ${max_cost / MICRO:.6f}"
            )
            raise BudgetExceeded(message, "lower max_tokens of the step, or raise limits.cost_usd of the run")
    if limits.tokens is not None:
        left = limits.tokens - usage.tokens - usage.reserved_tokens
        if max_tokens > left:
            message = (
                f"budget of the run exceeded: {max(left, 0)} of {limits.tokens} tokens are left and this call may use "
                f"up to {max_tokens}"
            )
            raise BudgetExceeded(message, "lower max_tokens of the step, or raise limits.tokens of the run")
